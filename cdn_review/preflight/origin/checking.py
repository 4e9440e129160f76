"""The servers of a stack, one after the other."""

from __future__ import annotations

import datetime as dt
import http.client
import secrets
import ssl
from collections.abc import Iterator

from cdn_review.delivery.model import Delivery, Origin
from cdn_review.preflight.aws import Aws
from cdn_review.preflight.origin.answering import judged_admin, judged_missing
from cdn_review.preflight.origin.reaching import (
    Address,
    ask,
    connect,
    is_public,
    resolved,
    shake_hands,
)
from cdn_review.preflight.result import Result, failed, passed, skipped, warned
from cdn_review.preflight.target import Target
from dj_cloudfront.contract import TREE_HEADER

_SOON = dt.timedelta(days=14)
_AGENT = "Amazon CloudFront"


def check_origin(
    target: Target, aws: Aws, *, elsewhere: tuple[str, int] | None = None
) -> Iterator[Result]:
    """Reachable, with a valid certificate, and answering as a file server should.

    :param elsewhere: Where to connect instead of where DNS leads.
    """
    if not target.servers:
        yield skipped("origin", "no server is asked over the internet")
        return
    reachable: set[tuple[str, int]] = set()
    broken: set[tuple[str, int]] = set()
    for role, origin, delivery in target.servers:
        port = origin.port if isinstance(origin.port, int) else 443
        address = Address(
            host=origin.domain_name,
            port=port,
            elsewhere=elsewhere,
            is_plain=origin.protocol == "http-only",
        )
        place = (address.host, address.port)
        if place in broken:
            continue
        if place not in reachable:
            found = list(_reach(address))
            yield from found
            if any(one.level == "FAIL" for one in found):
                broken.add(place)
                continue
            reachable.add(place)
        yield from _answers(role, origin, delivery, address)


def _reach(address: Address) -> Iterator[Result]:
    if address.elsewhere is None:
        wrong = _dns(address.host)
        if wrong:
            yield wrong
            return
    try:
        if address.is_plain:
            connect(address).close()
            yield passed("origin", f"{address.host} is reachable, without TLS")
            return
        with shake_hands(address) as connection:
            yield _certificate(address, connection)
    except ssl.SSLCertVerificationError as error:
        sentence = (
            f"the certificate of {address.host} is refused: {error.verify_message}"
        )
        cure = (
            "CloudFront answers 502 then: install a public, complete chain for the name"
        )
        yield failed("origin", sentence, cure)
    except ssl.SSLError as error:
        why = str(error.reason or "it failed").lower().replace("_", " ")
        sentence = f"{address.host} does not speak TLS 1.2 or later: {why}"
        yield failed("origin", sentence, "switch it on at the web server")
    except OSError as error:
        why = (error.strerror or str(error) or "no answer").lower()
        sentence = f"{address.host} does not answer on port {address.port}: {why}"
        cure = "start it, and open the port to CloudFront"
        yield failed("origin", sentence, cure)


def _dns(host: str) -> Result | None:
    addresses = resolved(host)
    if not addresses:
        sentence = f"{host} has no address in DNS"
        return failed(
            "origin", sentence, "add the record, or correct origin in cdk.json"
        )
    private = [one for one in addresses if not is_public(one)]
    if private:
        sentence = f"{host} leads to an address that is not on the internet"
        cure = "use its public name, or a VPC origin: docs/origins.md has it"
        return failed("origin", sentence, cure)
    return None


def _certificate(address: Address, connection: ssl.SSLSocket) -> Result:
    about = connection.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(about["notAfter"]))
    left = dt.datetime.fromtimestamp(ends, dt.UTC) - dt.datetime.now(dt.UTC)
    if left < _SOON:
        sentence = f"the certificate of {address.host} ends in {left.days} days"
        cure = "renew it: CloudFront answers 502 from then on"
        return warned("origin", sentence, cure)
    return passed("origin", f"{address.host} is reachable, with a valid certificate")


def _answers(
    role: str, origin: Origin, delivery: Delivery, address: Address
) -> Iterator[Result]:
    tree = origin.headers.get(TREE_HEADER.lower(), "")
    headers = {"User-Agent": _AGENT, **({TREE_HEADER: tree} if tree else {})}
    missing = f"{origin.path}/preflight-{secrets.token_hex(8)}.css"
    try:
        answer = ask(address, missing, {**headers, "Origin": f"https://{address.host}"})
        yield from judged_missing(role, answer, origin, delivery)
        if tree:
            yield judged_admin(role, ask(address, "/admin/", headers))
    except (OSError, http.client.HTTPException) as error:
        why = type(error).__name__ if not str(error) else str(error)[:120]
        sentence = f"of the {role} gives no answer of HTTP: {why}"
        yield failed("origin", sentence, "look at the log of the web server")
