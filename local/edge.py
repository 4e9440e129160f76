"""``edge``: the local AWS and the edge alone, in front of a site of one's own."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Mapping
from contextlib import suppress

from dj_cloudfront.contract import Output
from local import supervisor
from local.aws import cdk
from local.progress import Progress
from local.record import read_domains, read_outputs
from local.state import State, write_atomically
from local.supervisor import Supervisor

# What config() reads from the environment in place of an outputs file.
_READ_BY_DJANGO = (
    Output.STATIC_DOMAIN_NAME,
    Output.MEDIA_DOMAIN_NAME,
    Output.PRIVATE_DOMAIN_NAME,
    Output.MEDIA_DISTRIBUTION_ID,
    Output.PRIVATE_DISTRIBUTION_ID,
    Output.MEDIA_KEY_PAIR_ID,
    Output.MEDIA_KEY_PAIR_IDS,
)


def edge(
    state: State,
    origin: str,
    environment: str,
    wanted: Mapping[str, int | None],
    progress: Progress,
) -> None:
    """Deploy, start the edge, and stay until it ends.

    :param origin: Where the site's own server listens, such as ``127.0.0.1:8081``.
    :param environment: An environment of cdk.json, deployed as it is.
    :raises SystemExit: when something cannot start or ends by itself.
    """
    stack, name = cdk.site_stack(environment)
    port = _loopback_port(origin)

    def bring_up(running: Supervisor) -> str:
        supervisor.deploy(running, progress)
        supervisor.start_edge(running, name, origin, progress)
        write_atomically(
            state.shared_outputs, state.outputs.read_text("utf-8"), mode=0o644
        )
        return _announcement(running, origin)

    supervisor.run(state, stack, wanted, bring_up, progress, web=port)


def _loopback_port(origin: str) -> int:
    host, _, port = origin.rpartition(":")
    with suppress(ValueError):
        is_loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
        if is_loopback and port.isdecimal() and 0 < int(port) < 65536:
            return int(port)
    raise SystemExit(
        "--origin must be a loopback address and the port of your server, such as "
        f"127.0.0.1:8081, got {origin!r}"
    )


def _announcement(running: Supervisor, origin: str) -> str:
    state, stack = running.state, running.stack
    domains = read_domains(state, stack, running.ports)
    outputs = read_outputs(state, stack)
    names = " ".join(
        f"{output.name}={shlex.quote(str(outputs[output]))}"
        for output in _READ_BY_DJANGO
        if output in outputs
    )
    trust = f"  trust   {state.authority}\n" if running.ports.tls else ""
    return (
        f"\n  static  {domains.static_url}/<build>/ is http://{origin}/static/<build>/\n"
        f"  media   {domains.media_url}/ is http://{origin}/media/\n"
        f"  file    {state.shared_outputs}   (stack {stack})\n{trust}\n"
        "Where your site is published and started:\n\n"
        f"export {names}\n"
        f"export DJ_CLOUDFRONT_URL_FORMAT={shlex.quote(domains.url_format)}\n\n"
        f"Then open {running.ports.site_url} in Chromium; end with Ctrl-C.\n"
    )
