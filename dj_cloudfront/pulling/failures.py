"""What AWS or the way to it refuses, as one sentence without accounts, ARNs and keys."""

from __future__ import annotations

import re

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_UNKNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"}
_UNSIGNED = {
    "IncompleteSignature",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
}

_PRIVATE = re.compile(r"arn:\S+|\d{12}|\bA[A-Z]{3}[A-Z0-9]{12,}\b")
_LONGEST = 200


def refusal(code: str, message: str, *, stack: str, region: str) -> str:
    """A sentence for an error that CloudFormation answered."""
    if code in _EXPIRED:
        return (
            "the AWS credentials must still be valid, but have expired: sign in again, such "
            "as with 'aws sso login'"
        )
    if code in _UNKNOWN:
        return (
            "the AWS credentials must be those of a user or role that exists, but AWS does "
            "not know them: look at --profile, AWS_PROFILE and AWS_ACCESS_KEY_ID"
        )
    if code in _UNSIGNED:
        return (
            "the AWS credentials must be whole, but AWS refuses the signature: look at the "
            "secret key, the session token and this machine's clock"
        )
    if code in _DENIED:
        return (
            f"the AWS credentials must allow cloudformation:DescribeStacks on {stack!r} in "
            f"{region}, but AWS denies it: look at the account and at the policies"
        )
    return f"CloudFormation in {region} must answer, but says {code}: {plain(message)}"


def obstacle(error: Exception, *, region: str) -> str:
    """A sentence for what botocore met before there was an answer."""
    from botocore import exceptions

    match error:
        case exceptions.NoCredentialsError():
            return (
                "AWS credentials must be given, such as by --profile, AWS_ACCESS_KEY_ID or "
                "the machine's role, got none"
            )
        case exceptions.PartialCredentialsError():
            return (
                "AWS credentials must be complete, such as AWS_ACCESS_KEY_ID with "
                "AWS_SECRET_ACCESS_KEY, got a part of them"
            )
        case (
            exceptions.SSOError()
            | exceptions.TokenRetrievalError()
            | exceptions.CredentialRetrievalError()
        ):
            return (
                "AWS credentials must be given, but their source gives none "
                f"({type(error).__name__}): sign in again, such as with 'aws sso login'"
            )
        case exceptions.ProfileNotFound():
            return (
                "--profile or AWS_PROFILE must be one of those in the AWS configuration, such "
                f"as 'default': {plain(str(error))}"
            )
        case exceptions.InvalidRegionError():
            return f"--region must be a region such as 'us-east-1', got {region!r}"
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return (
                f"CloudFormation in {region} must be within reach, but gives no answer "
                f"({type(error).__name__}): look at --region, the network and "
                "AWS_ENDPOINT_URL"
            )
    return f"AWS must be asked, but cannot be ({type(error).__name__}): {plain(str(error))}"


def plain(text: str) -> str:
    """A foreign text on one line, cut short, without what identifies an account."""
    return _PRIVATE.sub("…", " ".join(text.split()))[:_LONGEST]
