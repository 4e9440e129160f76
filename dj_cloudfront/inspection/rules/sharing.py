"""Who may use the files: CORS, as fonts, modules and ``fetch()`` need it."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Level, Problem
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.rule import FAIL, WARN, Objection, rule, together

_ALLOW = "Access-Control-Allow-Origin"
_EXPOSE = "Access-Control-Expose-Headers"
_EXPOSED = ("X-Cache", "Age", "ETag", "Content-Length", "Content-Range")

_ALLOW_ALL = "send Access-Control-Allow-Origin: * with every answer of the tree, once"


@rule(
    "cors",
    WARN,
    FAIL,
    good="lets pages of other origins use files, however they are asked for",
    applies=lambda evidence: evidence.files or evidence.about(About.MISSING),
)
def cors(evidence: Evidence) -> Iterator[Problem]:
    yield from together(_cors_objections(evidence))


def _cors_objections(evidence: Evidence) -> Iterator[Objection]:
    by_list = _is_by_list(evidence)
    for one in evidence.files:
        if one.question.with_origin:
            yield from _with_origin(evidence, one)
        elif _allowed(one) != ["*"] and not by_list:
            yield _objection(
                WARN,
                "allows other origins only where Origin was sent",
                one,
                "a browser may use a copy from <img> for fetch(): " + _ALLOW_ALL,
            )
    for one in evidence.about(About.MISSING):
        if one.answer.status == 404 and not _allowed(one):
            yield _objection(
                WARN,
                "hides its 404 from scripts of other origins",
                one,
                _ALLOW_ALL + ", errors included",
            )


def _with_origin(evidence: Evidence, said: Said) -> Iterator[Objection]:
    allowed = _allowed(said)
    if not allowed:
        yield _objection(FAIL, "does not allow other origins", said, _ALLOW_ALL)
    elif len(allowed) > 1:
        yield _objection(
            FAIL, "sends Access-Control-Allow-Origin twice", said, _ALLOW_ALL
        )
    elif allowed[0] not in ("*", evidence.site):
        sentence = f"allows {allowed[0]} only, and not {evidence.site}"
        yield _objection(FAIL, sentence, said, _ALLOW_ALL + ", or say --site")
    elif allowed[0] != "*" and evidence.place.is_origin and not _varies(said.answer):
        yield _objection(
            WARN,
            "repeats the Origin it is sent, without Vary: Origin",
            said,
            _ALLOW_ALL + ", or add the Vary",
        )


def _is_by_list(evidence: Evidence) -> bool:
    """Whether the place names this site, as one that has a list of origins does."""
    return any(_allowed(one) == [evidence.site] for one in _from_elsewhere(evidence))


def _allowed(said: Said) -> list[str]:
    return said.answer.all(_ALLOW)


def _varies(answer: Answer) -> bool:
    return "origin" in answer.get("Vary").lower()


def _objection(level: Level, sentence: str, said: Said, cure: str) -> Objection:
    return Objection(level=level, sentence=sentence, cure=cure, subject=said.subject)


def _from_elsewhere(evidence: Evidence) -> list[Said]:
    return [one for one in evidence.files if one.question.with_origin]


@rule("expose", WARN, good="lets scripts read its headers", applies=_from_elsewhere)
def expose(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=WARN,
            sentence=f"hides {', '.join(hidden)} from scripts",
            cure=f"send {_EXPOSE}: {', '.join(_EXPOSED)}",
            subject=one.subject,
        )
        for one in _from_elsewhere(evidence)
        if (hidden := _hidden(one.answer.get(_EXPOSE)))
    )


def _hidden(exposed: str) -> list[str]:
    names = _names(exposed)
    return [] if "*" in names else [n for n in _EXPOSED if n.lower() not in names]


@rule(
    "preflight",
    WARN,
    FAIL,
    good="answers what browsers ask before unusual requests",
    applies=lambda evidence: evidence.about(About.PREFLIGHT),
)
def preflight(evidence: Evidence) -> Iterator[Problem]:
    for one in evidence.about(About.PREFLIGHT):
        found = _preflight_objection(evidence, one)
        if found is not None:
            yield from together([found])


def _preflight_objection(evidence: Evidence, said: Said) -> Objection | None:
    answer, is_origin = said.answer, evidence.place.is_origin
    if answer.status == 403 and not is_origin:
        return _objection(
            WARN,
            "takes no OPTIONS (403)",
            said,
            "this is so with Cors.any_origin(); deploy Cors.forward() for scripts that send "
            "headers of their own",
        )
    if answer.status not in (200, 204):
        return _objection(
            FAIL,
            f"answers OPTIONS with {answer.status}",
            said,
            "answer OPTIONS with 204 and the CORS headers",
        )
    if not set(answer.all(_ALLOW)) & {"*", evidence.site} or not _allows(answer):
        return _objection(
            FAIL,
            "answers OPTIONS without the CORS headers",
            said,
            "send Access-Control-Allow-Origin, -Methods and -Headers with it",
        )
    return None


def _allows(answer: Answer) -> bool:
    methods = _names(answer.get("Access-Control-Allow-Methods"))
    return bool({"*", "get"} & methods and answer.get("Access-Control-Allow-Headers"))


def _names(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(",")}


RULES = (cors, expose, preflight)
