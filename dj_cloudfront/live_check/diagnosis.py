"""A trace for a person: a line for each step, and the first problem."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.contract import Tree
from dj_cloudfront.live_check.targets import TargetKind
from dj_cloudfront.live_check.trace import PublishedFile, Trace, TraceStep


def diagnose(trace: Trace) -> tuple[bool, str]:
    """Whether all is well, and one sentence: the first problem, and what helps."""
    problems = (
        *(_nowhere, _not_published, _no_url, _at_a_server, _at_the_cdn, _changed),
        _without_cors,
    )
    message = next(filter(None, (problem(trace) for problem in problems)), "")
    return not message, message or _all_well(trace)


def _nowhere(trace: Trace) -> str:
    if trace.sources or trace.copies or any(step.status == 200 for step in trace.steps):
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
    if not trace.builds:
        # Or it was published on another machine than this one.
        is_served = {step.status for step in trace.steps} == {200}
        message = (
            "not published: there is no build on this disk, run 'manage.py cdn publish'"
        )
        return "" if is_served else message
    others = ", ".join(copy.build for copy in trace.copies)
    return (
        f"not published: build {trace.build} does not have it"
        + (f", though {others} does" if others else "")
        + ", publish a build with it: 'manage.py cdn publish'"
    )


def _no_url(trace: Trace) -> str:
    return trace.url_error and f"pages cannot refer to it: {trace.url_error}"


def _at_a_server(trace: Trace) -> str:
    where = f"build {trace.build}" if trace.build else "the upload"
    for step in _at(trace, TargetKind.ORIGIN):
        if step.error:
            return f"{step.target} {step.error}"
        if step.status in (401, 403):
            return (
                f"{step.target} answers {step.status}: give this command what the server "
                "wants, by CDN_ORIGIN_SECRET or --header"
            )
        if step.status != 200:
            return f"{step.target} answers {step.status}: bring {where} there"
        if step.is_same is False:
            return f"{step.target} has other bytes than this disk: bring {where} there again"
    return ""


def _at_the_cdn(trace: Trace) -> str:
    for step in _at(trace, TargetKind.CDN):
        if step.error:
            return f"the CDN {step.error}; --no-cdn asks the servers alone"
        if step.status != 200:
            hint = (
                "though the servers have it: run 'manage.py cdn check'"
                if _at(trace, TargetKind.ORIGIN)
                else "as its server does: ask the servers, with --origin https://10.0.0.5"
            )
            return f"the CDN answers {step.status}, {hint}"
        if step.is_same is False:
            age = f", {step.age} s old" if step.age else ""
            return f"the CDN has an older copy{age}: publish a new version, or invalidate the path"
    return ""


def _changed(trace: Trace) -> str:
    copy = trace.used_copy
    if copy is None or copy.is_same is not False:
        return ""
    is_css = trace.name.endswith(".css")
    rewritten = " or its references were rewritten" if is_css else ""
    return (
        f"differs: the source has changed since build {copy.build} was published{rewritten}; "
        "pages get the change with the next build"
    )


def _without_cors(trace: Trace) -> str:
    for step in trace.steps:
        if not step.allow_origin:
            who = "the CDN" if step.kind is TargetKind.CDN else step.target
            return (
                f"{who} sends it without Access-Control-Allow-Origin: fonts, modules and "
                "fetch() of other origins are refused"
            )
    return ""


def _all_well(trace: Trace) -> str:
    if not trace.build and trace.tree is Tree.STATIC:
        return "found: with local URLs there is no build and no CDN to compare it with"
    servers = len(_at(trace, TargetKind.ORIGIN))
    stations = [f"build {trace.build}" if trace.build else "the upload"]
    if servers:
        stations.append(f"{servers} server{'s' if servers > 1 else ''}")
    if _at(trace, TargetKind.CDN):
        stations.append("the CDN")
    if any(step.is_same is None for step in trace.steps):
        return (
            f"answered: {', '.join(stations)} have it; the bytes could not be compared"
        )
    return f"all is well: {', '.join(stations)} have the same bytes"


def _at(trace: Trace, kind: TargetKind) -> list[TraceStep]:
    return [step for step in trace.steps if step.kind is kind]


def lines(trace: Trace) -> Iterator[str]:
    """What is known, from the source to the CDN."""
    yield trace.name
    for number, source in enumerate(trace.sources):
        hidden = ", hidden by the one above" if number else ""
        yield f"  source  {source.path}, {source.size} bytes ({source.found_by}){hidden}"
    for copy in trace.copies:
        yield f"  build   {_copy(copy)}"
    if trace.url:
        yield f"  page    {trace.url}"
    for step in trace.steps:
        label = "server" if step.kind is TargetKind.ORIGIN else "CDN"
        yield f"  {label:<8}{step.url}: {_step(step)}"


def _copy(copy: PublishedFile) -> str:
    same = {
        True: "the same as the source",
        False: "differs from the source",
        None: "without a source",
    }
    used = ", which pages use" if copy.is_used else ""
    return f"{copy.build}/{copy.name}, {copy.size} bytes, {same[copy.is_same]}{used}"


def _step(step: TraceStep) -> str:
    if step.error:
        return step.error
    same = {True: "the same bytes", False: "other bytes", None: ""}
    parts = [
        str(step.status),
        same[step.is_same],
        step.encoding,
        step.cache,
        f"{step.age} s old" if step.age else "",
        step.cache_control and f"Cache-Control: {step.cache_control}",
        f"Access-Control-Allow-Origin: {step.allow_origin or 'none'}",
    ]
    return "; ".join(part for part in parts if part)
