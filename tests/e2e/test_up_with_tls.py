"""``python -m local up --tls``: files by HTTPS, with certificates of the local authority."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

import pytest
from local_support import LocalSite


@pytest.mark.slow
def test_files_come_by_https_from_an_authority_that_status_names(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    with LocalSite(state, "--tls") as site:
        status = site.status
        assert f"browsers have to trust {status['tls']}" in site.said
        url = urlsplit(status["static"])
        assert url.scheme == "https"
        context = ssl.create_default_context(cafile=status["tls"])
        with (
            socket.create_connection(("127.0.0.1", url.port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=url.hostname) as viewer,
        ):
            target = f"{url.path}gallery/css/site.css"
            head = f"GET {target} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n"
            viewer.sendall(head.encode())
            assert viewer.recv(65536).startswith(b"HTTP/1.1 200 ")
