"""Two environments for the tests: as little as possible, and every key at once."""

from __future__ import annotations

MINIMAL = {"origin": "www.example.com"}

MAXIMAL = {
    "account": "111122223333",
    "termination_protection": True,
    "retain": True,
    "origin": "origin.example.com",
    "cors": {"allow_origins": ["https://www.example.com"], "credentials": True},
    "certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1234-abcd",
    "hosted_zone": {"id": "Z0123456789", "name": "example.com"},
    "dns_records": False,
    "price_class": "all",
    "tls": "TLSv1.3_2025",
    "web_acl_arn": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd",
    "allowed_countries": ["DE", "AT"],
    "static": {
        "domain_names": ["static.example.com"],
        "ttl_seconds": {"min": 0, "default": 3600, "max": 86400},
        "error_ttl_seconds": {"not_found": 1, "server_error": 9},
        "headers": {
            "hsts": {"max_age_seconds": 63072000, "preload": True},
            "extra": {"X-Robots-Tag": "noindex"},
            "remove": ["Set-Cookie", "Server"],
        },
    },
    "media": {
        "domain_names": ["media.example.com"],
        "headers": {"hsts": False, "content_security_policy": "sandbox"},
        "policy_ids": {"origin_request": "59781a5b-3903-41f3-afcb-af62929ccde1"},
    },
}
