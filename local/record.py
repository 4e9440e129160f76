"""What runs now, written down: for the other commands, and for a crash of the supervisor."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from dj_cloudfront.contract import Output
from local.processes import start_time
from local.state import State, read_json, write_atomically

SITE_HOST = "www.cloudfront.localhost"
"""The page's name: cookies need a parent that it shares with the distributions."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where everything listens, on 127.0.0.1.

    :param django: None where the site is not ours, and was started by somebody else.
    :param tls: The edge's second listener. None: it has HTTP alone.
    """

    aws: int
    edge: int
    web: int
    django: int | None = None
    tls: int | None = None

    @property
    def site_url(self) -> str:
        host = "localhost" if self.django is None else SITE_HOST
        return f"http://{host}:{self.web}/"


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process by pid and start time, since a pid alone is used again."""

    name: str
    pid: int
    started: int

    @property
    def is_alive(self) -> bool:
        return start_time(self.pid) == self.started


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of ``up``."""

    supervisor: Process
    children: tuple[Process, ...]
    stack: str
    ports: Ports

    def write(self, state: State) -> None:
        write_atomically(state.running, json.dumps(asdict(self), indent=2))

    def child(self, name: str) -> Process | None:
        """A child that is alive."""
        found = (one for one in self.children if one.name == name and one.is_alive)
        return next(found, None)


def read_record(state: State) -> RunRecord | None:
    """The record of the last run, or None when it ended well."""
    found = read_json(state.running)
    try:
        return RunRecord(
            supervisor=Process(**found["supervisor"]),
            children=tuple(Process(**child) for child in found["children"]),
            stack=found["stack"],
            ports=Ports(**found["ports"]),
        )
    except (KeyError, TypeError):
        return None


def require_record(state: State) -> RunRecord:
    """The record of what runs now.

    :raises SystemExit: when nothing does.
    """
    record = read_record(state)
    if record is None or not record.supervisor.is_alive:
        raise SystemExit("nothing runs: start it with 'python -m local up'")
    return record


@dataclass(frozen=True, kw_only=True)
class Domains:
    """The deployed names of a stack, and their URLs on this machine."""

    static: str
    media: str
    private: str | None
    url_format: str

    @property
    def static_url(self) -> str:
        return self._url(self.static)

    @property
    def media_url(self) -> str:
        return self._url(self.media)

    @property
    def private_url(self) -> str | None:
        return self._url(self.private) if self.private else None

    def _url(self, name: str) -> str:
        return self.url_format.format(domain=name, label=name.partition(".")[0])


def read_outputs(state: State, stack: str) -> dict[str, Any]:
    """The outputs of a stack, by name.

    :raises SystemExit: when the file has none.
    """
    try:
        return dict(read_json(state.outputs)[stack])
    except (KeyError, TypeError, ValueError):
        raise SystemExit(_no_outputs(state, stack)) from None


def read_domains(state: State, stack: str, ports: Ports) -> Domains:
    """The names that the outputs file has for a stack.

    :raises SystemExit: when it has none.
    """
    outputs = read_outputs(state, stack)
    try:
        static = outputs[Output.STATIC_DOMAIN_NAME]
        media = outputs[Output.MEDIA_DOMAIN_NAME]
        targets = outputs[Output.STATIC_DNS_TARGET], outputs[Output.MEDIA_DNS_TARGET]
    except KeyError:
        raise SystemExit(_no_outputs(state, stack)) from None
    # The edge knows CloudFront's own names by their first label, and aliases as they are.
    form = "{label}.cloudfront" if (static, media) == targets else "{domain}"
    return Domains(
        static=static,
        media=media,
        private=outputs.get(Output.PRIVATE_DOMAIN_NAME),
        url_format=(
            f"https://{form}.localhost:{ports.tls}"
            if ports.tls
            else f"http://{form}.localhost:{ports.edge}"
        ),
    )


def _no_outputs(state: State, stack: str) -> str:
    return (
        f"{state.outputs} must hold the outputs of {stack}: remove {state.deployed} and "
        "start again"
    )
