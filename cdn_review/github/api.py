"""Requests to GitHub's API: one host that gets the token, bounded answers, few retries."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, cast
from urllib.parse import SplitResult, urlencode, urlsplit

from cdn_review.packs.strict_json import parse
from cdn_review.words import Value

_TIMEOUT = 30
_ANSWER_BYTES = 16 * 1024 * 1024
_ERROR_BYTES = 64 * 1024
_ATTEMPTS = 4
_LONGEST_WAIT = 60
_PAGE = 100
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OVERLOADED = (500, 502, 503, 504)
_LIMITED = (403, 429)
_AGAIN_IS_THE_SAME = ("GET", "PATCH", "DELETE")


class ApiError(ValueError):
    """GitHub did not do what it was asked. Its text names no token and no query."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Api:
    """GitHub's REST API with a token."""

    def __init__(
        self, *, url: str, token: str, wait: Callable[[float], None] | None = None
    ) -> None:
        """``url`` is what a job has in ``GITHUB_API_URL``.

        Raises ValueError if it is not HTTPS, for the token would be read on the way, or if
        there is no token.
        """
        self._base = url.rstrip("/")
        parts = urlsplit(self._base)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError(
                "GITHUB_API_URL must be an HTTPS address, such as https://api.github.com"
            )
        if not token:
            raise ValueError(
                "GITHUB_TOKEN must be set, such as by env: GITHUB_TOKEN: "
                "${{ github.token }} in the step"
            )
        self._token = token
        self._wait = wait or time.sleep
        self._opener = urllib.request.build_opener(_Redirects(parts))

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON under a path such as ``/repos/owner/name``."""
        return parse(self._read("GET", path, query=query), name="GitHub's answer")

    def pages(self, path: str, *, most: int, **query: str | int) -> Iterator[Any]:
        """The items of a list, of at most so many pages of 100."""
        for page in range(1, most + 1):
            items = self.get(path, per_page=_PAGE, page=page, **query)
            if not isinstance(items, list):
                raise ApiError(f"GitHub must answer a list to GET {path}")
            yield from items
            if len(items) < _PAGE:
                return

    def send(self, method: str, path: str, content: Mapping[str, Any] | None) -> None:
        """Change something."""
        data = None if content is None else json.dumps(content).encode()
        self._read(method, path, data=data)

    def download(self, path: str, *, most: int) -> bytes:
        """The bytes behind a path, from another host if GitHub says so, without the token.

        Raises ValueError if there are more than ``most``.
        """
        return self._read("GET", path, most=most)

    def _read(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        data: bytes | None = None,
        most: int = _ANSWER_BYTES,
    ) -> bytes:
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        what = f"{method} {path}"
        for attempt in range(1, _ATTEMPTS + 1):
            is_last = attempt == _ATTEMPTS
            try:
                return self._once(method, url, data, most=most, what=what)
            except urllib.error.HTTPError as error:
                with error:
                    pause = _pause(error, method, attempt)
                    if is_last or pause is None:
                        raise _refused(error, what) from None
            except (OSError, HTTPException) as error:
                if is_last or method not in _AGAIN_IS_THE_SAME:
                    raise ApiError(_unreachable(error, what)) from None
                pause = float(attempt)
            self._wait(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(
        self, method: str, url: str, data: bytes | None, *, most: int, what: str
    ) -> bytes:
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", "cdn-review")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        # Unredirected: whether it goes on to another address is _Redirects' to say.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        with self._opener.open(request, timeout=_TIMEOUT) as answer:
            found = cast(bytes, answer.read(most + 1))
        if len(found) > most:
            raise ValueError(f"the answer to {what} must have at most {most} bytes")
        return found


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect of what only reads, and leaves the token behind.

    An artifact is on a host of its own, which refuses the token, and it is not theirs.
    """

    max_redirections = 4

    def __init__(self, base: SplitResult) -> None:
        self._base = base

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        target = urlsplit(newurl)
        if req.get_method() != "GET" or target.scheme not in (
            "https",
            self._base.scheme,
        ):
            return None
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if followed and (target.scheme, target.netloc) == self._base[:2]:
            token = req.get_header("Authorization")
            if token:
                followed.add_unredirected_header("Authorization", token)
        return followed


def _pause(error: urllib.error.HTTPError, method: str, attempt: int) -> float | None:
    """How long to wait before the same request makes sense again; None if it does not.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    after = error.headers.get("Retry-After", "")
    if error.code in _LIMITED and after.isdecimal():
        return min(float(after), _LONGEST_WAIT)
    if error.code == 429:
        return float(_LONGEST_WAIT)
    if error.code in _OVERLOADED and method in _AGAIN_IS_THE_SAME:
        return float(attempt)
    return None


def _refused(error: urllib.error.HTTPError, what: str) -> ApiError:
    cures = {
        401: "the token must be valid, such as ${{ github.token }}",
        403: "the job must have the permission, such as pull-requests: write",
        404: "it is not there, or the job must have the permission to see it",
    }
    said = _message(error)
    text = f"GitHub answered {error.code} to {what}"
    text += f" and said {Value(said).text!r}" if said else ""
    cure = cures.get(error.code)
    return ApiError(f"{text}: {cure}" if cure else text, status=error.code)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        said = parse(error.read(_ERROR_BYTES), name="the answer")
    except (ValueError, OSError, HTTPException):
        return ""
    message = said.get("message") if isinstance(said, dict) else None
    return message if isinstance(message, str) else ""


def _unreachable(error: Exception, what: str) -> str:
    # The reason alone: the whole text may have the address with its query.
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    kind = "it took too long" if isinstance(reason, TimeoutError) else "it failed"
    strerror = getattr(reason, "strerror", None)
    return f"GitHub must answer {what}, and {strerror or kind}".lower()
