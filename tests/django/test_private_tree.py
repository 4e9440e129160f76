from __future__ import annotations

from enum import StrEnum

import pytest
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk.assertions import Template
from cdk_support import distribution_config, new_stack
from keys_support import A

from constructs_lib import DjangoOrigin
from constructs_lib.signing import MediaSigning, SigningKeys, check_origin_secret


class Third(StrEnum):
    """A tree beside the two public ones."""

    PRIVATE = "private"

    @property
    def origin_path(self):
        return f"/{self.value}"


def test_a_private_tree_has_no_behavior_to_get_around():
    # With several behaviors, a path judged as public might be read as private.
    stack = new_stack()
    signing = MediaSigning(
        stack, "Signing", keys=SigningKeys(keys={"2026a": A}, signing_key="2026a")
    )
    origin = DjangoOrigin.server("www.example.com").render(stack, Third.PRIVATE)
    cloudfront.Distribution(
        stack,
        "Private",
        default_behavior=cloudfront.BehaviorOptions(
            origin=origin, trusted_key_groups=[signing.key_group]
        ),
    )
    config = distribution_config(Template.from_stack(stack))
    assert "CacheBehaviors" not in config
    assert len(config["DefaultCacheBehavior"]["TrustedKeyGroups"]) == 1
    (origin,) = config["Origins"]
    assert origin["OriginPath"] == "/private"
    assert {"HeaderName": "X-Cdn-Tree", "HeaderValue": "private"} in origin[
        "OriginCustomHeaders"
    ]


def test_private_files_need_the_origin_secret():
    check_origin_secret("anything but None")
    with pytest.raises(
        ValueError, match="^origin_secret must be given with signing keys"
    ):
        check_origin_secret(None)
