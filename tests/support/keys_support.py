"""Public halves of throw-away pairs, made with openssl, and texts that are no such thing."""

from __future__ import annotations

import base64

P256 = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp1kg9LdvR9Vbkb0eHMb29Pbl++kp"
    "2HrRyj8Ei/SL1jfmNZ5i3aMopfXeWRXDEngVjI5gCxZRALUBDWkUzmpJFA=="
)
P256_OTHER = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQGq5BXkyKawZstO5ruapOWPMogw3"
    "MXFShu7VecH12zBnV/Z7VqQ+fpoQM3T4UIku41uoGkQgUP3XDgpjKieddA=="
)
RSA_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA04PsmtyNYr6t1VTnpwAp"
    "iF6OzH9N02Bny2P1hoQ+iBoKlFnbnD7KLoakZwStjRRT0gh8NUNlX9XY+rPTtaiT"
    "VRnqJ0AFgRZWSMUeZxAjiiNtFOs8SqZ20xOtrvujnzIPv5rmFasAStwxclwl+Rea"
    "qbFOH/893I3x1+C+odHDiRW34xB/kBjWYurQrLbKwXXYXGY5LYvF4Zpy5vGpsRm0"
    "z51fi5Gs0KpZGn4lys7MgPfIBkz70gh6T1uJcu+MCeUuts8MXb5LovFKHrIRZ6B1"
    "iK/iOBbA+2Q1R4Z/lffRpjcwbyPJ01WIbcIkvYwPAXhojXchw6tMrL5WAkMz4/cG"
    "/wIDAQAB"
)
RSA_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCbgoLWDauYSNTXJ6wzVB8GLvWI"
    "1oY8yKHwibsG/XLYGycebmoFOAL0seAaWc4/tp7uL9vF6sfbU7m4d78zvW5dAKVl"
    "Rf1VzIqZfEhXaYJwIcpeuoevI6NkLBpwEM6MdiEePTJkic9GAdh750LzibIpc2Pa"
    "tL4C3kmT4RbTfsQ2OwIDAQAB"
)
RSA_4096 = (
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEA3JhdPKe771Jx6H+x+cUm"
    "dJ2ZCOboFU1bJc05/GSkEEqhb84myfZlc66tYQ1e3oa6HGInfwqFxpJeiYZX4KcP"
    "vXa6Y4RO7MS1V+A7L7KGBdh8fJ53S7t2CjRShFvGtEe0dlFkEoLyilEstBUMgjfT"
    "Y9uF7+U3LoXv47vk6okjEvk0UO/MJJ6Mld8rV2IvI6WcPF5z6mn0GQ/yQ6RjpZKE"
    "+v7psWvKhUCH1IuqVaNeq9HDVpXN4aaeaDD06zBcJQzSUbYtQ0xCTXQhd4RWzgh5"
    "eXFqjjeuRSbW5XNAc2GREvgtpjzTqnTHVl9s4QGkjD2uA2xfSVcmmr7BDbGtkJsv"
    "xiYDVII1EBBy+hIHpEy61ixpon00Wdu4MmOhvPjPvGfc3oajpGJTo9N+4uTAoixv"
    "1U9/Vqm2XOnLlrcTLzIFVAa8pIa1br0cR856XmxfXZsTaoRfuuzYuR5QcAxgBg6T"
    "Hz19zJSCgb2V1Uab2WPj2RwhBr3RBjDuI74KqSsRf0zZlNImAHjcLVRSfqTMhpHt"
    "OngAKCT1bmYy35vA7avPpODp0TlEuS7YcsXRUrcnvV2JDiLuK6kCee2dflKabkpo"
    "hIuzfE58BUTi4lyAYYoBgjaU36yFLISvQOxpUMgG3B6WHOZ3Yfr9NuRt80Tw1QA0"
    "M48jH1ErxdCUGIHs5Ab3SwcCAwEAAQ=="
)
P384 = (
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAExn4EAZhiBxl9C1gaJBv0gaw65zxvKDF0"
    "6RoXnbNy/zTgH0l/IZzLomeHmaRyTFhhXPfGkHtoujRXB3QQH4whsNGhecUQuGpf"
    "lfx2rrMd4kDLhlD1MsgfCUcTwhXdw9r3"
)
SECP256K1 = (
    "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEuyQYyXVDYSP/lZvjpgpt8gHRlqLZGO+j"
    "eUOHqPmnxJJiFbGKmwEl8+neOH5H6Kkf8fOhq84dZ64lzQUBQDM/ug=="
)
COMPRESSED = (
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACp1kg9LdvR9Vbkb0eHMb29Pbl++kp2HrRyj8Ei/SL1jc="
)
ED25519 = "MCowBQYDK2VwAyEAINmBgarEMIeRHKpnDOlGj319L/TUsSt+GJNgy9uK8cc="


def pem(body, label="PUBLIC KEY", newline="\n"):
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return newline.join(
        [f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]
    )


A, B = pem(P256), pem(P256_OTHER)

_SECRET = b"\x02\x01\x00 what nobody may see"
SECRET = base64.b64encode(bytes([0x30, len(_SECRET)]) + _SECRET).decode()
