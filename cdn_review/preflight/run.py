"""All checks of a stack, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from cdn_review.preflight.account.bootstrap import check_bootstrap
from cdn_review.preflight.account.credentials import (
    check_credentials,
    check_region,
    check_stack,
)
from cdn_review.preflight.account.existing import (
    check_secret,
    check_topics,
    check_web_acl,
)
from cdn_review.preflight.account.names import check_names
from cdn_review.preflight.account.quota import check_quota
from cdn_review.preflight.account.storage import check_buckets, check_network
from cdn_review.preflight.aws import Aws, is_denied, reason
from cdn_review.preflight.domains.aliases import check_aliases
from cdn_review.preflight.domains.certificate import check_certificate
from cdn_review.preflight.domains.zone import check_zone
from cdn_review.preflight.origin.checking import check_origin
from cdn_review.preflight.result import Level, Result, skipped, warned
from cdn_review.preflight.target import Target

Check = Callable[[Target, Aws], Iterable[Result]]

OF_THE_ACCOUNT: dict[str, Check] = {
    "region": check_region,
    "stack": check_stack,
    "bootstrap": check_bootstrap,
    "names": check_names,
    "quota": check_quota,
    "certificate": check_certificate,
    "names in DNS": check_aliases,
    "hosted zone": check_zone,
    "origin secret": check_secret,
    "web ACL": check_web_acl,
    "buckets": check_buckets,
    "private network": check_network,
    "alarm topic": check_topics,
}
_AT_A_TIME = 6


def run_checks(
    target: Target,
    aws: Aws,
    *,
    elsewhere: tuple[str, int] | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Result]:
    """The results in the order of the checks, each as soon as those before it are known.

    Without credentials that work, and for another account than the stack's, what has to be
    asked of the account is left out.
    """
    origin = partial(check_origin, elsewhere=elsewhere)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        server = pool.submit(results_of, "origin", origin, target, aws)
        progress("asking who the credentials are of")
        first = results_of("credentials", check_credentials, target, aws)
        yield from first
        if any(one.level is Level.FAIL for one in first):
            why = "left out, as the account cannot be asked"
            yield from (skipped(name, why) for name in OF_THE_ACCOUNT)
        else:
            progress(f"asking the account, {len(OF_THE_ACCOUNT)} checks")
            asked = [
                pool.submit(results_of, name, check, target, aws)
                for name, check in OF_THE_ACCOUNT.items()
            ]
            for one in asked:
                yield from one.result()
        progress("asking the origin")
        yield from server.result()


def results_of(name: str, check: Check, target: Target, aws: Aws) -> list[Result]:
    """What a check found until the end, or until AWS did not answer."""
    found: list[Result] = []
    try:
        found.extend(check(target, aws))
    except aws.refused as error:
        call = str(getattr(error, "operation_name", "a call"))
        if is_denied(error):
            sentence = f"cannot be checked, as the credentials may not call {call}"
            cure = "add what docs/preflight.md lists to their permissions"
        else:
            sentence = f"cannot be checked, as AWS refuses {call}: {reason(error)}"
            cure = "try again; if it stays, look into the console"
        found.append(warned(name, sentence, cure))
    except aws.unreachable as error:
        sentence = f"cannot be checked, as AWS is not reached: {reason(error)}"
        found.append(warned(name, sentence, "look at the network and the region"))
    return found
