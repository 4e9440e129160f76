"""All checks of a stack, at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from cdn_review.preflight.account import check_account, check_bootstrap, check_region
from cdn_review.preflight.certificate import check_certificate
from cdn_review.preflight.clients import Clients
from cdn_review.preflight.domains import check_aliases, check_zone
from cdn_review.preflight.names_and_quotas import check_names, check_quota
from cdn_review.preflight.origin_answers import check_origin
from cdn_review.preflight.planned_stack import PlannedStack
from cdn_review.preflight.references import check_buckets, check_secrets
from dj_cloudfront.aws_errors import error_message, is_denied
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


def run_checks(
    planned: PlannedStack, clients: Clients, progress: Callable[[str], None]
) -> Iterator[Finding]:
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
