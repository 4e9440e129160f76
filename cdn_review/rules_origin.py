"""What a change of an origin means: where files come from, and what keeps it closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cdn_model.values import Json, mapping, text
from cdn_review.change import BlockReason, Change, Tag, Topic, Trusted, format_message
from cdn_review.leaves import Hidden, Leaf, Leaves, origin_of
from cdn_review.rules import Difference, Rule, say, table
from cdn_review.shown import duration, known, listed, shown
from dj_cloudfront.contract import TREE_HEADER

_KEPT = "files that are cached stay until they expire"
_CAN_READ = "others can read and change what it answers"
_OPENED = BlockReason.ORIGIN_OPENED
_TREE = TREE_HEADER.lower()
# From open to closed: who on the way can read and change what the origin sends.
_PROTOCOLS = ("http-only", "match-viewer", "https-only")
_SIGNING = ("never", "no-override", "always")
_SETTING = "the setting {path} of the {which}origin is …"
_VIEWER_HTTPS = ("https-only", "redirect-to-https")


def origin_lines(was: Json, now: Json) -> Iterator[Change]:
    """The origins of a behavior: the first, then those that are asked when it fails."""
    old, new = _leaves(was), _leaves(now)
    pairs = _pairs(old, new)
    for position, origin in enumerate(new):
        which = "second " if position else ""
        if position in pairs:
            yield from _compare(old[pairs[position]], origin, which)
        else:
            yield from _added(now, origin, which, old)
    for position, before in enumerate(old):
        if position not in pairs.values():
            yield say(Topic.ORIGIN, "{} is no longer asked", _named(before))
    moved = [pairs[position] for position in sorted(pairs)]
    if moved != sorted(moved):
        first = shown(new[0].get("DomainName"))
        text = "the origins are asked in another order: {} first"
        yield say(Topic.ORIGIN, text, first)


def _leaves(behavior: Json) -> list[Leaves]:
    origins: Sequence[Json] = behavior.get("Origins", ())
    viewer = text(behavior.get("ViewerProtocolPolicy"))
    return [{**origin_of(origin), "@viewer": viewer} for origin in origins]


def _pairs(old: Sequence[Leaves], new: Sequence[Leaves]) -> dict[int, int]:
    """Each origin with what it was: that of the same name, else that of the same place.

    A server behind a bucket that is new is no new server.
    """
    pairs: dict[int, int] = {}
    for keys in (("DomainName", "OriginPath"), ("DomainName",), ("Kind",), ()):
        for position, after in enumerate(new):
            left = (n for n in range(len(old)) if n not in pairs.values())
            same = [n for n in left if all(old[n].get(k) == after.get(k) for k in keys)]
            # Of a bucket and a server, the one that is alone is new.
            if same and position not in pairs and (keys or len(old) == len(new)):
                pairs[position] = same[0]
    return pairs


def _added(
    now: Json, origin: Leaves, which: str, old: Sequence[Leaves]
) -> Iterator[Change]:
    """A new origin has to be as closed as the server beside it."""
    message, values = "{} is asked first", [_named(origin)]
    if which:
        criteria = mapping(now.get("OriginGroup", {}).get("FailoverCriteria"))
        message = "{} is asked after the responses {} of the first origin"
        values.append(listed(map(text, criteria.get("StatusCodes", []))))
    note = "one more request for each file that only the second origin has"
    yield say(Topic.ORIGIN, message, *values, note=note)
    servers = [leaves for leaves in old if leaves["Kind"] != "bucket"]
    if servers and origin["Kind"] != "bucket":
        found = _compare(servers[0], origin, which)
        yield from (line for line in found if line.block)


def _named(origin: Leaves) -> object:
    """``the server 'www.example.com'``, or the role of a bucket of the stack."""
    name, kind = shown(origin.get("DomainName")), origin["Kind"]
    if isinstance(name, tuple):
        return format_message(f"the {kind} named by {{}}", name)
    is_role = isinstance(name, Trusted)
    return name if is_role else format_message(f"the {kind} {{}}", name)


def _compare(was: Leaves, now: Leaves, which: str) -> Iterator[Change]:
    kinds = str(was["Kind"]), str(now["Kind"])
    if kinds[0] == kinds[1] or "bucket" not in kinds:
        yield from ORIGIN_RULES.lines(was, now, which)
        return
    # A bucket has neither a tree nor a folder of a server: nothing else compares.
    protocol = known(now.get("OriginProtocolPolicy"))
    plain = kinds[1] == "server" and protocol != "https-only"
    names = was.get("DomainName"), now.get("DomainName")
    named = format_message("{}", _named(was)), format_message("{}", _named(now))
    if named[0] == named[1]:
        named = ((f"a {kinds[0]}",), (f"a {kinds[1]}",))
    yield say(
        Topic.ORIGIN,
        f"the {which}origin is {{}} instead of {{}}",
        *reversed(named),
        note=_CAN_READ if plain else _KEPT,
        block=_OPENED if plain or kinds[0] == "VPC origin" else None,
        of=("Kind", *kinds, *names),
    )


def _outside(d: Difference) -> bool:
    """Only a folder inside the one that could be reached opens nothing."""
    folder, after = str(known(d.before) or "").rstrip("/"), str(known(d.after) or "")
    return not after.startswith(f"{folder}/") or folder == after.rstrip("/")


def _less_safe(d: Difference) -> bool:
    before, after = _effective(d.before, d.was), _effective(d.after, d.now)
    if before is None:
        return False
    return after is None or _PROTOCOLS.index(after) < _PROTOCOLS.index(before)


def _effective(value: Leaf, leaves: Leaves) -> str | None:
    """A server that matches viewers is asked by HTTPS alone where viewers use HTTPS alone."""
    protocol = known(value)
    if protocol == "match-viewer" and leaves.get("@viewer") in _VIEWER_HTTPS:
        return "https-only"
    return str(protocol) if protocol in _PROTOCOLS else None


def _unsigned(d: Difference) -> bool:
    """Another value, or one that nobody knows yet, can end the signing of requests."""
    before, after = known(d.before), known(d.after)
    # An origin access control can take over from an origin access identity.
    if d.added or (d.path == "OriginAccessIdentity" and "Signed" in d.now):
        return False
    if d.path.endswith("SigningBehavior"):
        before, after = (
            _SIGNING.index(v) if v in _SIGNING else -1 for v in (before, after)
        )
        return after < max(before, 0)
    for_bucket = d.now.get("Kind") == "bucket" and after == "s3"
    return not (d.path.endswith("OriginType") and for_bucket)


def _opens(d: Difference) -> bool:
    """A reference to a secret, or the only header, can be what the server lets in."""
    if d.added or not isinstance(d.before, Hidden):
        return False
    if d.key == _TREE:
        return True
    if d.removed:
        names = {path for path in d.now if path.startswith("Header[")}
        return d.before.computed or names <= {f"Header[{_TREE}]"}
    # Another version of a secret is what a rotation looks like.
    lost_reference = isinstance(d.after, Hidden) and not d.after.computed
    return d.before.computed and lost_reference


def _header_note(d: Difference) -> str:
    if _opens(d):
        other = "the server can no longer tell its own distributions from others"
        tree = "the server decides by it which folder may answer"
        return tree if d.key == _TREE else other
    if isinstance(d.after, Hidden) and d.after.computed:
        return "the server has to accept this value before the deploy"
    if isinstance(d.after, Hidden) and not d.added and d.key != _TREE:
        return "if the server checks it, it has to accept this value before the deploy"
    return ""


_FOR_EVERYBODY = "it answers only if it is open to everybody"

ORIGIN_RULES = table(
    Topic.ORIGIN,
    Rule(
        "OriginSslProtocols",
        "the {which}origin is asked with …",
        topic=Topic.SECURITY,
        absent="any TLS version",
        # What CloudFront takes by itself has old versions among it.
        when=lambda d: d.removed or (not d.added and d.gained),
        block=BlockReason.PROTECTION_DROPPED,
    ),
    Rule(
        "OriginPath",
        "files come from the folder {after} of the {which}origin instead of {before}",
        show=lambda value: "/" if value == "" else shown(value),
        absent="/",
        when=_outside,
        note="other files of the server can be reached",
        block=_OPENED,
        otherwise=_KEPT,
    ),
    Rule(
        "Kind",
        "the {which}origin is a {after} instead of a {before}",
        show=lambda value: Trusted(value),
        when=lambda d: d.before == "VPC origin",
        note="it has to be on the internet",
        block=_OPENED,
        hides=r"HTTPS?Port|IpAddressType|OriginSslProtocols|OriginProtocolPolicy|VpcOriginId",
        hides_when=lambda d: True,
    ),
    Rule(
        "OriginProtocolPolicy",
        "the {which}origin is asked by …",
        when=_less_safe,
        note=_CAN_READ,
        block=_OPENED,
    ),
    Rule(
        "Signed",
        added="requests to the {which}origin are signed by an origin access control",
        removed="requests to the {which}origin are no longer signed: it loses its origin access control",
        when=lambda d: d.removed,
        note=_FOR_EVERYBODY,
        block=_OPENED,
        hides=r"OriginAccessControl\..*",
    ),
    Rule(
        r"OriginAccessControl\.(?:Id|Signing.*|.*OriginType)|OriginAccessIdentity",
        "how requests to the {which}origin are signed changes: {path} is …",
        when=_unsigned,
        note=lambda d: _FOR_EVERYBODY if d.removed else "",
        block=_OPENED,
    ),
    Rule(
        r"OriginMtlsConfig\.ClientCertificateArn",
        _SETTING,
        when=lambda d: d.removed,
        block=_OPENED,
    ),
    Rule("DomainName", "files come from the {which}origin …", note=_KEPT),
    Rule("VpcOriginId", _SETTING, note=_KEPT),
    Rule(
        r"Header\[([^\]]*)\]",
        "the header {header} is sent to the {which}origin with another value",
        added="the header {header} is sent to the {which}origin",
        removed="the header {header} is no longer sent to the {which}origin",
        note=_header_note,
        block=lambda d: _OPENED if _opens(d) else None,
    ),
    Rule(
        "OriginShield",
        "Origin Shield of the {which}origin is …",
        absent="off",
        when=lambda d: d.added,
        note="charged for each request that reaches it",
        tags=(Tag.COST,),
    ),
    Rule(".*Timeout", _SETTING, show=duration),
    Rule(".*", _SETTING),
)
