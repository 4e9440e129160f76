"""The order of a check: the servers first, the CDN only once they all have the build."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

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
from dj_cloudfront.live_check.sampling import Build, read_build
from dj_cloudfront.live_check.targets import (
    TREES,
    Target,
    TargetKind,
    cdn_target,
    cdn_urls,
    origin_targets,
    site_of,
)

RULES = (
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
    progress: Progress | None = None


def check(plan: Plan) -> CheckReport:
    """Ask the servers and the CDN, and judge their answers.

    :raises ValueError: with one sentence, when there is nothing to ask or to compare with.
    """
    urls, notes = cdn_urls(plan.cdn)
    trees = [tree for tree in TREES if plan.cdn.is_local or tree in urls]
    if plan.only is TargetKind.ORIGIN:
        urls, notes = {}, [] if plan.cdn.is_local else notes
    elif not plan.options.origins:
        notes.append("the servers: no --origin was given")
    servers = _servers(plan, trees)
    if not servers and not urls:
        raise ValueError(_nothing_to_ask(plan))
    build = _build(plan) if Tree.STATIC in trees else None
    if build is not None and not build.has_index:
        notes.insert(
            0,
            "the index of the build: it has none, so the files on this disk were read; "
            "'manage.py cdn publish' writes one",
        )
    cdn = [cdn_target(url, plan.options, tree=tree) for tree, url in urls.items()]
    with contextlib.ExitStack() as opened:
        for target in (*servers, *cdn):
            opened.callback(target.client.close)
        asked = [
            _for_the_rest(plan, _for_missing_files(plan, target), build)
            for target in servers
        ]
        for target in cdn:
            first = _for_missing_files(plan, target)
            why_not = _why_not_for_the_build(first, asked)
            if why_not:
                notes.append(f"build {plan.build_version} through the CDN: {why_not}")
            asked.append(_for_the_rest(plan, first, None if why_not else build))
    findings = [finding for results in asked for finding in judge(results)]
    report = CheckReport(
        build_version=plan.build_version,
        findings=(*findings, *content.agreement(asked)),
        not_checked=(*notes, *_undecoded(asked)),
        files=(len(build.sample) + len(build.others), build.total) if build else (0, 0),
    )
    return cleaned(report, plan.options.without_secrets)


def judge(results: ProbeResults) -> Iterator[TargetFinding]:
    """The findings of each rule about a target. A rule without results has none."""
    for rule in RULES:
        yield from rule.findings(results)


def _servers(plan: Plan, trees: Sequence[Tree]) -> list[Target]:
    if plan.only is TargetKind.CDN:
        return []
    return [
        target
        for url in plan.options.origins
        for target in origin_targets(
            url, plan.options, allowed_hosts=plan.allowed_hosts, trees=trees
        )
    ]


def _nothing_to_ask(plan: Plan) -> str:
    if plan.only is TargetKind.ORIGIN:
        return "--only origin must come with servers, such as --origin https://10.0.0.5"
    return (
        "CDN must have URLs of a CDN to be asked, but the settings have local=True: run "
        "the check with the settings of the release, or name servers by --origin"
    )


def _build(plan: Plan) -> Build:
    root = Path(plan.cdn.builds_root)
    return read_build(
        root, plan.build_version, sample=plan.sample, everything=plan.everything
    )


def _for_missing_files(plan: Plan, target: Target) -> ProbeResults:
    asked = probes.missing_probes(target.tree, plan.build_version)
    site = site_of(target, plan.options, plan.allowed_hosts)
    return _ask_all(ProbeResults(target=target, site=site), asked)


def _for_the_rest(plan: Plan, first: ProbeResults, build: Build | None) -> ProbeResults:
    if not first.answered:
        # What does not answer is not asked again.
        return first
    if build and first.target.tree is Tree.STATIC:
        first = replace(first, index=build.index)
    return _ask_all(first, _probes(plan, first, build), progress=plan.progress)


def _probes(plan: Plan, first: ProbeResults, build: Build | None) -> Iterator[Probe]:
    target, stray = first.target, None
    if not target.is_origin:
        # The same names once more show whether the CDN keeps the answers.
        for result in first.of_kind(ProbeKind.MISSING):
            yield replace(result.probe, kind=ProbeKind.MISSING_AGAIN)
    if build is not None:
        stray = f"/{Tree.STATIC}{build.path_of(build.sample[0])}"
        if target.tree is Tree.STATIC:
            yield from probes.file_probes(build)
            yield from probes.build_probes(build)
    yield from probes.tree_probes(target, pages=plan.pages, stray=stray)


def _why_not_for_the_build(first: ProbeResults, asked: Sequence[ProbeResults]) -> str:
    # The CDN would get and keep a wrong answer.
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
    missing = [result.answer for result in first.of_kind(ProbeKind.MISSING)[:1]]
    if not servers and any(
        answer.status < 400 or caching.lifetime(answer) for answer in missing
    ):
        return "it would cache the answer for a missing file"
    return ""


def _undecoded(asked: Iterable[ProbeResults]) -> list[str]:
    return [
        f"answers in br of {results.target.url}: Brotli must be installed to decode what "
        "was not published, such as by pip install 'dj-cloudfront[brotli]'"
        for results in asked
        if any(content.has_right_bytes(results, one) is None for one in results.files)
    ]


def _ask_all(
    before: ProbeResults, probes: Iterable[Probe], progress: Progress | None = None
) -> ProbeResults:
    """What was answered before, and what is now. A failure keeps no other from being asked."""
    todo, target = list(probes), before.target
    answered, failures = list(before.answered), dict(before.failures)

    def ask(probe: Probe) -> HttpResponse | UnreachableError:
        headers = {"Accept-Encoding": CODINGS[probe.coding], **probe.headers}
        if probe.with_origin:
            headers["Origin"] = before.site
        path = probe.path if probe.raw else target.prefix + probe.path
        try:
            return target.ask(path, method=probe.method, headers=headers)
        except UnreachableError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            answers = pool.map(ask, todo)
            for done, (probe, answer) in enumerate(zip(todo, answers, strict=True), 1):
                if isinstance(answer, HttpResponse):
                    answered.append(ProbeResult(probe=probe, answer=answer))
                else:
                    failures[str(answer)] = answer.is_certificate
                if progress:
                    what = f"requests to {target.url} ({target.tree})"
                    progress(what, done, len(todo))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return replace(before, answered=tuple(answered), failures=failures)
