"""Who may use the files: CORS, as fonts, modules and ``fetch()`` need it."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.live_check.probes import ProbeKind
from dj_cloudfront.live_check.report import Level, Problem
from dj_cloudfront.live_check.results import ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    group_by_message,
    rule,
)

_ALLOW = "Access-Control-Allow-Origin"


_EXPOSE = "Access-Control-Expose-Headers"


_EXPOSED = ("X-Cache", "Age", "ETag", "Content-Length", "Content-Range")


_ALLOW_ALL = "send Access-Control-Allow-Origin: * with every answer of the tree, once"


@rule(
    "cors",
    WARN,
    FAIL,
    pass_message="lets pages of other origins use files, however they are asked for",
    applies=lambda results: results.files or results.of_kind(ProbeKind.MISSING),
)
def cors(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(_cors_violations(results))


def _cors_violations(results: ProbeResults) -> Iterator[Violation]:
    by_list = _is_by_list(results)
    for one in results.files:
        if one.probe.with_origin:
            yield from _with_origin(results, one)
        elif _allowed(one) != ["*"] and not by_list:
            yield _violation(
                WARN,
                "allows other origins only where Origin was sent",
                one,
                "a browser may use a copy from <img> for fetch(): " + _ALLOW_ALL,
            )
    for one in results.of_kind(ProbeKind.MISSING):
        if one.answer.status == 404 and not _allowed(one):
            yield _violation(
                WARN,
                "hides its 404 from scripts of other origins",
                one,
                _ALLOW_ALL + ", errors included",
            )


def _with_origin(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    allowed = _allowed(result)
    if not allowed:
        yield _violation(FAIL, "does not allow other origins", result, _ALLOW_ALL)
    elif len(allowed) > 1:
        yield _violation(
            FAIL, "sends Access-Control-Allow-Origin twice", result, _ALLOW_ALL
        )
    elif allowed[0] not in ("*", results.site):
        message = f"allows {allowed[0]} only, and not {results.site}"
        yield _violation(FAIL, message, result, _ALLOW_ALL + ", or say --site")
    elif allowed[0] != "*" and results.target.is_origin and not _varies(result.answer):
        yield _violation(
            WARN,
            "repeats the Origin it is sent, without Vary: Origin",
            result,
            _ALLOW_ALL + ", or add the Vary",
        )


def _is_by_list(results: ProbeResults) -> bool:
    """Whether the place names this site, as one that has a list of origins does."""
    return any(_allowed(one) == [results.site] for one in _from_elsewhere(results))


def _allowed(result: ProbeResult) -> list[str]:
    return result.answer.all(_ALLOW)


def _varies(answer: Answer) -> bool:
    return "origin" in answer.get("Vary").lower()


def _violation(level: Level, message: str, result: ProbeResult, hint: str) -> Violation:
    return Violation(level=level, message=message, hint=hint, subject=result.subject)


def _from_elsewhere(results: ProbeResults) -> list[ProbeResult]:
    return [one for one in results.files if one.probe.with_origin]


@rule(
    "expose",
    WARN,
    pass_message="lets scripts read its headers",
    applies=_from_elsewhere,
)
def expose(results: ProbeResults) -> Iterator[Problem]:
    yield from group_by_message(
        Violation(
            level=WARN,
            message=f"hides {', '.join(hidden)} from scripts",
            hint=f"send {_EXPOSE}: {', '.join(_EXPOSED)}",
            subject=one.subject,
        )
        for one in _from_elsewhere(results)
        if (hidden := _hidden(one.answer.get(_EXPOSE)))
    )


def _hidden(exposed: str) -> list[str]:
    names = _names(exposed)
    return [] if "*" in names else [n for n in _EXPOSED if n.lower() not in names]


@rule(
    "preflight",
    WARN,
    FAIL,
    pass_message="answers what browsers ask before unusual requests",
    applies=lambda results: results.of_kind(ProbeKind.PREFLIGHT),
)
def preflight(results: ProbeResults) -> Iterator[Problem]:
    for one in results.of_kind(ProbeKind.PREFLIGHT):
        found = _preflight_violation(results, one)
        if found is not None:
            yield from group_by_message([found])


def _preflight_violation(
    results: ProbeResults, result: ProbeResult
) -> Violation | None:
    answer, is_origin = result.answer, results.target.is_origin
    if answer.status == 403 and not is_origin:
        return _violation(
            WARN,
            "takes no OPTIONS (403)",
            result,
            "this is so with Cors.any_origin(); deploy Cors.forward() for scripts that send "
            "headers of their own",
        )
    if answer.status not in (200, 204):
        return _violation(
            FAIL,
            f"answers OPTIONS with {answer.status}",
            result,
            "answer OPTIONS with 204 and the CORS headers",
        )
    if not set(answer.all(_ALLOW)) & {"*", results.site} or not _allows(answer):
        return _violation(
            FAIL,
            "answers OPTIONS without the CORS headers",
            result,
            "send Access-Control-Allow-Origin, -Methods and -Headers with it",
        )
    return None


def _allows(answer: Answer) -> bool:
    methods = _names(answer.get("Access-Control-Allow-Methods"))
    return bool({"*", "get"} & methods and answer.get("Access-Control-Allow-Headers"))


def _names(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(",")}


RULES = (cors, expose, preflight)
