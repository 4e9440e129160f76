"""Environments for the tests: a site of their own, as little as possible, and every key."""

from __future__ import annotations

# The public half of a key pair whose private half was thrown away.
PUBLIC_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEmtfziRbWDSoqYn1EmrzPqA3sW+Oj\n"
    "TzhZ8tV+z65MPU8/E3xFas2pMmc9UaezPW6W85XP3gfatgBgujuYtxzCSw==\n"
    "-----END PUBLIC KEY-----\n"
)

# What the tests call by name, so that whoever edits cdk.json has to rewrite golden templates
# and nothing else.
SITE = {
    "site": "mysite",
    "environments": {
        "dev": {"origin": "dev.example.com"},
        "staging": {"origin": "staging.example.com"},
        "prod": {"origin": "www.example.com", "account": "111122223333"},
    },
}

MINIMAL = {"origin": "www.example.com"}

MAXIMAL = {
    "account": "111122223333",
    "termination_protection": True,
    "retain": True,
    "origin": {
        "domain_name": "origin.example.com",
        "load_balancer": "mysite-123.eu-west-1.elb.amazonaws.com",
        "connection_attempts": 3,
        "connection_timeout_seconds": 10,
        "read_timeout_seconds": 60,
        "keepalive_timeout_seconds": 30,
        "response_completion_timeout_seconds": 120,
        "https_port": 8443,
        "ip_address_type": "dualstack",
        "custom_headers": {"X-Site": "mysite"},
        "origin_shield_region": "eu-west-1",
        "failover_domain_name": "origin2.example.com",
    },
    "origin_secret": {
        "arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:mysite-a1B2c3",
        "version": "3f1f5b0e-6d0a-4a5e-9f43-2a7c0f1d9b11",
    },
    "cors": {"allow_origins": ["https://www.example.com"], "credentials": True},
    "certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1234-abcd",
    "hosted_zone": {"id": "Z0123456789", "name": "example.com"},
    "dns_records": False,
    "price_class": "all",
    "tls": "TLSv1.3_2025",
    "web_acl_arn": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/1234-abcd",
    "allowed_countries": ["DE", "AT"],
    "monitoring": {
        "email": "ops@example.com",
        "requests_per_five_minutes": 100000,
        "additional_metrics": True,
        "lowest_hit_rate_percent": 80,
        "slowest_origin_seconds": 2,
        "dashboard": True,
    },
    "logs": {
        "log_group_days": 90,
        "fields": ["date", "time", "sc-status", "cs-uri-stem"],
    },
    "legacy_logs": {"bucket": "mysite-audit-logs", "prefix": "cdn"},
    "static": {
        "domain_names": ["static.example.com"],
        "ttl_seconds": {"min": 0, "default": 3600, "max": 86400},
        "error_ttl_seconds": {"not_found": 1, "server_error": 9},
        "headers": {
            "hsts": {
                "max_age_seconds": 63072000,
                "include_subdomains": True,
                "preload": True,
            },
            "referrer_policy": "no-referrer",
            "frame_options": "DENY",
            "xss_protection": "1; mode=block",
            "server_timing": 0.5,
            "extra": {"X-Robots-Tag": "noindex"},
            "override": {"X-Robots-Tag": False},
            "remove": ["Set-Cookie", "Server"],
        },
    },
    "private": {
        "domain_names": ["private.example.com"],
        "ttl_seconds": {"default": 60, "max": 600},
        "error_ttl_seconds": {"server_error": 2},
        "headers": {"extra": {"X-Robots-Tag": "noindex, noimageindex"}},
        "signing_keys": {
            "keys": {"2026a": PUBLIC_KEY},
            "signing_key": "2026a",
            "cookies_from": "www.example.com",
        },
    },
    "media": {
        "domain_names": ["media.example.com"],
        "headers": {"hsts": False, "content_security_policy": "sandbox"},
        "policy_ids": {"origin_request": "59781a5b-3903-41f3-afcb-af62929ccde1"},
    },
}

# A bucket takes the place of a second server, so buckets have an environment of their own.
BUCKET = {
    "origin": "www.example.com",
    "cors": "any_origin",
    "static": {"bucket": {"keep_replaced_days": 14}},
    "media": {"bucket": {"keep_replaced_days": 7}},
}

SIGNING = {
    key: MAXIMAL["private"]["signing_keys"][key] for key in ("keys", "signing_key")
}
