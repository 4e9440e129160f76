"""The CDK app of the demo: the committed one, and a stack for private files beside it.

The key pair is made on the machine where the demo runs, so no cdk.json can hold its public
half: it comes with ``--context private=<JSON>``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from constructs import Construct

from app import main
from constructs_lib import (
    Cors,
    DjangoOrigin,
    OriginSecret,
    PrivateMediaDistribution,
    SigningKeys,
)
from dj_cloudfront.contract import Output

KEY = "demo"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/demo"


class PrivateStack(cdk.Stack):
    """A distribution for private files."""

    def __init__(
        self, scope: Construct, construct_id: str, *, given: Mapping[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        private = PrivateMediaDistribution(
            self,
            "Private",
            origin=DjangoOrigin.server(
                given["origin"],
                origin_secret=OriginSecret(
                    arn=given["secret_arn"], version=given["secret_version"]
                ),
            ),
            domain_names=[given["domain_name"]],
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", CERTIFICATE
            ),
            cors=Cors.allow_origins(given["page"], credentials=True),
            signing_keys=SigningKeys(keys={KEY: given["public_key"]}, signing_key=KEY),
        )
        for name, value in {
            Output.PRIVATE_DOMAIN_NAME: private.domain_name,
            Output.PRIVATE_DISTRIBUTION_ID: private.distribution_id,
            Output.PRIVATE_DNS_TARGET: private.dns_target,
            Output.MEDIA_KEY_PAIR_ID: private.signing.key_pair_id,
        }.items():
            cdk.CfnOutput(self, name, value=value)


if __name__ == "__main__":
    app = cdk.App()
    described = json.loads(app.node.try_get_context("private"))
    PrivateStack(app, described["stack"], given=described)
    main(app)
