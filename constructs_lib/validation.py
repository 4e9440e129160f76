"""Rules on plain values, in the words of the caller. They run in microseconds."""

from __future__ import annotations

import difflib
import inspect
import ipaddress
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING

from cdn_model.quotas import GLOBAL_REGION

if TYPE_CHECKING:
    from aws_cdk.aws_route53 import IHostedZone

_TOKEN = re.compile(r"[$#]\{Token\[[^\]]*\.[0-9]+\]\}")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)+{_LABEL}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FOLDER = re.compile(r"[A-Za-z0-9_.=@+-]+(/[A-Za-z0-9_.=@+-]+)*")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
HEADER_VALUE = re.compile(r"[!-~]([ -~]{0,1781}[!-~])?")
_OTHER_PARTITION = re.compile(r"(cn|us-gov|us-iso[a-z]?|eu-isoe|eusc)-.+")
# A whole host name fits.
_LONGEST_SHOWN = 300


def truncated_repr(value: object, *, longest: int = _LONGEST_SHOWN) -> str:
    """A value for a sentence: on one line, cut when it is long, and no private key."""
    if isinstance(value, float) and is_token(value):
        return "a token"
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        # Nested too deep, or a number of more digits than Python prints.
        return f"a value of type {type(value).__name__}"
    if "PRIVATE KEY" in text:
        return "what may be a private key"
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… of {len(text)} characters"


def is_token(value: object) -> bool:
    """Whether a text, a list or a number stands for a value that only a deploy knows.

    Read from the value itself, as the CDK marks it: asking node costs five milliseconds.
    https://docs.aws.amazon.com/cdk/v2/guide/tokens.html
    """
    if isinstance(value, str):
        return _TOKEN.search(value) is not None
    if isinstance(value, list | tuple):
        return any(
            isinstance(item, str) and item.startswith("#{Token[") for item in value
        )
    # The CDK encodes numbers as doubles around -1.9e289.
    return isinstance(value, float) and value < -1e288


@dataclass(frozen=True)
class Kind:
    """What an argument takes, for people and for :meth:`check`.

    :param accepts: Its types, or the attribute by which a construct is known, so that no
        service is imported for it.
    """

    accepts: tuple[type, ...] | str
    noun: str
    example: str

    def fits(self, value: object) -> bool:
        if isinstance(self.accepts, str):
            return hasattr(value, self.accepts)
        # A token has the type of what it stands for, but that of a whole number is a float.
        if isinstance(value, float) and is_token(value):
            return int in self.accepts
        # A bool is an int, and no number of seconds.
        is_odd = isinstance(value, bool) and bool not in self.accepts
        return isinstance(value, self.accepts) and not is_odd

    def check(self, name: str, value: object) -> None:
        """A value of the kind.

        :raises ValueError: otherwise.
        """
        if not self.fits(value):
            raise ValueError(
                f"{name} must be {self.noun} such as {self.example}, "
                f"got {truncated_repr(value)}"
            )


_DISTRIBUTION = Kind("distribution_id", "a distribution", "cdn.static.distribution")
_TEXTS = Kind((list, tuple), "a list", "['a', 'b']")
_KINDS = {
    "str": Kind((str,), "a string", "'www.example.com'"),
    "int": Kind((int,), "a whole number", "5"),
    "float": Kind((int, float), "a number", "0.5"),
    "bool": Kind((bool,), "True or False,", "False"),
    "timedelta": Kind((timedelta,), "a datetime.timedelta", "timedelta(seconds=5)"),
    "Mapping": Kind((Mapping,), "a dict", "{'name': 'value'}"),
    "Sequence": _TEXTS,
    "tuple": _TEXTS,
    "IBucket": Kind("bucket_arn", "a bucket", "s3.Bucket.from_bucket_name(…)"),
    "ICachePolicy": Kind(
        "cache_policy_id", "a cache policy", "CachePolicy.CACHING_OPTIMIZED"
    ),
    "IOriginRequestPolicy": Kind(
        "origin_request_policy_id",
        "an origin request policy",
        "OriginRequestPolicy.USER_AGENT_REFERER_HEADERS",
    ),
    "IResponseHeadersPolicy": Kind(
        "response_headers_policy_id",
        "a response headers policy",
        "ResponseHeadersPolicy.SECURITY_HEADERS",
    ),
    "IHostedZone": Kind(
        "hosted_zone_id", "a hosted zone", "HostedZone.from_hosted_zone_attributes(…)"
    ),
    "IGrantable": Kind("grant_principal", "a role or a user", "iam.Role(…)"),
    "ITopic": Kind("topic_arn", "a topic", "sns.Topic.from_topic_arn(…)"),
    "ILoadBalancerV2": Kind(
        "load_balancer_dns_name", "a load balancer", "ApplicationLoadBalancer(…)"
    ),
    "IVpcOrigin": Kind("vpc_origin_id", "a VPC origin", "VpcOrigin(…)"),
    "VpcOriginEndpoint": Kind(
        "endpoint_arn", "an endpoint", "VpcOriginEndpoint.ec2_instance(…)"
    ),
}


