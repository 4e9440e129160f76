"""Who answers CORS, as a value."""

from __future__ import annotations

from dataclasses import dataclass

_CORS_REQUEST_HEADERS = (
    "Origin",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
)


@dataclass(frozen=True, kw_only=True)
class Cors:
    """Who answers CORS. Made by :meth:`forward` or :meth:`any_origin`.

    :param key_headers: Headers that are sent to the server and separate cached copies.
    :param methods: Methods that are allowed and cached.
    :param allowed_origins: What the edge itself answers; empty when the server decides.
    """

    key_headers: tuple[str, ...]
    methods: tuple[str, ...]
    allowed_origins: tuple[str, ...]

    @classmethod
    def forward(cls) -> Cors:
        """The Django server decides: CORS request headers reach it and separate copies.

        Preflights reach it too and their answers are cached. The edge adds nothing. Every
        site that loads a file has a cached copy of its own.
        """
        return cls(
            key_headers=_CORS_REQUEST_HEADERS,
            methods=("GET", "HEAD", "OPTIONS"),
            allowed_origins=(),
        )

    @classmethod
    def any_origin(cls) -> Cors:
        """The edge answers ``*`` to everybody: one cached copy, GET and HEAD only.

        The server must send ``*`` on every answer too: a browser may reuse the copy that an
        ``<img>`` left, which came without ``Origin`` and so without the edge's header.
        """
        return cls(key_headers=(), methods=("GET", "HEAD"), allowed_origins=("*",))
