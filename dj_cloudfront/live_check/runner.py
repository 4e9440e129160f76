"""The order of a check: the servers first, the CDN only once they all have the build."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from dj_cloudfront.builds.index import Index
from dj_cloudfront.config import Cdn
from dj_cloudfront.contract import Tree
from dj_cloudfront.findings import Level
from dj_cloudfront.http_probe import HttpResponse, UnreachableError
from dj_cloudfront.live_check import probes
from dj_cloudfront.live_check.arguments import RequestOptions
from dj_cloudfront.live_check.check_report import CheckReport, TargetFinding, cleaned
from dj_cloudfront.live_check.probes import (
    CODINGS,
    Probe,
    ProbeKind,
    ProbeResult,
    ProbeResults,
)
from dj_cloudfront.live_check.rules import (
    availability,
    caching,
    content,
    cors,
    isolation,
)
from dj_cloudfront.live_check.rules.caching import lifetime
from dj_cloudfront.live_check.rules.consistency import agreement
from dj_cloudfront.live_check.rules.content import has_right_bytes
from dj_cloudfront.live_check.rules.rule import ProbeRule
from dj_cloudfront.live_check.sampling import Build, read_build
from dj_cloudfront.live_check.targets import (
    TREES,
    Target,
    TargetKind,
    cdn_target,
    cdn_urls,
    host_for,
    origin_targets,
    site_of,
)

RULES: tuple[ProbeRule, ...] = (
    *availability.RULES,
    *content.RULES,
    *cors.RULES,
    *caching.RULES,
    *isolation.RULES,
)
"""In the order of the report, which ends with ``agreement``."""

Progress = Callable[[str, int, int], None]

_AT_ONCE = 8
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
    options: RequestOptions
    build_version: str
    sample: int
    everything: bool
    only: TargetKind | None
    pages: tuple[str, ...]
    allowed_hosts: tuple[str, ...]


def check(plan: Plan, progress: Progress = lambda *_: None) -> CheckReport:
    """Ask the servers and the CDN, and judge their answers.

    :raises ValueError: with one sentence, when there is nothing to ask or to compare with.
    """
    urls, notes = cdn_urls(plan.cdn)
    trees = [tree for tree in TREES if plan.cdn.is_local or tree in urls]
    if plan.only is TargetKind.ORIGIN:
        urls, notes = {}, [] if plan.cdn.is_local else notes
    elif not plan.options.origins:
        notes.append("the servers: no --origin was given")
    _check_is_anything(plan, urls)
    build = _build(plan) if Tree.STATIC in trees else None
    if build is not None and not build.has_index:
        notes.insert(
            0,
            "the index of the build: it has none, so the files on this disk were read; "
            "'manage.py cdn publish' writes one",
        )
    servers = _servers(plan, trees)
    cdn = [cdn_target(url, plan.options, tree=tree) for tree, url in urls.items()]
    with contextlib.ExitStack() as opened:
        for target in (*servers, *cdn):
            opened.callback(target.client.close)
        asked = [_ask_target(plan, target, build, progress) for target in servers]
        for target in cdn:
            first = _first_round(plan, target)
            why_not = _why_not_for_the_build(first, asked)
            if why_not:
                notes.append(f"build {plan.build_version} through the CDN: {why_not}")
            of_build = None if why_not else build
            asked.append(_second_round(plan, first, of_build, progress))
    findings = [finding for results in asked for finding in judge(results)]
    report = CheckReport(
        build_version=plan.build_version,
        findings=(*findings, *agreement(asked)),
        not_checked=(*notes, *_undecoded(asked)),
        files=(len(build.sample) + len(build.others), build.total) if build else (0, 0),
    )
    return cleaned(report, plan.options.without_secrets)


def judge(results: ProbeResults) -> Iterator[TargetFinding]:
    """The findings of each rule about a target. A rule without results has none."""
    for rule in RULES:
        yield from rule.findings(results)


def _check_is_anything(plan: Plan, urls: dict[Tree, str]) -> None:
    if plan.only is TargetKind.ORIGIN and not plan.options.origins:
        raise ValueError(
            "--only origin must come with servers, such as --origin https://10.0.0.5"
        )
    if not urls and plan.only is not TargetKind.ORIGIN and not plan.options.origins:
        raise ValueError(
            "CDN must have URLs of a CDN to be asked, but the settings have local=True: run "
            "the check with the settings of the release, or name servers by --origin"
        )


def _servers(plan: Plan, trees: Sequence[Tree]) -> list[Target]:
    if plan.only is TargetKind.CDN:
        return []
    return [
        target
        for url in plan.options.origins
        for target in origin_targets(
            url,
            plan.options,
            host=host_for(url, plan.options, plan.allowed_hosts),
            trees=trees,
        )
    ]


def _build(plan: Plan) -> Build:
    root = Path(plan.cdn.builds_root)
    return read_build(
        root, plan.build_version, sample=plan.sample, everything=plan.everything
    )


def _ask_target(
    plan: Plan, target: Target, build: Build | None, progress: Progress
) -> ProbeResults:
    return _second_round(plan, _first_round(plan, target), build, progress)


def _first_round(plan: Plan, target: Target) -> ProbeResults:
    """Ask a target for missing files."""
    asked = probes.missing_probes(target.tree, plan.build_version)
    site = site_of(target, plan.options, plan.allowed_hosts)
    return ask_all(target, asked, site=site)


def _second_round(
    plan: Plan, first: ProbeResults, build: Build | None, progress: Progress
) -> ProbeResults:
    """The rest; a target that did not answer before is not asked again."""
    if not first.answered:
        return first
    target = first.target
    index = build.index if build and target.tree is Tree.STATIC else None
    asked = list(_probes(plan, first, build))
    second = ask_all(target, asked, site=first.site, index=index, progress=progress)
    return replace(
        second,
        answered=(*first.answered, *second.answered),
        failures={**first.failures, **second.failures},
    )


def _probes(plan: Plan, first: ProbeResults, build: Build | None) -> Iterator[Probe]:
    target, stray = first.target, None
    if not target.is_origin:
        # The same names once more show whether the CDN keeps the answers.
        for result in first.of_kind(ProbeKind.MISSING):
            yield replace(result.probe, kind=ProbeKind.MISSING_AGAIN)
    if build is not None:
        name = build.sample[0]
        stray = f"/{Tree.STATIC}{build.path_of(name)}"
        if target.tree is Tree.STATIC:
            yield from probes.file_probes(build, (*build.sample, *build.others))
            yield from probes.variant_probes(build, build.sample)
            yield from probes.script_probes(build, build.sample)
            yield from probes.build_probes(
                build.version, name, has_index=build.has_index
            )
    yield from probes.tree_probes(target, pages=plan.pages, stray=stray)


def _why_not_for_the_build(first: ProbeResults, asked: Sequence[ProbeResults]) -> str:
    """Why the CDN is not asked for files: it would get and keep a wrong answer."""
    if first.target.tree is not Tree.STATIC:
        return ""
    servers = [results for results in asked if results.target.is_origin]
    lacking = dict.fromkeys(
        finding.target
        for results in servers
        if results.target.tree is Tree.STATIC
        for finding in judge(results)
        if finding.level is Level.FAIL and finding.id in _BEFORE_THE_CDN
    )
    if lacking:
        return (
            f"{', '.join(lacking)} must have it first: the CDN would only find errors "
            "there"
        )
    if not servers and _keeps_what_is_missing(first):
        return "it would cache the answer for a missing file"
    return ""


def _keeps_what_is_missing(results: ProbeResults) -> bool:
    first = results.of_kind(ProbeKind.MISSING)[:1]
    return any(
        result.answer.status < 400 or lifetime(result.answer) for result in first
    )


def _undecoded(asked: Iterable[ProbeResults]) -> list[str]:
    return [
        f"answers in br of {results.target.url}: Brotli must be installed to decode what "
        "was not published, such as by pip install 'dj-cloudfront[brotli]'"
        for results in asked
        if any(has_right_bytes(results, result) is None for result in results.files)
    ]


def ask_all(
    target: Target,
    probes: Iterable[Probe],
    *,
    site: str,
    index: Index | None = None,
    progress: Progress = lambda *_: None,
) -> ProbeResults:
    """Ask a few at a time. A failure of one does not keep the others from being asked."""
    todo = list(probes)
    answered: list[ProbeResult] = []
    failures: dict[str, bool] = {}

    def ask(probe: Probe) -> HttpResponse | UnreachableError:
        try:
            return _ask(target, probe, site)
        except UnreachableError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            answers = pool.map(ask, todo)
            for done, (probe, answer) in enumerate(zip(todo, answers, strict=True)):
                if isinstance(answer, HttpResponse):
                    answered.append(ProbeResult(probe=probe, answer=answer))
                else:
                    failures[str(answer)] = answer.is_certificate
                progress(
                    f"requests to {target.url} ({target.tree})", done + 1, len(todo)
                )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return ProbeResults(
        target=target,
        site=site,
        index=index,
        answered=tuple(answered),
        failures=failures,
    )


def _ask(target: Target, probe: Probe, site: str) -> HttpResponse:
    headers = {"Accept-Encoding": CODINGS[probe.coding], **probe.headers}
    if probe.with_origin:
        headers["Origin"] = site
    ask = target.ask_raw if probe.raw else target.ask
    return ask(probe.path, method=probe.method, headers=headers)
