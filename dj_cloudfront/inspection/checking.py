"""The order of a check: the servers first, the CDN only once they all have the build."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.config import Cdn
from dj_cloudfront.inspection import questions
from dj_cloudfront.inspection.evidence import (
    Evidence,
    Progress,
    again,
    ask_all,
    joined,
)
from dj_cloudfront.inspection.findings import Level, Report, cleaned
from dj_cloudfront.inspection.options import Options
from dj_cloudfront.inspection.places import (
    Kind,
    Place,
    Tree,
    cdn_place,
    cdn_urls,
    host_for,
    origin_places,
    site_of,
)
from dj_cloudfront.inspection.rules import judge
from dj_cloudfront.inspection.rules.agreeing import agreement
from dj_cloudfront.inspection.rules.files import has_right_bytes
from dj_cloudfront.inspection.rules.keeping import lifetime
from dj_cloudfront.inspection.sampling import Build, read_build

# With any of these at a server, the CDN would be given what is not the build.
_BEFORE_THE_CDN = {"reach", "certificate", "status", "redirect", "login", "bytes"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to check.

    :param build_version: The build that is about to be switched on.
    :param sample: About how many files to ask for in every form; at least two of each type.
    :param everything: Ask for all other files too, once each.
    :param only: Ask servers only, or the CDN only. Default: both.
    :param pages: Paths of the site's pages, which no distribution may show.
    """

    cdn: Cdn
    options: Options
    build_version: str
    sample: int
    everything: bool
    only: Kind | None
    pages: tuple[str, ...]
    allowed_hosts: tuple[str, ...]


def check(plan: Plan, progress: Progress = lambda *_: None) -> Report:
    """Ask and judge.

    :raises ValueError: with one sentence, when there is nothing to ask or to compare with.
    """
    urls, notes = cdn_urls(plan.cdn)
    trees = [tree for tree in Tree if plan.cdn.is_local or tree in urls]
    if plan.only is Kind.ORIGIN:
        urls, notes = {}, [] if plan.cdn.is_local else notes
    elif not plan.options.origins:
        notes.append("the servers: no --origin was given")
    _check_is_anything(plan, urls)
    build = _build(plan) if Tree.STATIC in trees else None
    servers = _servers(plan, trees)
    behind = [cdn_place(url, plan.options, tree=tree) for tree, url in urls.items()]
    with contextlib.ExitStack() as opened:
        for place in (*servers, *behind):
            opened.callback(place.client.close)
        asked = [_survey(plan, place, build, progress) for place in servers]
        for place in behind:
            evidence, why_not = _survey_cdn(plan, place, build, asked, progress)
            notes += why_not
            asked.append(evidence)
    return _report(plan, build, asked, [*_about_index(build), *notes])


def _report(
    plan: Plan, build: Build | None, asked: Sequence[Evidence], notes: list[str]
) -> Report:
    findings = [finding for evidence in asked for finding in judge(evidence)]
    report = Report(
        build_version=plan.build_version,
        findings=(*findings, *agreement(asked)),
        not_checked=(*notes, *_undecoded(asked)),
        files=_counted(build),
    )
    return cleaned(report, plan.options.without_secrets)


def _check_is_anything(plan: Plan, urls: dict[Tree, str]) -> None:
    if plan.only is Kind.ORIGIN and not plan.options.origins:
        raise ValueError(
            "--only origin must come with servers, such as --origin https://10.0.0.5"
        )
    if not urls and plan.only is not Kind.ORIGIN and not plan.options.origins:
        raise ValueError(
            "CDN must have URLs of a CDN to be asked, but the settings have local=True: run "
            "the check with the settings of the release, or name servers by --origin"
        )


def _servers(plan: Plan, trees: Sequence[Tree]) -> list[Place]:
    if plan.only is Kind.CDN:
        return []
    return [
        place
        for url in plan.options.origins
        for place in origin_places(
            url,
            plan.options,
            host=host_for(url, plan.options, plan.allowed_hosts),
            trees=trees,
        )
    ]


