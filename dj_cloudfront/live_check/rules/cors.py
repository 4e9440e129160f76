"""Rules on CORS, which fonts, modules and ``fetch()`` need."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.http_probe import HttpResponse
from dj_cloudfront.live_check.probes import ProbeKind, ProbeResult, ProbeResults
from dj_cloudfront.live_check.rules.rule import (
    FAIL,
    WARN,
    Violation,
    of_kind,
    result_rule,
)
from dj_cloudfront.server_config import responses

_ALLOW = "Access-Control-Allow-Origin"
_EXPOSE = "Access-Control-Expose-Headers"
_EXPOSED = responses.EXPOSED_HEADERS.split(", ")
_ALLOW_ALL = "send Access-Control-Allow-Origin: * with every answer of the tree, once"


@result_rule(
    "cors",
    "lets pages of other origins use files, however they are asked for",
    of=lambda results: [*results.files, *results.of_kind(ProbeKind.MISSING)],
    shows_form=True,
)
def cors(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    if result.probe.kind is ProbeKind.MISSING:
        if result.answer.status == 404 and not _allowed(result):
            message = "hides its 404 from scripts of other origins"
            yield Violation(WARN, message, _ALLOW_ALL + ", errors included")
    elif result.probe.with_origin:
        yield from _with_origin(results, result)
    elif _allowed(result) != ["*"] and not _is_by_list(results):
        message = "allows other origins only where Origin was sent"
        hint = "a browser may use a copy from <img> for fetch(): " + _ALLOW_ALL
        yield Violation(WARN, message, hint)


def _with_origin(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    allowed = _allowed(result)
    if not allowed:
        yield Violation(FAIL, "does not allow other origins", _ALLOW_ALL)
    elif len(allowed) > 1:
        yield Violation(FAIL, "sends Access-Control-Allow-Origin twice", _ALLOW_ALL)
    elif allowed[0] not in ("*", results.site):
        message = f"allows {allowed[0]} only, and not {results.site}"
        yield Violation(FAIL, message, _ALLOW_ALL + ", or say --site")
    elif allowed[0] != "*" and results.target.is_origin and not _varies(result.answer):
        message = "repeats the Origin it is sent, without Vary: Origin"
        yield Violation(WARN, message, _ALLOW_ALL + ", or add the Vary")


def _is_by_list(results: ProbeResults) -> bool:
    """Whether the target names this site, as a server with a list of origins does."""
    return any(
        _allowed(result) == [results.site] for result in _from_elsewhere(results)
    )


def _allowed(result: ProbeResult) -> list[str]:
    return result.answer.all(_ALLOW)


def _varies(answer: HttpResponse) -> bool:
    return "origin" in answer.get("Vary").lower()


def _from_elsewhere(results: ProbeResults) -> list[ProbeResult]:
    return [result for result in results.files if result.probe.with_origin]


@result_rule(
    "expose", "lets scripts read its headers", of=_from_elsewhere, shows_form=True
)
def expose(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    names = _names(result.answer.get(_EXPOSE))
    hidden = [name for name in _EXPOSED if name.lower() not in names]
    if hidden and "*" not in names:
        message = f"hides {', '.join(hidden)} from scripts"
        yield Violation(WARN, message, f"send {_EXPOSE}: {', '.join(_EXPOSED)}")


@result_rule("preflight", "answers CORS preflights", of=of_kind(ProbeKind.PREFLIGHT))
def preflight(results: ProbeResults, result: ProbeResult) -> Iterator[Violation]:
    answer = result.answer
    if answer.status == 403 and not results.target.is_origin:
        hint = (
            "this is so with Cors.any_origin(); deploy Cors.forward() for scripts that "
            "send headers of their own"
        )
        yield Violation(WARN, "takes no OPTIONS (403)", hint)
    elif answer.status not in (200, 204):
        hint = "answer OPTIONS with 204 and the CORS headers"
        yield Violation(FAIL, f"answers OPTIONS with {answer.status}", hint)
    elif not {*answer.all(_ALLOW)} & {"*", results.site} or not _allows(answer):
        hint = "send Access-Control-Allow-Origin, -Methods and -Headers with it"
        yield Violation(FAIL, "answers OPTIONS without the CORS headers", hint)


def _allows(answer: HttpResponse) -> bool:
    methods = _names(answer.get("Access-Control-Allow-Methods"))
    return bool({"*", "get"} & methods and answer.get("Access-Control-Allow-Headers"))


def _names(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


RULES = (cors, expose, preflight)
