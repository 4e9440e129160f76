"""A picture that needs a signature, and what the CDN answers to this browser without one."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import storages
from django.http import HttpRequest

from dj_cloudfront.media.cookies import NAMES
from dj_cloudfront.storage import PrivateMediaStorage

PICTURE = "sunset.png"


def storage() -> PrivateMediaStorage | None:
    """None where no distribution for private files is deployed."""
    found = storages["private"] if "private" in settings.STORAGES else None
    return found if isinstance(found, PrivateMediaStorage) else None


def plain_url(private: PrivateMediaStorage) -> str:
    """The picture's URL for those who have cookies."""
    return f"{private.base_url}{PICTURE}"


def has_cookies(request: HttpRequest) -> bool:
    return any(name in request.COOKIES for name in NAMES)


def ask(url: str, request: HttpRequest) -> dict[str, str]:
    """Ask as this browser would, with its cookies.

    Django asks: a refusal by the CDN has no CORS headers, so a script sees no status of it.
    """
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    host = parts.hostname or ""
    # Browsers know *.localhost; the resolver of a system may not.
    address = "127.0.0.1" if host.endswith(".localhost") else host
    cookies = [
        f"{name}={request.COOKIES[name]}" for name in NAMES if name in request.COOKIES
    ]
    headers = {
        "Host": parts.netloc,
        **({"Cookie": "; ".join(cookies)} if cookies else {}),
    }
    connection = kind(address, parts.port, timeout=10)
    try:
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
    # A cookie can hold what no header may.
    except (OSError, ValueError, http.client.HTTPException) as error:
        return {"status": f"failed: {error}", "xCache": "–", "age": "–"}
    else:
        return {
            "status": str(answer.status),
            "xCache": answer.getheader("X-Cache", "–"),
            "age": answer.getheader("Age", "–"),
        }
    finally:
        connection.close()
