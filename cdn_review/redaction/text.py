"""Accounts, addresses and secrets that can be told by their form, in any text."""

from __future__ import annotations

import re

from cdn_review.redaction import marks
from cdn_review.redaction.addresses import redact_addresses

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
REFERENCE = re.compile(r"(\{\{resolve:(?:[^{}]|\$\{[^{}]{0,256}\}){1,1024}\}\})")

_FORMS = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"(?:AKIA|ASIA|AIDA|AROA|ABIA|ACCA|AGPA|ANPA|ANVA|APKA)[A-Z0-9]{12,}",
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    r"gh[opsru]_[A-Za-z0-9]{20,}",
    r"github_pat_\w{20,}",
    r"xox[abprs]-[\w-]{10,}",
    r"(?<=://)[^\s/@]{1,256}(?=@)",
)
_SECRET = re.compile("|".join(_FORMS), re.DOTALL)
# Not after a colon: ARNs and dynamic references have 'secret' among their parts.
_NAMED = re.compile(
    r"(?<!:)((?:password|passwd|passphrase|secret|token|api[-_]?key)"
    r"\\?[\"']?\s{0,9}[=:]\s{0,9}\\?[\"']?)(?!null|true|false)([^\s\"',;&\\{}\[\]()$]+)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"(?<![0-9])(?:[0-9]{12}|[0-9]{4}-[0-9]{4}-[0-9]{4})(?![0-9])")
# Only where it begins: trying each letter of a long word anew would take its square.
_MAIL = re.compile(
    r"(?:\"[^\"\n]{1,64}\"|(?<![\w.+%-])[\w.+%-]+)(?:@|%40)(?:[\w-]+\.)+[^\W\d_][\w-]*"
)


def redact_text(text: str) -> str:
    """The text with marks in place of accounts, addresses and secrets of a known form.

    References such as ``{{resolve:…}}`` stay, with the account in them marked. Redacting
    what is redacted changes nothing.
    """
    pieces = REFERENCE.split(text)
    pieces[::2] = [_without_named_secrets(piece) for piece in pieces[::2]]
    return "".join(_without_known_forms(piece) for piece in pieces)


def _without_named_secrets(text: str) -> str:
    return _NAMED.sub(lambda found: found[1] + marks.hidden(found[2]), text)


def _without_known_forms(text: str) -> str:
    text = _SECRET.sub(lambda found: marks.hidden(found.group()), text)
    text = _MAIL.sub(lambda found: marks.address(found.group()), text)
    text = redact_addresses(text)
    return _ACCOUNT.sub(lambda found: marks.account(found.group()), text)
