"""The order of a check: the servers first, the CDN only once they all have the build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.inspection import questions
from dj_cloudfront.inspection.evidence import (
    Evidence,
    Progress,
    again,
    ask_all,
    joined,
)
from dj_cloudfront.inspection.findings import Finding, Level, Report, without_secrets
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
from dj_cloudfront.settings import Cdn

# With any of these at a server, the CDN would be given what is not the build.
_BEFORE_THE_CDN = {"reach", "certificate", "status", "redirect", "login", "bytes"}

_NO_INDEX = (
    "the index of the build: it has none, so the files on this disk were read; 'manage.py "
    "cdn publish' writes one"
)


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
    urls, not_checked = cdn_urls(plan.cdn)
    trees = [tree for tree in Tree if plan.cdn.is_local or tree in urls]
    servers = _servers(plan, trees)
    if plan.only is Kind.ORIGIN:
        urls, not_checked = {}, [] if plan.cdn.is_local else not_checked
    elif not plan.options.origins:
        not_checked.append("the servers: no --origin was given")
    _check_is_anything(plan, urls)
    build = _build(plan) if Tree.STATIC in trees else None
    if build is not None and not build.has_index:
        not_checked.append(_NO_INDEX)
    asked = [_survey(plan, place, build, progress) for place in servers]
    findings = [finding for evidence in asked for finding in judge(evidence)]
    behind = [cdn_place(urls[tree], plan.options, tree=tree) for tree in urls]
    for place in behind:
        evidence, notes = _survey_cdn(plan, place, build, findings, progress)
        asked.append(evidence)
        not_checked += notes
        findings += judge(evidence)
    findings += agreement(asked)
    not_checked += _undecoded(asked)
    for place in [*servers, *behind]:
        place.client.close()
    report = Report(
        build_version=plan.build_version,
        findings=tuple(findings),
        not_checked=tuple(not_checked),
        files=_counted(build),
    )
    return without_secrets(report, plan.options.headers.values())


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
    first = before or _first(plan, place, progress)
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


def _first(plan: Plan, place: Place, progress: Progress) -> Evidence:
    asked = questions.missing_questions(place.tree, plan.build_version)
    return ask_all(
        place,
        asked,
        site=site_of(place, plan.options, plan.allowed_hosts),
        progress=progress,
    )


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
    findings: Sequence[Finding],
    progress: Progress,
) -> tuple[Evidence, list[str]]:
    """What the CDN says. It is not asked for files that it would get wrong from a server."""
    if place.tree is not Tree.STATIC:
        return _survey(plan, place, build, progress), []
    first = _first(plan, place, progress)
    lacking = dict.fromkeys(
        one.place
        for one in findings
        if one.level is Level.FAIL
        and one.id in _BEFORE_THE_CDN
        and one.tree == Tree.STATIC
    )
    why = ""
    if lacking:
        why = (
            f"{', '.join(lacking)} must have it first, or the CDN would only see what is "
            "missing there"
        )
    elif not plan.options.origins and _keeps_what_is_missing(first):
        why = "it would keep what it is told of a file that is missing"
    if not why:
        return _survey(plan, place, build, progress, first), []
    note = f"build {plan.build_version} through the CDN: {why}"
    return _survey(plan, place, None, progress, first), [note]


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


def _counted(build: Build | None) -> tuple[int, int]:
    if build is None:
        return 0, 0
    return len(build.sample) + len(build.others), build.total