def check_types(
    owner: Callable[..., object], values: Mapping[str, object], prefix: str = ""
) -> None:
    """Values of the types that a class or a function is annotated with.

    :param prefix: What stands before the names in a sentence, such as ``headers.``.
    :raises ValueError: otherwise, with a sentence that names the argument.
    """
    module = sys.modules[owner.__module__]
    annotations = inspect.get_annotations(owner)
    for name in [name for name in annotations if name in values]:
        value = values[name]
        kinds = [_kind(each, module) for each in str(annotations[name]).split(" | ")]
        if value is None and None in kinds:
            continue
        first, *others = filter(None, kinds)
        if not any(kind.fits(value) for kind in others):
            first.check(f"{prefix}{name}", value)


def _kind(annotation: str, module: ModuleType) -> Kind | None:
    name = annotation.partition("[")[0].rpartition(".")[2]
    if name == "None":
        return None
    if name in _KINDS:
        return _KINDS[name]
    own = getattr(module, name)
    return Kind((own,), f"of type {name},", f"{name}(…)")


def check_host_name(what: str, value: object) -> None:
    """A name in DNS: no scheme, port, path or address, and in lower case.

    CloudFront refuses an IP address as origin and any capital letter in an alias:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html

    :raises ValueError: otherwise.
    """
    if isinstance(value, str) and _HOST.fullmatch(value) and not _is_address(value):
        return
    raise ValueError(
        f"{what} must be a bare host name such as 'www.example.com', got {truncated_repr(value)}"
        + _host_name_cure(value)
    )


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return value.rsplit(".", 1)[-1].isdigit()
    return True


def _host_name_cure(value: object) -> str:
    if not isinstance(value, str):
        return ""
    if "://" in value:
        return ": leave out the scheme"
    if "/" in value:
        return ": leave out the path"
    if re.fullmatch(r"[^:]+:\d+", value):
        return ": leave out the port"
    if _is_address(value.strip("[]")):
        return ": CloudFront accepts no IP address, so give it a name in DNS"
    if value != value.lower():
        return ": write it in lower case"
    return ""


def zone_name(what: str, zone: IHostedZone) -> str:
    """The name of a hosted zone, without the final dot.

    :raises ValueError: when the zone is known by its id alone.
    """
    try:
        return zone.zone_name.rstrip(".")
    except RuntimeError:
        raise ValueError(
            f"{what} must be a hosted zone with its name, such as "
            "HostedZone.from_hosted_zone_attributes(self, 'Zone', hosted_zone_id='Z0123456789', "
            f"zone_name='example.com'), got {zone.hosted_zone_id!r} without a name"
        ) from None


def check_region_name(what: str, region: str) -> None:
    """A region that exists, so that a misspelt one does not wait for the deploy.

    A region that is newer than the installed ``aws-cdk-lib`` needs a newer one.

    :raises ValueError: otherwise. Tokens pass.
    """
    from aws_cdk import region_info

    check_partition(what, region)
    known = () if is_token(region) else region_info.Fact.regions
    if not known or region in known:
        return
    raise ValueError(
        f"{what} must be an AWS region that aws-cdk-lib knows, such as 'us-east-1'"
        f"{did_you_mean(region, known)}"
    )


def check_partition(what: str, region: str) -> None:
    """A region of the partition in which CloudFront's certificates and policies are.

    China has a CloudFront of its own with other rules, GovCloud, the isolated regions and the
    European Sovereign Cloud have none for templates:
    https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html

    :raises ValueError: otherwise. Tokens pass.
    """
    if is_token(region) or not _OTHER_PARTITION.fullmatch(region):
        return
    raise ValueError(
        f"{what} must be of AWS's commercial partition, such as 'us-east-1', because "
        "CloudFront in China, GovCloud, the isolated regions and the European Sovereign "
        f"Cloud is another service or none, got {region!r}"
    )