def _build(plan: Plan) -> Build:
    return read_build(
        Path(plan.cdn.builds_root),
        plan.build_version,
        sample=plan.sample,
        everything=plan.everything,
    )


def _survey(
    plan: Plan,
    place: Place,
    build: Build | None,
    progress: Progress,
    before: Evidence | None = None,
) -> Evidence:
    """Two rounds; a place that does not answer the first is not asked again."""
    first = before or _first(plan, place)
    if not first.said:
        return first
    asked = [
        *(again(first) if place.kind is Kind.CDN else ()),
        *(_about_build(place, build) if build else ()),
        *questions.tree_questions(place, pages=plan.pages, stray=_stray(build)),
    ]
    second = ask_all(
        place,
        asked,
        site=first.site,
        index=build.index if build and place.tree is Tree.STATIC else None,
        progress=progress,
    )
    return joined(first, second)


def _first(plan: Plan, place: Place) -> Evidence:
    asked = questions.missing_questions(place.tree, plan.build_version)
    site = site_of(place, plan.options, plan.allowed_hosts)
    return ask_all(place, asked, site=site)


def _about_build(place: Place, build: Build) -> Iterator[questions.Question]:
    if place.tree is not Tree.STATIC:
        return
    version, name = build.version, build.sample[0]
    yield from questions.file_questions(version, (*build.sample, *build.others))
    yield from questions.variant_questions(version, build.sample)
    yield from questions.build_questions(version, name, has_index=build.has_index)


def _stray(build: Build | None) -> str | None:
    if build is None:
        return None
    return questions.path_of(Tree.STATIC, build.version, build.sample[0])


def _survey_cdn(
    plan: Plan,
    place: Place,
    build: Build | None,
    servers: Sequence[Evidence],
    progress: Progress,
) -> tuple[Evidence, list[str]]:
    """What the CDN says. It is not asked for files that it would get wrong from a server."""
    if place.tree is not Tree.STATIC:
        return _survey(plan, place, build, progress), []
    first = _first(plan, place)
    why_not = _why_not_through(first, [one for one in servers if one.place.is_origin])
    if why_not:
        note = f"build {plan.build_version} through the CDN: {why_not}"
        return _survey(plan, place, None, progress, first), [note]
    return _survey(plan, place, build, progress, first), []


def _why_not_through(first: Evidence, servers: Sequence[Evidence]) -> str:
    lacking = dict.fromkeys(
        finding.place
        for evidence in servers
        if evidence.place.tree is Tree.STATIC
        for finding in judge(evidence)
        if finding.level is Level.FAIL and finding.id in _BEFORE_THE_CDN
    )
    if lacking:
        return (
            f"{', '.join(lacking)} must have it first, or the CDN would only see what is "
            "missing there"
        )
    if not servers and _keeps_what_is_missing(first):
        return "it would keep what it is told of a file that is missing"
    return ""


def _keeps_what_is_missing(evidence: Evidence) -> bool:
    answer = evidence.missing
    return answer is not None and (answer.status < 400 or bool(lifetime(answer)))


def _undecoded(asked: Iterable[Evidence]) -> list[str]:
    return [
        f"answers in br of {evidence.place.url}: Brotli must be installed to decode what "
        "was not published, such as by pip install 'dj-cloudfront[brotli]'"
        for evidence in asked
        if any(has_right_bytes(evidence, said) is None for said in evidence.files)
    ]


def _about_index(build: Build | None) -> list[str]:
    if build is None or build.has_index:
        return []
    return [
        "the index of the build: it has none, so the files on this disk were read; "
        "'manage.py cdn publish' writes one"
    ]


def _counted(build: Build | None) -> tuple[int, int]:
    if build is None:
        return 0, 0
    return len(build.sample) + len(build.others), build.total
