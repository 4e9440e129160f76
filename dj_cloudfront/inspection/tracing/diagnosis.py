"""One sentence: what is wrong with a file first of all, and what helps."""

from __future__ import annotations

from collections.abc import Callable

from dj_cloudfront.inspection.places import Kind, Tree
from dj_cloudfront.inspection.tracing.trace import Told, Trace


def diagnose(trace: Trace) -> tuple[bool, str]:
    """Whether all is well, and the sentence."""
    for step in _STEPS:
        sentence = step(trace)
        if sentence:
            return False, sentence
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
    for told in _of(trace, Kind.ORIGIN):
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
    for told in _of(trace, Kind.CDN):
        if told.trouble:
            return f"the CDN {told.trouble}"
        if told.status != 200:
            hint = (
                "though the servers have it: run 'manage.py cdn check'"
                if _of(trace, Kind.ORIGIN)
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
            who = "the CDN" if told.kind is Kind.CDN else told.place
            return (
                f"{who} sends it without Access-Control-Allow-Origin: fonts, modules and "
                "fetch() of other origins are refused"
            )
    return ""


def _fine(trace: Trace) -> str:
    if not trace.build and trace.tree is Tree.STATIC:
        return "found: with local URLs there is no build and no CDN to compare it with"
    servers = len(_of(trace, Kind.ORIGIN))
    stations = [f"build {trace.build}" if trace.build else "the upload"]
    stations += [f"{servers} server{'s' if servers > 1 else ''}"] if servers else []
    stations += ["the CDN"] if _of(trace, Kind.CDN) else []
    if any(told.is_same is None for told in trace.told):
        return (
            f"answered: {', '.join(stations)} have it; the bytes could not be compared"
        )
    return f"all is well: {', '.join(stations)} have the same bytes"


def _of(trace: Trace, kind: Kind) -> list[Told]:
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
