"""Physical names, where generated ones collide: policies are unique in an account."""

from __future__ import annotations

import hashlib
import re

from aws_cdk import NestedStack, Stack
from constructs import Construct

from cdn_model.quotas import POLICY_NAME_LENGTH

_LONGEST_REGION = 16


def physical_name(
    scope: Construct, construct_id: str, *, limit: int = POLICY_NAME_LENGTH
) -> str:
    """``<stack name>-<construct path>-<region>-<8 hex>``, for a child of a scope.

    Names made up by CloudFormation or the CDK collide across environments and regions:
    https://github.com/aws/aws-cdk/issues/34336. The hash of stack name and path keeps names
    apart that become equal by being cut or by characters that a name cannot have. Neither the
    stack's id nor a stage around it changes a name while ``stack_name`` stays.

    :param limit: Characters that CloudFront allows in such a name. Default: those of a policy.
    """
    stack = _outermost_stack(scope)
    path = scope.node.path.removeprefix(stack.node.path).split("/")
    # Logical ids leave "Default" out, so that wrapping a construct changes none of them.
    kept = [part for part in path if part not in ("", "Default")]
    whole = "/".join((stack.stack_name, *kept, construct_id))
    # The region stands in the name uncut and out of the hash, so that the name is the same
    # whether the region is known here or to CloudFormation only.
    room = limit - len("--12345678") - _LONGEST_REGION
    return f"{_legal(whole)[:room]}-{stack.region}-{_hash(whole)}"


def _outermost_stack(scope: Construct) -> Stack:
    stack = Stack.of(scope)
    while isinstance(stack, NestedStack) and stack.nested_stack_parent:
        stack = stack.nested_stack_parent
    return stack


def _legal(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