def check_account(what: str, arn: str, account: str) -> None:
    """An ARN of the stack's account, since CloudFront uses no other's.

    :raises ValueError: otherwise. Tokens pass.
    """
    if is_token(arn) or is_token(account) or f":{account}:" in arn:
        return
    raise ValueError(
        f"{what} must be of the stack's account, such as {account!r}, "
        f"got {truncated_repr(arn)}"
    )


def check_global_region(what: str, region: str) -> None:
    """Refuse another region than CloudFront's own. Tokens pass.

    :raises ValueError: otherwise, since nothing would ever arrive there.
    """
    if is_token(region) or region == GLOBAL_REGION:
        return
    raise ValueError(
        f"{what} must be in a stack in {GLOBAL_REGION!r}, because CloudFront's metrics and "
        f"log deliveries are only there, got {region!r}"
    )


def check_bucket_name(what: str, name: str) -> None:
    """The name of an S3 bucket.

    :raises ValueError: otherwise. Tokens pass.
    """
    is_name = _BUCKET.fullmatch(name) and ".." not in name and not _is_address(name)
    if is_token(name) or is_name and not name.endswith(".amazonaws.com"):
        return
    cure = ": leave out the rest" if name.endswith(".amazonaws.com") else ""
    raise ValueError(
        f"{what} must be the name of a bucket, such as 'mysite-audit-logs', "
        f"got {truncated_repr(name)}{cure}"
    )


def check_folder(what: str, folder: str, *, like: str) -> None:
    """A folder in a bucket; never empty.

    :raises ValueError: otherwise. Tokens pass.
    """
    if is_token(folder) or _FOLDER.fullmatch(folder):
        return
    raise ValueError(
        f"{what} must be a folder without a slash at either end, such as {like!r}, "
        f"got {truncated_repr(folder)}"
    )


def check_seconds(
    what: str, value: timedelta, *, low: int, high: int | None = None
) -> None:
    """A whole number of seconds within bounds.

    :raises ValueError: otherwise.
    """
    if not isinstance(value, timedelta):
        raise ValueError(
            f"{what} must be a datetime.timedelta, such as "
            f"timedelta(seconds={max(low, 5)}), got {truncated_repr(value)}"
        )
    seconds = value.total_seconds()
    if seconds == int(seconds) and low <= seconds and (high is None or seconds <= high):
        return
    bounds = f"at least {low}" if high is None else f"from {low} to {high}"
    raise ValueError(
        f"{what} must be a whole number of seconds, {bounds}, "
        f"such as {max(low, 5)} seconds, got {seconds:g} seconds"
    )


def check_distinct(what: str, values: Iterable[str]) -> None:
    """No value twice.

    :raises ValueError: that names the first value given twice.
    """
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(
                f"{what} must be distinct, got {truncated_repr(value)} twice"
            )
        seen.add(value)


def check_roles(distributions: Mapping[str, object]) -> None:
    """Roles that can be construct ids, at least one.

    :raises ValueError: otherwise.
    """
    if not distributions:
        raise ValueError(
            "distributions must have at least one distribution, such as "
            '{"Static": cdn.static.distribution}, got {}'
        )
    for role, distribution in distributions.items():
        _DISTRIBUTION.check(f"distributions[{role!r}]", distribution)
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", str(role)):
            raise ValueError(
                "distributions must be named by roles in PascalCase, such as 'Static', "
                f"got {role!r}"
            )


def did_you_mean(value: str, known: Collection[str]) -> str:
    """``, got 'orgin': did you mean 'origin'?`` or less."""
    near = nearest(value, known)
    return f", got {truncated_repr(value)}{f': {near}' if near else ''}"


def nearest(value: str, known: Collection[str]) -> str:
    """``did you mean 'origin'?``, of all that are equally near, or nothing.

    A name that only lacks its end, such as ``ttl`` of ``ttl_seconds``, is the nearest.
    """
    near = [name for name in known if name.startswith(f"{value}_")]
    if not near:
        close = difflib.get_close_matches(value, known, n=3)
        best = max((_likeness(value, name) for name in close), default=0)
        near = [name for name in close if _likeness(value, name) == best]
    names = " or ".join(map(repr, sorted(near)))
    return f"did you mean {names}?" if near else ""


def _likeness(value: str, name: str) -> float:
    return difflib.SequenceMatcher(a=name, b=value).ratio()
