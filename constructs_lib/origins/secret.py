"""The header by which a server knows its own distributions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aws_cdk import Stack, Token
from constructs import Construct

from constructs_lib.checks import shown

SECRET_HEADER = "X-Origin-Secret"
"""The origin header whose value only the distributions and the server know."""

_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:(?P<region>[a-z0-9-]+):[0-9]{12}"
    r":secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}"
)
_VERSION = re.compile(r"[A-Za-z0-9-]{32,64}")


@dataclass(frozen=True, kw_only=True)
class OriginSecret:
    """One version of a secret in Secrets Manager. Its value never enters a template.

    CloudFormation does not read a secret again while the reference to it stays the same, so a
    new value needs a new ``version``, or ``cdk diff`` stays empty and the old value in use:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    ``docs/origin-secret.md`` has the steps of a rotation in which no request fails.

    Whoever may read the distribution (``cloudfront:GetDistributionConfig``) reads the value in
    plain text. The secret costs a monthly fee: https://aws.amazon.com/secrets-manager/pricing/

    :param arn: The whole ARN, with the six characters at its end, from the stack's region.
    :param version: The id of the version, such as ``put-secret-value`` prints it.
    :raises ValueError: when either has another shape. Tokens pass.
    """

    arn: str
    version: str

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.arn) and not _ARN.fullmatch(self.arn):
            raise ValueError(
                "origin_secret.arn must be the whole ARN of a secret, such as "
                "'arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite/origin-a1B2c3', "
                f"got {shown(self.arn)}"
            )
        if not Token.is_unresolved(self.version) and not _VERSION.fullmatch(
            self.version
        ):
            raise ValueError(
                "origin_secret.version must be the id of a version, of 32 to 64 characters, "
                "such as '3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11', "
                f"got {shown(self.version)}{_label_cure(self.version)}"
            )

    def render(self, scope: Construct) -> str:
        """What CloudFormation replaces by the value.

        :raises ValueError: when the secret is in another region than the stack, where
            CloudFormation does not look.
        """
        found = None if Token.is_unresolved(self.arn) else _ARN.fullmatch(self.arn)
        region = Stack.of(scope).region
        if found and not Token.is_unresolved(region) and found["region"] != region:
            raise ValueError(
                f"origin_secret.arn must be a secret in {region}, the stack's region, "
                f"got {shown(self.arn)}: replicate the secret to {region} or make it there"
            )
        return (
            f"{{{{resolve:secretsmanager:{self.arn}:SecretString:::{self.version}}}}}"
        )


def _label_cure(version: str) -> str:
    if version.startswith("AWS"):
        return (
            ": a label moves on while the template, and so the header, stays the same"
        )
    return ""
