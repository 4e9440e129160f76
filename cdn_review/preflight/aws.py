"""AWS, to be asked and not to be changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from cdn_review.redaction import redact_text

GLOBAL_REGION = "us-east-1"
# What a call that only reads is named. Checked for each one before it is sent.
_READING = re.compile(r"(Get|List|Describe|Head)[A-Z]")
_SECRET_VALUE = "GetSecretValue"
_DENIED = re.compile(r"AccessDenied|Unauthorized|NotAuthorized|Forbidden|^403$")
MOST_PAGES = 50


class Aws:
    """Clients of one account that read, and the errors that they raise.

    :param profile: Of the configuration files; by default what the environment says.
    :raises ValueError: when boto3 is missing, or there is no such profile.
    """

    def __init__(self, *, profile: str | None = None, session: Any = None) -> None:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise ValueError(
                "boto3 must be installed to ask AWS, and it is not: 'pip install boto3'"
            ) from None
        self.refused: type[Exception] = ClientError
        self.unreachable: type[Exception] = BotoCoreError
        self.calls: set[str] = set()
        try:
            made = session or boto3.Session(profile_name=profile)
            self._session: Any = made
        except BotoCoreError as error:
            raise ValueError(str(error)) from None

    @property
    def configured_region(self) -> str:
        return str(self._session.region_name or GLOBAL_REGION)

    def client(self, service: str, region: str = GLOBAL_REGION) -> Any:
        """A client that refuses every call that could change something."""
        from botocore.config import Config

        config = Config(
            connect_timeout=5,
            read_timeout=15,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        client = self._session.client(service, region_name=region, config=config)
        client.meta.events.register("before-call", self._only_reading)
        return client

    def _only_reading(self, model: Any, **rest: Any) -> None:
        if not _READING.match(model.name) or model.name == _SECRET_VALUE:
            raise RuntimeError(f"{model.name} is not a call that only reads")
        self.calls.add(f"{model.service_model.signing_name}:{model.name}")


def pages(call: Callable[..., Any], key: str, **given: Any) -> Iterator[Any]:
    """The items of CloudFront's lists, page by page.

    Its policies and functions have no paginator in botocore.
    """
    marker: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        answer = call(**given, **marker)[key]
        yield from answer.get("Items") or ()
        following = answer.get("NextMarker")
        if not following:
            return
        marker = {"Marker": following}


def code_of(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: Any) -> bool:
    """Whether the credentials may not ask."""
    return bool(_DENIED.search(code_of(error)))


def reason(error: Exception) -> str:
    """What AWS or the way to it says, on one line, without accounts and ARNs."""
    text = re.sub(r"arn:\S+", "an ARN", redact_text(str(error)))
    return " ".join(text.split())[:240].rstrip(".")
