"""What a tree must not show: other builds' names, hidden files, folders, the site itself."""

from __future__ import annotations

from collections.abc import Iterator

from dj_cloudfront.http_probe import Answer
from dj_cloudfront.inspection.evidence import Evidence, Said
from dj_cloudfront.inspection.findings import Problem
from dj_cloudfront.inspection.places import Tree
from dj_cloudfront.inspection.questions import About
from dj_cloudfront.inspection.rules.files import is_elsewhere, is_redirect
from dj_cloudfront.inspection.rules.rule import FAIL, WARN, Objection, rule, together


def _shows(evidence: Evidence, answer: Answer) -> bool:
    """Whether it shows something, be it only where to look."""
    return answer.status < 400 and not evidence.is_nothing(answer)


@rule(
    "other-build",
    FAIL,
    good="has no files for a build that nobody published",
    applies=lambda evidence: evidence.about(About.OTHER_BUILD),
)
def other_build(evidence: Evidence) -> Iterator[Problem]:
    for one in evidence.about(About.OTHER_BUILD):
        if _shows(evidence, one.answer):
            yield Problem(
                level=FAIL,
                sentence=f"answers {one.answer.status} for a build that nobody published",
                cure="serve /static/<build>/ from a folder of that name: a server that drops "
                "the build from the path gives old files under new names",
                subjects=(one.subject,),
            )


@rule(
    "hidden",
    FAIL,
    good="hides names that begin with a dot",
    applies=lambda evidence: evidence.about(About.HIDDEN),
)
def hidden(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence="shows hidden files",
            cure="answer 404 for every path with a part that begins with a dot",
            subject=one.subject,
        )
        for one in evidence.about(About.HIDDEN)
        if _shows(evidence, one.answer)
    )


@rule(
    "listing",
    WARN,
    FAIL,
    good="shows no folder",
    applies=lambda evidence: evidence.about(About.FOLDER),
)
def listing(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        _folder_objection(evidence, one)
        for one in evidence.about(About.FOLDER)
        if _shows(evidence, one.answer)
    )


def _folder_objection(evidence: Evidence, said: Said) -> Objection:
    if not is_redirect(said.answer):
        level, sentence = FAIL, f"shows a folder ({said.answer.status})"
    elif is_elsewhere(evidence, said.answer):
        level, sentence = FAIL, "redirects folders to another address"
    else:
        level, sentence = WARN, "redirects folders"
    return Objection(
        level=level,
        sentence=sentence,
        cure="serve files only, without listing, index page or redirect: in nginx "
        "try_files $uri =404",
        subject=said.subject,
    )


@rule(
    "tree",
    FAIL,
    good="answers a distribution in its own tree only",
    applies=lambda evidence: evidence.about(About.OUTSIDE),
)
def own_tree(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=FAIL,
            sentence=f"answers {one.answer.status} outside of the tree in X-Cdn-Tree",
            cure="answer 404 when X-Cdn-Tree is not the tree of the resolved path, and put "
            "CdnTreeMiddleware first in MIDDLEWARE",
            subject=one.subject,
        )
        for one in evidence.about(About.OUTSIDE)
        if _shows(evidence, one.answer)
    )


@rule(
    "odd-paths",
    WARN,
    FAIL,
    good="lets no odd path out of its tree",
    applies=lambda evidence: evidence.about(About.ODD),
)
def odd_paths(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        found
        for one in evidence.about(About.ODD)
        if (found := _odd_objection(evidence, one)) is not None
    )


def _odd_objection(evidence: Evidence, said: Said) -> Objection | None:
    answer = said.answer
    cure = (
        "refuse odd paths on the raw target, before anything resolves it, as the printed "
        "configurations do ('manage.py cdn conf')"
    )
    if _shows(evidence, answer):
        sentence = f"answers {answer.status} for odd paths: the site shows through"
        return Objection(level=FAIL, sentence=sentence, cure=cure, subject=said.subject)
    if answer.status >= 500 or _is_other_error(evidence, answer):
        return Objection(
            level=WARN,
            sentence="lets odd paths through to something else, which refuses them",
            cure=cure,
            subject=said.subject,
        )
    return None


def _is_other_error(evidence: Evidence, answer: Answer) -> bool:
    """Whether somebody else than the file server says that there is nothing."""
    known = [one.answer for one in evidence.about(About.MISSING)]
    # Where each error has an id of its own in it, nothing can be told.
    if not known or not all(one.is_like(known[0]) for one in known):
        return False
    return answer.status == known[0].status and not answer.is_like(known[0])


def _not_found(evidence: Evidence) -> list[Said]:
    # A signed distribution refuses by an answer of its own, which shows nothing.
    return [one for one in evidence.about(About.MISSING) if one.answer.status == 404]


def _media_errors(evidence: Evidence) -> list[Said]:
    return _not_found(evidence) if evidence.place.tree is Tree.MEDIA else []


@rule(
    "sandbox",
    WARN,
    FAIL,
    good="puts uploads into a sandbox",
    applies=_media_errors,
)
def sandbox(evidence: Evidence) -> Iterator[Problem]:
    yield from together(
        Objection(
            level=WARN if evidence.place.is_origin else FAIL,
            sentence="sends uploads without a sandbox policy",
            cure="send Content-Security-Policy: default-src 'none'; style-src "
            "'unsafe-inline'; sandbox with every answer of media",
            subject=one.subject,
        )
        for one in _media_errors(evidence)
        if "sandbox" not in one.answer.get("Content-Security-Policy").lower()
    )


def _plain(evidence: Evidence) -> list[Said]:
    return [*evidence.files, *_not_found(evidence)]


@rule("nosniff", WARN, FAIL, good="lets browsers guess no types", applies=_plain)
def nosniff(evidence: Evidence) -> Iterator[Problem]:
    is_open = evidence.place.tree is Tree.MEDIA and not evidence.place.is_origin
    yield from together(
        Objection(
            level=FAIL if is_open else WARN,
            sentence="lets browsers guess types",
            cure="send X-Content-Type-Options: nosniff with every answer of the tree",
            subject=one.question.subject,
        )
        for one in _plain(evidence)
        if "nosniff" not in one.answer.get("X-Content-Type-Options").lower()
    )


RULES = (other_build, hidden, listing, own_tree, odd_paths, sandbox, nosniff)
