"""Why there was no answer, each in one sentence instead of a traceback."""

from __future__ import annotations

import http.client
import socket
import ssl

# https://www.openssl.org/docs/man3.0/man3/X509_STORE_CTX_get_error.html
_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
_UNTRUSTED = (18, 19, 20, 21)

_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE")


def is_about_certificate(error: Exception) -> bool:
    """Whether the server has the wrong certificate, rather than no answer."""
    return isinstance(error, ssl.SSLCertVerificationError)


def sentence(error: Exception, host: str, port: int, timeout: float) -> str:
    """What went wrong, without a subject: it follows the name of the place."""
    where = f"{host} port {port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    if isinstance(error, ssl.SSLError):
        return _tls(error, where)
    if isinstance(error, socket.gaierror):
        return f"cannot be found: DNS knows no address of {host}"
    if isinstance(error, TimeoutError):
        return f"gave no whole answer in time ({where}, {timeout:g} s for each wait)"
    if isinstance(error, ConnectionRefusedError):
        return f"refuses connections: nothing listens on {where}"
    if isinstance(error, ConnectionError | http.client.IncompleteRead):
        return f"ended the connection in the middle of an answer ({where})"
    if isinstance(error, http.client.HTTPException):
        return f"did not answer in HTTP/1.1 ({where}, {type(error).__name__})"
    return f"cannot be reached at {where}: {_reason(error)}"


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "has a certificate that has expired"
    if code == _NOT_YET:
        return "has a certificate that is not valid yet"
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        return f"has a certificate for another name ({error.verify_message})"
    if code in _UNTRUSTED:
        return (
            "has a certificate of an authority that this machine does not trust "
            f"({error.verify_message})"
        )
    return f"has a certificate that is refused ({error.verify_message})"


def _tls(error: ssl.SSLError, where: str) -> str:
    reason = error.reason or str(error)
    if reason in _NO_TLS:
        return f"speaks no TLS on {where}"
    return f"breaks off TLS on {where} ({reason.replace('_', ' ').lower()})"


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return said or str(error) or type(error).__name__
