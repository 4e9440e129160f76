"""A trace for a person: a line for each station, and what is wrong first of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dj_cloudfront.live_check.targets import TargetKind, Tree
from dj_cloudfront.live_check.trace import Copy, Trace, TraceStep


def diagnose(trace: Trace) -> tuple[bool, str]:
    """Whether all is well, and the sentence."""
    for step in _STEPS:
        message = step(trace)
        if message:
            return False, message
    return True, _fine(trace)


def _nowhere(trace: Trace) -> str:
    if trace.sources or trace.copies or any(one.status == 200 for one in trace.told):
        return ""
    if trace.tree is Tree.MEDIA:
        return f"no upload: {trace.name!r} is not in the storage of uploads, nor anywhere else"
    return (
        f"not found: {trace.name!r} is in no app's static folder, in no folder of "
        "STATICFILES_DIRS and in no build: see that the name is right"
    )


def _not_published(trace: Trace) -> str:
    if trace.tree is Tree.MEDIA or not trace.build or trace.used_copy is not None:
        return ""
    others = ", ".join(copy.build for copy in trace.copies)
    if not trace.builds and trace.told and all(t.status == 200 for t in trace.told):
        # It was published, on another machine than this one.
        return ""
    if not trace.builds:
        return (
            "not published: there is no build on this disk, run 'manage.py cdn publish'"
        )
    return (
        f"not published: build {trace.build} does not have it"
        + (f", though {others} does" if others else "")
        + ", publish a build with it: 'manage.py cdn publish'"
    )


def _no_url(trace: Trace) -> str:
    if not trace.url_trouble:
        return ""
    return f"pages cannot refer to it: {trace.url_trouble}"


def _server(trace: Trace) -> str:
    where = f"build {trace.build}" if trace.build else "the upload"
    for told in _of(trace, TargetKind.ORIGIN):
        if told.trouble:
            return f"{told.place} {told.trouble}"
        if told.status in (401, 403):
            return (
                f"{told.place} answers {told.status}: give this command what the server "
                "wants, by CDN_ORIGIN_SECRET or --header"
            )
        if told.status != 200:
            return f"{told.place} answers {told.status}: bring {where} there"
        if told.is_same is False:
            return f"{told.place} has other bytes than this disk: bring {where} there again"
    return ""


def _cdn(trace: Trace) -> str:
    for told in _of(trace, TargetKind.CDN):
        if told.trouble:
            return f"the CDN {told.trouble}"
        if told.status != 200:
            hint = (
                "though the servers have it: run 'manage.py cdn check'"
                if _of(trace, TargetKind.ORIGIN)
                else "as its server does: ask the servers, with --origin https://10.0.0.5"
            )
            return f"the CDN answers {told.status}, {hint}"
        if told.is_same is False:
            age = f", {told.age} s old" if told.age else ""
            return f"the CDN has an older copy{age}: publish a new version, or invalidate the path"
    return ""


def _changed(trace: Trace) -> str:
    copy = trace.used_copy
    if copy is None or copy.is_same is not False:
        return ""
    rewritten = " or its references were rewritten" if _is_style(trace) else ""
    return (
        f"differs: the source has changed since build {copy.build} was published{rewritten}; "
        "pages get the change with the next build"
    )


def _closed(trace: Trace) -> str:
    for told in trace.told:
        if not told.allow_origin:
            who = "the CDN" if told.kind is TargetKind.CDN else told.place
            return (
                f"{who} sends it without Access-Control-Allow-Origin: fonts, modules and "
                "fetch() of other origins are refused"
            )
    return ""


def _fine(trace: Trace) -> str:
    if not trace.build and trace.tree is Tree.STATIC:
        return "found: with local URLs there is no build and no CDN to compare it with"
    servers = len(_of(trace, TargetKind.ORIGIN))
    stations = [f"build {trace.build}" if trace.build else "the upload"]
    stations += [f"{servers} server{'s' if servers > 1 else ''}"] if servers else []
    stations += ["the CDN"] if _of(trace, TargetKind.CDN) else []
    if any(told.is_same is None for told in trace.told):
        return (
            f"answered: {', '.join(stations)} have it; the bytes could not be compared"
        )
    return f"all is well: {', '.join(stations)} have the same bytes"


def _of(trace: Trace, kind: TargetKind) -> list[TraceStep]:
    return [told for told in trace.told if told.kind is kind]


def _is_style(trace: Trace) -> bool:
    return trace.name.endswith(".css")


_STEPS: tuple[Callable[[Trace], str], ...] = (
    _nowhere,
    _not_published,
    _no_url,
    _server,
    _cdn,
    _changed,
    _closed,
)


_WIDTH = 8


def lines(trace: Trace) -> Iterator[str]:
    """What is known, from the source to the CDN."""
    yield trace.name
    for number, source in enumerate(trace.sources):
        hidden = ", hidden by the one above" if number else ""
        yield _line(
            "source",
            f"{source.path}, {source.size} bytes ({source.found_by}){hidden}",
        )
    for copy in trace.copies:
        yield _line("build", _copy(copy))
    if trace.url:
        yield _line("page", trace.url)
    for told in trace.told:
        label = "server" if told.kind is TargetKind.ORIGIN else "CDN"
        yield _line(label, f"{told.url}: {_told(told)}")


def _line(label: str, text: str) -> str:
    return f"  {label:<{_WIDTH}}{text}"


def _copy(copy: Copy) -> str:
    same = {
        True: "the same as the source",
        False: "differs from the source",
        None: "without a source",
    }
    used = ", which pages use" if copy.is_used else ""
    return f"{copy.build}/{copy.name}, {copy.size} bytes, {same[copy.is_same]}{used}"


def _told(told: TraceStep) -> str:
    if told.trouble:
        return told.trouble
    same = {True: "the same bytes", False: "other bytes", None: ""}
    parts = [
        str(told.status),
        same[told.is_same],
        told.encoding,
        told.cache,
        f"{told.age} s old" if told.age else "",
        told.cache_control and f"Cache-Control: {told.cache_control}",
        f"Access-Control-Allow-Origin: {told.allow_origin or 'none'}",
    ]
    return "; ".join(part for part in parts if part)
