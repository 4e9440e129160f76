"""A company's own app: its rules reach distributions that it did not define itself."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import jsii
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct, IConstruct

from constructs_lib import DjangoCdn, DjangoOrigin

WEB_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/house/1234-abcd"


@jsii.implements(cdk.IPropertyInjector)
class BehindTheFirewall:
    """Every distribution without a web ACL of its own gets the company's."""

    @property
    def construct_unique_id(self) -> str:
        return cloudfront.Distribution.PROPERTY_INJECTION_ID

    def inject(
        self, original_props: Mapping[str, object], *, id: str, scope: Construct
    ) -> Mapping[str, object]:
        # The keys are those of TypeScript.
        return {"webAclId": WEB_ACL, **original_props}


@jsii.implements(cdk.IAspect)
class EverywhereNear:
    """Every distribution is served from all edge locations."""

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, cloudfront.CfnDistribution):
            price_class = "DistributionConfig.PriceClass"
            node.add_property_override(price_class, "PriceClass_All")


def build(app: cdk.App) -> cdk.Stack:
    cdk.PropertyInjectors.of(app).add(BehindTheFirewall())
    cdk.Aspects.of(app).add(EverywhereNear())
    cdk.Tags.of(app).add("team", "web")
    stack = cdk.Stack(app, "house", env=cdk.Environment(region="us-east-1"))
    cdk.RemovalPolicies.of(stack).retain()
    DjangoCdn(stack, "Cdn", origin=DjangoOrigin.server("www.example.com"))
    return stack


if __name__ == "__main__":
    house = cdk.App()
    build(house)
    house.synth()
