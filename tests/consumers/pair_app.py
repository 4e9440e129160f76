"""A shop's own app: a pair of distributions in a stack of its own."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk.aws_certificatemanager import Certificate
from constructs import Construct

from constructs_lib import Cors, DistributionOptions, DjangoCdn, DjangoOrigin
from dj_cloudfront.contract import Output

CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"


class ShopStack(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        env = cdk.Environment(account="111122223333", region="us-east-1")
        super().__init__(scope, construct_id, env=env)
        self.cdn = DjangoCdn(
            self,
            "Cdn",
            origin=DjangoOrigin.server("shop.example.com"),
            cors=Cors.any_origin(),
            certificate=Certificate.from_certificate_arn(self, "Names", CERTIFICATE),
            static=DistributionOptions(domain_names=["static.shop.example.com"]),
            media=DistributionOptions(domain_names=["media.shop.example.com"]),
        )
        static, media = self.cdn.static, self.cdn.media
        # The first two are what dj_cloudfront.config() reads, the others are the shop's own.
        cdk.CfnOutput(self, Output.STATIC_DOMAIN_NAME, value=static.domain_name)
        cdk.CfnOutput(self, Output.MEDIA_DOMAIN_NAME, value=media.domain_name)
        cdk.CfnOutput(self, "CnameOfStatic", value=static.dns_target)
        cdk.CfnOutput(self, "CnameOfMedia", value=media.dns_target)


def build(app: cdk.App) -> ShopStack:
    return ShopStack(app, "shop")


if __name__ == "__main__":
    shop = cdk.App()
    build(shop)
    shop.synth()
