"""One environment's stack: its distributions and the outputs that Django reads."""

from __future__ import annotations

from collections import Counter, defaultdict

import aws_cdk as cdk
from constructs import Construct

from cdn_model.quotas import PER_ACCOUNT
from constructs_lib import DjangoCdn
from constructs_lib.validation import is_token
from constructs_lib.vpc_origin import VpcOrigin
from dj_cloudfront.contract import Output
from stacks.acknowledgements import acknowledge
from stacks.distribution_config import define_options
from stacks.environment import Environment

_COUNTED = {
    "cache policies": "CachePolicy",
    "response headers policies": "ResponseHeadersPolicy",
    "VPC origins": "VpcOrigin",
    "public keys": "PublicKey",
    "key groups": "KeyGroup",
}


class CdnStack(cdk.Stack):
    """The CDN of one environment, in front of its Django server."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment
    ) -> None:
        """Define the stack.

        :param environment: What cdk.json says of this deployment. Its account and region are
            the stack's; neither is ever taken from the caller's shell.
        :raises ValueError: when CloudFront would refuse a value.
        """
        super().__init__(
            scope,
            construct_id,
            stack_name=environment.stack_name,
            env=cdk.Environment(account=environment.account, region=environment.region),
            termination_protection=environment.termination_protection,
        )
        static = define_options(self, "Static", environment.static)
        media = define_options(self, "Media", environment.media)
        self.static_bucket, self.media_bucket = (
            static.get("bucket"),
            media.get("bucket"),
        )
        self.cdn = DjangoCdn(
            self,
            "Cdn",
            origin=environment.origin,
            static=static,
            media=media,
            private=(
                None
                if environment.private is None
                else define_options(self, "Private", environment.private)
            ),
            **define_options(self, "", environment.shared),
        )
        if environment.monitoring:
            environment.monitoring.define(self, self.cdn)
        if environment.logs:
            environment.logs.define(self, self.cdn)
        if environment.retain:
            # One for the whole stack, outside of the construct.
            vpc_origins = [c for c in self.node.children if isinstance(c, VpcOrigin)]
            _retain(self.cdn, self.static_bucket, self.media_bucket, *vpc_origins)
        self._outputs(self.cdn)
        acknowledge(self, environment)

    def _outputs(self, cdn: DjangoCdn) -> None:
        static, media, private = cdn.static, cdn.media, cdn.private
        self._output(Output.STATIC_DOMAIN_NAME, static.domain_name)
        self._output(Output.STATIC_DISTRIBUTION_ID, static.distribution_id)
        self._output(Output.STATIC_DNS_TARGET, static.dns_target)
        self._output(Output.MEDIA_DOMAIN_NAME, media.domain_name)
        self._output(Output.MEDIA_DISTRIBUTION_ID, media.distribution_id)
        self._output(Output.MEDIA_DNS_TARGET, media.dns_target)
        signing = private.signing if private else media.signing
        if signing:
            self._output(Output.MEDIA_KEY_PAIR_ID, signing.key_pair_id)
            pairs = (f"{name}={key}" for name, key in signing.key_pair_ids.items())
            self._output(Output.MEDIA_KEY_PAIR_IDS, ",".join(pairs))
        if self.static_bucket:
            self._output(Output.STATIC_BUCKET_NAME, self.static_bucket.bucket_name)
        if self.media_bucket:
            self._output(Output.MEDIA_BUCKET_NAME, self.media_bucket.bucket_name)
        if private:
            self._output(Output.PRIVATE_DOMAIN_NAME, private.domain_name)
            self._output(Output.PRIVATE_DISTRIBUTION_ID, private.distribution_id)
            self._output(Output.PRIVATE_DNS_TARGET, private.dns_target)

    def _output(self, output: Output, value: str) -> None:
        cdk.CfnOutput(self, output.value, value=value)


def _retain(*parts: Construct | None) -> None:
    # No policy and no access control can go while a distribution that stays uses it.
    for part in filter(None, parts):
        for child in part.node.find_all():
            # A record without a distribution behind it invites others to take the name.
            if isinstance(child, cdk.CfnResource) and (
                child.cfn_resource_type != "AWS::Route53::RecordSet"
            ):
                child.apply_removal_policy(cdk.RemovalPolicy.RETAIN)


def note_quotas(app: cdk.App) -> None:
    """Tell of what the app takes most, against the quota, and how much of which account.

    One short line, on one stack, because it is read at every synth; a warning on each stack of
    an account for which the app has more. Nothing of other apps is counted, and the quota
    can be raised.
    """
    by_account: dict[str, list[cdk.Stack]] = defaultdict(list)
    for stack in app.node.children:
        if isinstance(stack, cdk.Stack):
            account = "" if is_token(stack.account) else stack.account
            by_account[account].append(stack)
    notes = []
    for account, stacks in by_account.items():
        share, sentence = _fullest(account, stacks)
        notes.append((share, sentence, stacks[0]))
        for stack in stacks if share > 1 else ():
            cdk.Annotations.of(stack).add_warning_v2(
                "dj-cloudfront:over-quota",
                f"{sentence}, over all environments: CloudFront refuses the rest unless the "
                "quota was raised",
            )
    share, sentence, stack = max(notes, default=(0, "", app), key=lambda note: note[0])
    if 0 < share <= 1:
        cdk.Annotations.of(stack).add_info_v2("dj-cloudfront:quotas", sentence)


def _fullest(account: str, stacks: list[cdk.Stack]) -> tuple[float, str]:
    """What the stacks of an account have most of, as a share of its quota."""
    found = Counter(
        child.cfn_resource_type.removeprefix("AWS::CloudFront::")
        for stack in stacks
        for child in stack.node.find_all()
        if isinstance(child, cdk.CfnResource)
    )
    whose = f"account {account}" if account else "its account"
    counts = [
        (
            found[kind] / PER_ACCOUNT[kind],
            f"{found[kind]} of {PER_ACCOUNT[kind]} {noun} of {whose}",
        )
        for noun, kind in _COUNTED.items()
    ]
    return max(counts, key=lambda count: count[0])
