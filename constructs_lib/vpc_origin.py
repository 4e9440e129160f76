"""A server without a public address, as CloudFront knows it."""

from __future__ import annotations

import hashlib
import json
import re

from aws_cdk import Stack
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from constructs_lib.origin_options import IpAddressType
from constructs_lib.physical_names import physical_name
from constructs_lib.validation import check_account, is_token, truncated_repr

VPC_ORIGIN_NAME_LIMIT = 64
"""Characters to which the CDK cuts such a name."""

_ID = re.compile(r"vo_[A-Za-z0-9_-]+")
_ENDPOINT = re.compile(
    r"arn:aws[a-z-]*:"
    r"(elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/(app|net)/[^/]+/[0-9a-f]+"
    r"|ec2:[a-z0-9-]+:[0-9]{12}:instance/i-[0-9a-f]+)"
)


def check_vpc(
    *,
    endpoint_arn: str | None,
    vpc_origin_id: str | None,
    owner_account_id: str | None,
    https_port: int,
    ip_address_type: IpAddressType,
) -> None:
    """An endpoint inside a VPC, or a VPC origin that exists, or neither.

    :raises ValueError: when CloudFront would refuse a value. Tokens pass.
    """
    if endpoint_arn is not None:
        _check_endpoint(endpoint_arn, ip_address_type)
    if vpc_origin_id is not None:
        _check_existing(vpc_origin_id, https_port, ip_address_type)
    if owner_account_id is not None:
        _check_owner(owner_account_id, vpc_origin_id)


def _check_endpoint(arn: str, ip_address_type: IpAddressType) -> None:
    if not is_token(arn) and not _ENDPOINT.fullmatch(arn):
        raise ValueError(
            "endpoint must be the ARN of an application or network load balancer or of an "
            "instance, such as 'arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
            f"loadbalancer/app/mysite/50dc6c495c0c9188', got {truncated_repr(arn)}"
        )
    if ip_address_type is IpAddressType.IPV6:
        raise ValueError(
            "ip_address_type must be 'ipv4' or 'dualstack' inside a VPC, got 'ipv6'"
        )


def _check_existing(vpc_origin_id: str, port: int, address: IpAddressType) -> None:
    if not is_token(vpc_origin_id) and not _ID.fullmatch(vpc_origin_id):
        raise ValueError(
            "vpc_origin_id must be the id of a VPC origin, such as 'vo_0123456789abcdef', "
            f"got {truncated_repr(vpc_origin_id)}"
        )
    own = {
        "https_port": None if port == 443 else port,
        "ip_address_type": None if address is IpAddressType.IPV4 else address.value,
    }
    for name, value in own.items():
        if value is not None:
            raise ValueError(
                f"{name} must be left out with an existing VPC origin, which has its own, "
                f"got {value}"
            )


def _check_owner(account: str, vpc_origin_id: str | None) -> None:
    if vpc_origin_id is None:
        raise ValueError(
            "owner_account_id must be left out with an endpoint, whose VPC origin is made in "
            f"the account of the stack, got {truncated_repr(account)}"
        )
    if not is_token(account) and not re.fullmatch("[0-9]{12}", account):
        raise ValueError(
            "owner_account_id must be 12 digits, such as '111122223333', "
            f"got {truncated_repr(account)}"
        )


class VpcOrigin(Construct):
    """CloudFront's way into a VPC, without tags.

    An update fails while a distribution uses it, even of a tag
    (https://github.com/aws/aws-cdk/issues/35765), so it takes none: neither of
    ``Tags.of(app)`` nor of any aspect. An account has 25, and making one takes up to 15 minutes:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_arn: str,
        https_port: int,
        ip_address_type: IpAddressType,
    ) -> None:
        """Define the VPC origin.

        :param endpoint_arn: A load balancer or an instance.
        :param https_port: Where it listens.
        :param ip_address_type: How it is reached.
        """
        super().__init__(scope, construct_id)
        self.endpoint_arn = endpoint_arn
        resource = cloudfront.CfnVpcOrigin(
            self,
            "Resource",
            vpc_origin_endpoint_config=cloudfront.CfnVpcOrigin.VpcOriginEndpointConfigProperty(
                arn=endpoint_arn,
                name=physical_name(scope, construct_id, limit=VPC_ORIGIN_NAME_LIMIT),
                https_port=https_port,
                origin_protocol_policy="https-only",
                origin_ssl_protocols=["TLSv1.2"],
            ),
        )
        resource.add_property_deletion_override("Tags")
        if ip_address_type is not IpAddressType.IPV4:
            # An override, because older versions of aws-cdk-lib have no such property.
            resource.add_property_override(
                "VpcOriginEndpointConfig.IpAddressType", ip_address_type.value
            )
        self.reference = cloudfront.VpcOrigin.from_vpc_origin_id(
            self, "Reference", resource.attr_id
        )


def shared_vpc_origin(
    scope: Construct,
    *,
    endpoint_arn: str,
    https_port: int,
    ip_address_type: IpAddressType,
) -> cloudfront.IVpcOrigin:
    """The VPC origin of all distributions of a stack, made for the first of them.

    Its id follows from what it leads to. Another endpoint, port or type thus gives a second VPC
    origin, to which CloudFormation moves the distributions before it deletes the first;
    an update of the first would fail.

    :raises ValueError: when the endpoint is of another account, or two cannot be told apart.
    """
    stack = Stack.of(scope)
    check_account("origin.vpc_endpoint_arn", endpoint_arn, stack.account)
    target = stack.resolve([endpoint_arn, https_port, ip_address_type.value])
    digest = hashlib.sha256(json.dumps(target).encode()).hexdigest()
    construct_id = f"VpcOrigin{digest[:8]}"
    found = stack.node.try_find_child(construct_id)
    if not isinstance(found, VpcOrigin):
        found = VpcOrigin(
            stack,
            construct_id,
            endpoint_arn=endpoint_arn,
            https_port=https_port,
            ip_address_type=ip_address_type,
        )
    if found.endpoint_arn != endpoint_arn:
        raise ValueError(
            "endpoint must have a logical id of its own, got one that endpoints of two "
            "stacks share: give one of them another construct id, or its ARN as a string"
        )
    return found.reference
