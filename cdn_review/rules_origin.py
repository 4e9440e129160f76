"""What a change of an origin means: where files come from, and what keeps it closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_model.distribution import Behavior
from cdn_model.values import Json, text
from cdn_review.change import BlockReason, Tag, Topic
from cdn_review.leaves import Hidden, Leaf, Leaves, origin_of
from cdn_review.message import format_message
from cdn_review.rules import (
    Difference,
    Line,
    Rule,
    Rules,
    duration,
    header,
    known,
    listed,
    shown,
)
from dj_cloudfront.contract import TREE_HEADER

_KEPT = "files that are cached stay until they expire"
_OPENS_SERVER = "the server can no longer tell its own distributions from others"
# From open to closed: who on the way can read and change what the origin sends.
_PROTOCOLS = ("http-only", "match-viewer", "https-only")
_VIEWER_HTTPS = ("https-only", "redirect-to-https")


def origin_lines(was: Behavior, now: Behavior) -> Iterator[Line]:
    """The origins of one path: the first, then those that are asked when it fails."""
    old, new = _leaves(was), _leaves(now)
    pairs = _pairs(old, new)
    for position, origin in enumerate(new):
        which = "second " if position else ""
        if position in pairs:
            yield from _compare(old[pairs[position]], origin, which)
        else:
            yield from _added(now, origin, position, old)
    for position, before in enumerate(old):
        if position not in pairs.values():
            yield Line(
                topic=Topic.ORIGIN,
                message=format_message("{} is no longer asked", _named(before)),
            )
    moved = [pairs[position] for position in sorted(pairs)]
    if moved != sorted(moved):
        names = [shown(leaves.get("DomainName")) for leaves in new[:1]]
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                "the origins are asked in another order: {} first", *names
            ),
        )


def _leaves(behavior: Behavior) -> list[Leaves]:
    origins: Sequence[Json] = behavior.config.get("Origins", ())
    viewer = text(behavior.config.get("ViewerProtocolPolicy"))
    return [{**origin_of(origin), "@viewer": viewer} for origin in origins]


def _pairs(old: Sequence[Leaves], new: Sequence[Leaves]) -> dict[int, int]:
    """Each origin with what it was: that of the same name, else that of the same place.

    A server behind a bucket that is new is no new server.
    """
    left = list(range(len(old)))
    pairs: dict[int, int] = {}
    for keys in (("DomainName", "OriginPath"), ("DomainName",)):
        for position, after in enumerate(new):
            same = [n for n in left if all(old[n].get(k) == after.get(k) for k in keys)]
            if same and position not in pairs:
                pairs[position] = same[0]
                left.remove(same[0])
    missing = [position for position in range(len(new)) if position not in pairs]
    for position, before in zip(missing, list(left), strict=False):
        kinds = [leaves["Kind"] == "bucket" for leaves in (old[before], new[position])]
        if kinds[0] == kinds[1] or len(left) == len(missing):
            pairs[position] = before
    return pairs


def _added(
    now: Behavior, origin: Leaves, position: int, old: Sequence[Leaves]
) -> Iterator[Line]:
    """A new origin has to be as closed as the server beside it."""
    name, kind = _named(origin), str(origin["Kind"])
    if position:
        criteria = now.config.get("OriginGroup", {}).get("FailoverCriteria", {})
        codes = criteria.get("StatusCodes", []) if isinstance(criteria, dict) else []
        message = format_message(
            "{} is asked when the first origin answers {}",
            name,
            listed(map(text, codes)),
        )
    else:
        message = format_message("{} is asked first", name)
    yield Line(
        topic=Topic.ORIGIN,
        message=message,
        note="one more request for each file that only the second origin has",
    )
    servers = [leaves for leaves in old if leaves["Kind"] != "bucket"]
    if servers and kind != "bucket":
        found = _compare(servers[0], origin, "second " if position else "")
        yield from (line for line in found if line.block)


def _named(origin: Leaves) -> object:
    """``the server 'www.example.com'``, or the role of a bucket of the stack."""
    name = shown(origin.get("DomainName"))
    literal = isinstance(origin.get("DomainName"), str)
    return format_message(f"the {origin['Kind']} {{}}", name) if literal else name


def _compare(was: Leaves, now: Leaves, which: str) -> Iterator[Line]:
    kinds = str(was["Kind"]), str(now["Kind"])
    if kinds[0] != kinds[1] and "bucket" in kinds:
        # A bucket has neither a tree nor a folder of a server: nothing else compares.
        protocol = known(now.get("OriginProtocolPolicy"))
        plain = kinds[1] == "server" and protocol != "https-only"
        opens = kinds[0] == "VPC origin" or plain
        yield Line(
            topic=Topic.ORIGIN,
            message=format_message(
                f"the {which}origin is a {kinds[1]}, {{}}, instead of a {kinds[0]}, {{}}",
                shown(now.get("DomainName")),
                shown(was.get("DomainName")),
            ),
            note="others can read and change what it answers" if plain else _KEPT,
            block=BlockReason.ORIGIN_OPENED if opens else None,
            values=("Kind", *kinds, was.get("DomainName"), now.get("DomainName")),
        )
        return
    yield from ORIGIN_RULES.lines(was, now, which)


def _folder_note(difference: Difference) -> str:
    return "other files of the server can be reached" if _outside(difference) else _KEPT


def _outside(difference: Difference) -> BlockReason | None:
    """Only a folder inside the one that could be reached opens nothing."""
    before, after = known(difference.before) or "", known(difference.after)
    folder = str(before).rstrip("/")
    inside = after is not None and str(after).startswith(f"{folder}/")
    return (
        None
        if inside and folder != str(after).rstrip("/")
        else BlockReason.ORIGIN_OPENED
    )


def _folder(value: Leaf) -> object:
    return "/" if value == "" else shown(value)


def _kind(difference: Difference) -> Iterator[Line]:
    opens = difference.before == "VPC origin"
    yield Line(
        topic=Topic.ORIGIN,
        message=format_message(
            f"the {difference.which}origin is a {difference.after} instead of a "
            f"{difference.before}"
        ),
        note="it has to be on the internet" if opens else "",
        block=BlockReason.ORIGIN_OPENED if opens else None,
        values=(difference.path, difference.before, difference.after),
    )


def _less_safe(difference: Difference) -> BlockReason | None:
    before, after = _effective(difference, "was"), _effective(difference, "now")
    if before is None:
        return None
    if after is None or _PROTOCOLS.index(after) < _PROTOCOLS.index(before):
        return BlockReason.ORIGIN_OPENED
    return None


def _effective(difference: Difference, side: str) -> str | None:
    """A server that matches viewers is asked by HTTPS alone where viewers use HTTPS alone."""
    was = side == "was"
    leaves = difference.was if was else difference.now
    protocol = known(difference.before if was else difference.after)
    if protocol == "match-viewer" and leaves.get("@viewer") in _VIEWER_HTTPS:
        return "https-only"
    return str(protocol) if protocol in _PROTOCOLS else None


def _older_tls(difference: Difference) -> BlockReason | None:
    """Nothing said is what CloudFront takes by itself, which has old versions among it."""
    weaker = difference.removed or (not difference.added and difference.gained)
    return BlockReason.PROTECTION_DROPPED if weaker else None


def _signing(difference: Difference) -> BlockReason | None:
    """Another value, or one that nobody knows yet, can end the signing of requests."""
    return None if difference.added else BlockReason.ORIGIN_OPENED


def _signed_otherwise(difference: Difference) -> bool:
    """An origin access control that takes over from an origin access identity."""
    return difference.path == "OriginAccessIdentity" and "Signed" in difference.now


def _access_control(difference: Difference) -> BlockReason | None:
    before, after = known(difference.before), known(difference.after)
    if _signed_otherwise(difference):
        return None
    if difference.path.endswith("SigningBehavior"):
        ranks = {"never": 0, "no-override": 1, "always": 2}
        weaker = ranks.get(str(after), -1) < ranks.get(str(before), 0)
        return BlockReason.ORIGIN_OPENED if weaker and not difference.added else None
    if difference.path.endswith("OriginType"):
        for_bucket = difference.now.get("Kind") == "bucket" and after == "s3"
        return None if for_bucket else _signing(difference)
    return _signing(difference)


def _header(difference: Difference) -> Iterator[Line]:
    """The headers by which a server knows who asks, and for which tree."""
    before, after = difference.before, difference.after
    how = (
        "is sent"
        if difference.added
        else "is no longer sent"
        if difference.removed
        else "is sent with another value"
    )
    opens = _opens(difference)
    yield Line(
        topic=Topic.ORIGIN,
        message=format_message(
            f"the header {{}} {how} to the {difference.which}origin",
            header(difference.key),
        ),
        note=_header_note(difference, opens),
        block=BlockReason.ORIGIN_OPENED if opens else None,
        values=(difference.path, before, after),
    )


def _opens(difference: Difference) -> bool:
    """A reference to a secret, or the only header, can be what the server lets in."""
    if difference.added or not isinstance(difference.before, Hidden):
        return False
    tree = TREE_HEADER.lower()
    if difference.key == tree:
        return True
    if difference.removed:
        others = {p for p in difference.now if p.startswith("Header[")} - {
            f"Header[{tree}]"
        }
        return difference.before.computed or not others
    # Another version of a secret is what a rotation looks like.
    after = difference.after
    lost_reference = isinstance(after, Hidden) and not after.computed
    return difference.before.computed and lost_reference


def _header_note(difference: Difference, opens: bool) -> str:
    if difference.key == TREE_HEADER.lower() and opens:
        return "the server decides by it which folder may answer"
    if opens:
        return _OPENS_SERVER
    if isinstance(difference.after, Hidden) and difference.after.computed:
        return "the server has to accept this value before the deploy"
    return ""


ORIGIN_RULES = Rules(
    (
        Rule(
            path="DomainName",
            topic=Topic.ORIGIN,
            message="files come from the {which}origin {after} instead of {before}",
            note=_KEPT,
        ),
        Rule(
            path="OriginPath",
            topic=Topic.ORIGIN,
            message="files come from the folder {after} of the {which}origin instead of {before}",
            show=_folder,
            absent="/",
            note=_folder_note,
            block=_outside,
        ),
        Rule(
            path="Kind",
            topic=Topic.ORIGIN,
            lines=_kind,
            hides=r"HTTPS?Port|IpAddressType|OriginSslProtocols|OriginProtocolPolicy|VpcOriginId",
            hides_when=lambda d: True,
        ),
        Rule(
            path=r"OriginProtocolPolicy",
            topic=Topic.ORIGIN,
            message="the {which}origin is asked by {after} instead of {before}",
            note=lambda d: (
                "others can read and change what it answers" if _less_safe(d) else ""
            ),
            block=_less_safe,
        ),
        Rule(
            path=r"OriginSslProtocols",
            topic=Topic.SECURITY,
            message="the {which}origin is asked with {after} instead of {before}",
            absent="any TLS version",
            block=_older_tls,
        ),
        Rule(
            path="Signed",
            topic=Topic.ORIGIN,
            added="requests to the {which}origin are signed by an origin access control",
            removed="requests to the {which}origin are no longer signed: it loses its origin "
            "access control",
            note=lambda d: (
                "it answers only if it is open to everybody" if d.removed else ""
            ),
            block=lambda d: BlockReason.ORIGIN_OPENED if d.removed else None,
            hides=r"OriginAccessControl\..*",
        ),
        Rule(
            path=r"OriginAccessControl\.(?:Id|SigningBehavior|SigningProtocol|OriginAccessControlOriginType)"
            r"|OriginAccessIdentity",
            topic=Topic.ORIGIN,
            message="how requests to the {which}origin are signed changes: {path} is {after} "
            "instead of {before}",
            note=lambda d: (
                "it answers only if it is open to everybody"
                if d.removed and not _signed_otherwise(d)
                else ""
            ),
            block=_access_control,
        ),
        Rule(
            path=r"OriginMtlsConfig\.ClientCertificateArn",
            topic=Topic.ORIGIN,
            message="the {which}origin sees the client certificate {after} instead of {before}",
            absent="none",
            block=lambda d: BlockReason.ORIGIN_OPENED if d.removed else None,
        ),
        Rule(
            path=r"VpcOriginId",
            topic=Topic.ORIGIN,
            message="the {which}origin is {after} in the VPC instead of {before}",
            note=_KEPT,
        ),
        Rule(path=r"Header\[([^\]]*)\]", topic=Topic.ORIGIN, lines=_header),
        Rule(
            path="OriginShield",
            topic=Topic.ORIGIN,
            message="Origin Shield of the {which}origin is {after} instead of {before}",
            absent="off",
            note=lambda d: (
                "charged for each request that reaches it" if d.added else ""
            ),
            tags=lambda d: (Tag.COST,) if d.added else (),
        ),
        Rule(
            path=r"HTTPS?Port",
            topic=Topic.ORIGIN,
            message="the {which}origin has {path} {after} instead of {before}",
        ),
        Rule(
            path=r"IpAddressType",
            topic=Topic.ORIGIN,
            message="the {which}origin is reached over {after} instead of {before}",
        ),
        Rule(
            path=r"OriginReadTimeout",
            topic=Topic.ORIGIN,
            message="CloudFront waits {after} for a response of the {which}origin instead of {before}",
            show=duration,
            absent="the default time",
        ),
        Rule(
            path=r"OriginKeepaliveTimeout",
            topic=Topic.ORIGIN,
            message="idle connections to the {which}origin stay open for {after} instead of {before}",
            show=duration,
            absent="the default time",
        ),
        Rule(
            path="ConnectionTimeout",
            topic=Topic.ORIGIN,
            message="CloudFront waits {after} for a connection to the {which}origin instead of {before}",
            show=duration,
            absent="the default time",
        ),
        Rule(
            path="ResponseCompletionTimeout",
            topic=Topic.ORIGIN,
            message="a whole response of the {which}origin may take {after} instead of {before}",
            show=duration,
            absent="no limit",
        ),
        Rule(
            path="ConnectionAttempts",
            topic=Topic.ORIGIN,
            message="attempts to connect to the {which}origin: {after} instead of {before}",
        ),
    ),
    fallback=Rule(
        path=".*",
        topic=Topic.ORIGIN,
        message="the setting {path} of the {which}origin is {after} instead of {before}",
    ),
)
