"""``preflight``: all checks of one stack at the same time, printed as they end."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from cdn_review.cdk_cli import progress
from cdn_review.preflight.account import check_account, check_bootstrap, check_region
from cdn_review.preflight.clients import Aws, Clients, Dns
from cdn_review.preflight.domains import check_aliases, check_zone
from cdn_review.preflight.names_and_quotas import check_names, check_quota
from cdn_review.preflight.origin_answers import check_origin
from cdn_review.preflight.planned_stack import PlannedStack
from cdn_review.preflight.references import (
    check_buckets,
    check_certificate,
    check_secrets,
)
from cdn_review.snapshot import NESTED, chosen, read_folder
from cdn_review.terminal import is_coloured
from cdn_review.worktree import working_tree
from dj_cloudfront.aws_errors import error_message, is_denied, without_identifiers
from dj_cloudfront.findings import Finding, Level, skipped, warned

Check = Callable[[PlannedStack, Clients], Iterable[Finding]]

OF_THE_ACCOUNT: dict[str, Check] = {
    "region": check_region,
    "bootstrap": check_bootstrap,
    "names": check_names,
    "quota": check_quota,
    "certificate": check_certificate,
    "names in DNS": check_aliases,
    "hosted zone": check_zone,
    "secret": check_secrets,
    "bucket": check_buckets,
}
NOT_ASKED = (
    "whether AWS has verified the account for CloudFront: a first distribution may fail "
    "with 'Your account must be verified', which AWS Support lifts"
)
_AT_A_TIME = 6
_COLOURS = {Level.PASS: "32", Level.WARN: "33", Level.FAIL: "31;1", Level.SKIP: "2"}


def run(args: argparse.Namespace) -> int:
    """:raises ValueError: with one sentence, when it cannot be asked."""
    address = _address(args.origin_address) if args.origin_address else None
    # Synthesis takes longer than to learn that a profile is wrong.
    clients = Clients(
        aws=Aws.of_profile(args.profile), dns=Dns(), origin_address=address
    )
    if args.cdk_out:
        app = read_folder(args.cdk_out)
    else:
        app = working_tree(args.app_folder, cdk=args.cdk)
    (chosen_app,) = chosen([args.ENV], app)
    stack, *others = (
        stack for stack in chosen_app.stacks.values() if NESTED not in stack.name
    )
    if others:
        raise ValueError(f"ENV must be the name of one stack, got {args.ENV!r}")
    findings: list[Finding] = []
    colour = is_coloured(args.color)
    for finding in run_checks(PlannedStack(stack), clients):
        findings.append(finding)
        if not args.json:
            print(_line(finding, colour=colour), flush=True)
    is_ok = all(finding.level is not Level.FAIL for finding in findings)
    if args.json:
        print(_as_json(stack.name, findings, is_ok=is_ok))
    else:
        counted = Counter(finding.level for finding in findings)
        summary = ", ".join(f"{counted[level]} {level}" for level in Level)
        print(f"\nnot asked: {NOT_ASKED}\n{summary}")
    return 0 if is_ok else 1


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"--origin-address must be a host and a port, such as 127.0.0.1:8443, got {text!r}"
        )
    return host.strip("[]"), int(port)


def _line(finding: Finding, *, colour: bool) -> str:
    """One finding, with its hint below."""
    level = f"{finding.level:<4}"
    if colour:
        level = f"\x1b[{_COLOURS[finding.level]}m{level}\x1b[0m"
    text = f"{level}  {finding.id}: {_clean(finding.message)}"
    return f"{text}\n      -> {_clean(finding.hint)}" if finding.hint else text


def _as_json(stack: str, findings: Sequence[Finding], *, is_ok: bool) -> str:
    listed = [
        {
            "id": finding.id,
            "level": str(finding.level),
            "message": _clean(finding.message),
            "hint": _clean(finding.hint),
        }
        for finding in findings
    ]
    data = {"ok": is_ok, "stack": stack, "findings": listed, "not_asked": [NOT_ASKED]}
    return json.dumps(data, indent=2)


def _clean(text: str) -> str:
    """No account, key or control character reaches a log."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return without_identifiers(shown, longest=1000)


def run_checks(planned: PlannedStack, clients: Clients) -> Iterator[Finding]:
    """The findings in the order of the checks, each as soon as it is known.

    Checks of the account are left out if it is not the stack's.
    """
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        server = pool.submit(findings_of, "origin", check_origin, planned, clients)
        account = findings_of("account", check_account, planned, clients)
        yield from account
        if any(finding.level is Level.FAIL for finding in account):
            reason = "left out, as it is another account"
            yield from (skipped(name, reason) for name in OF_THE_ACCOUNT)
        else:
            progress(f"asking the account, {len(OF_THE_ACCOUNT)} checks")
            asked = [
                pool.submit(findings_of, name, check, planned, clients)
                for name, check in OF_THE_ACCOUNT.items()
            ]
            for future in asked:
                yield from future.result()
        progress("asking the origin")
        yield from server.result()


def findings_of(
    name: str, check: Check, planned: PlannedStack, clients: Clients
) -> list[Finding]:
    """What a check found until its end, or until AWS did not answer."""
    found: list[Finding] = []
    try:
        found.extend(check(planned, clients))
    except (clients.aws.refused, clients.aws.unreachable) as error:
        call = getattr(error, "operation_name", "a call")
        if is_denied(error):
            message = f"cannot be checked, as the credentials may not call {call}"
            hint = "add what docs/preflight.md lists to their permissions"
        else:
            message = f"cannot be checked: {error_message(error)}"
            hint = "try again; if it stays, look into the console"
        found.append(warned(name, message, hint))
    return found or [skipped(name, "the template has nothing to look up")]
