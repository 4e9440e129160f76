"""An alias on one distribution only, and the ways to move it: what the emulator lacks.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move.html
is the source, and for the words of the errors, reports of those who met them. The guide lets a
move within an account do without the TXT record; ``associate-alias`` is reported to ask for it
all the same, so it does here. That a certificate which does not cover the alias is an
``InvalidArgument`` is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from xml.etree.ElementTree import SubElement

from ministack.services import cloudfront

from local.aws import aliases

Properties = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[..., Awaitable[Answer]]

_DISTRIBUTION = "AWS::CloudFront::Distribution"
_API = "/2020-05-31"
_ASSOCIATE = re.compile(rf"{_API}/distribution/([^/]+)/associate-alias/?")
_CREATE = re.compile(rf"{_API}/distribution/?")
_UPDATE = re.compile(rf"{_API}/distribution/([^/]+)/config")
_CONFLICTS = re.compile(rf"{_API}/conflicting-alias/?")
_MOVE_DOMAIN = re.compile(rf"{_API}/domain-association/?")

_IN_USE = (
    "One or more of the CNAMEs you provided are already associated with a different "
    "resource."
)
_NO_PROOF = "Invalid or missing alias DNS TXT records."
_SOURCE_ENABLED = "Alias move is not allowed since the source distribution is enabled."
_NOT_COVERED = "The certificate of the distribution does not cover the alias."


def register(handlers: dict[str, dict[str, Any]]) -> None:
    """Add what is missing to the emulated API, and to CloudFormation's handlers."""
    cloudfront.handle_request = _answering(cloudfront.handle_request)
    handlers[_DISTRIBUTION] = _refusing(handlers[_DISTRIBUTION])


def _answering(others: Handler) -> Handler:
    async def handle_request(
        method: str, path: str, headers: Any, body: bytes, query: Mapping[str, Any]
    ) -> Answer:
        answer = _answer(method, path, body, query)
        return answer or await others(method, path, headers, body, query)

    return handle_request


def _answer(
    method: str, path: str, body: bytes, query: Mapping[str, Any]
) -> Answer | None:
    """An answer to what is modelled here, None for what the emulator answers itself."""
    alias = _first(query, "Alias").lower()
    if method == "PUT" and (found := _ASSOCIATE.fullmatch(path)):
        return _associate(found[1], alias)
    if method == "GET" and _CONFLICTS.fullmatch(path):
        return _list_conflicts(_first(query, "DistributionId"), alias)
    if method == "POST" and _MOVE_DOMAIN.fullmatch(path):
        return _refuse_to_move(body)
    if method == "POST" and _CREATE.fullmatch(path):
        return _refuse_what_is_in_use(body, by="")
    if method == "PUT" and (found := _UPDATE.fullmatch(path)):
        return _refuse_what_is_in_use(body, by=found[1])
    return None


def _refusing(handler: Mapping[str, Any]) -> dict[str, Any]:
    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        _check_free(properties, by="")
        return handler["create"](logical_id, properties, stack)

    def update(physical_id: str, old: Properties, new: Properties, *more: Any) -> Any:
        _check_free(new, by=physical_id)
        return handler["update"](physical_id, old, new, *more)

    return {**handler, "create": create, "update": update}


def _check_free(properties: Properties, *, by: str) -> None:
    config = properties.get("DistributionConfig") or {}
    if any(aliases.owners(name, but=by) for name in config.get("Aliases") or ()):
        raise ValueError(
            f'Resource handler returned message: "Invalid request provided: {_IN_USE} '
            '(Service: CloudFront, Status Code: 409)"'
        )


def _refuse_what_is_in_use(body: bytes, *, by: str) -> Answer | None:
    names = [text.lower() for tag, text in _elements(body) if tag == "CNAME"]
    if any(aliases.owners(name, but=by) for name in names):
        return _error("CNAMEAlreadyExists", _IN_USE, 409)
    return None


def _associate(target_id: str, alias: str) -> Answer:
    """``AssociateAlias``: take an alias from whoever has it."""
    target = aliases.find(target_id)
    if target is None:
        return _no_such_distribution()
    if not aliases.is_covered(target, alias):
        return _error("InvalidArgument", _NOT_COVERED, 400)
    if not aliases.is_proven(target, alias):
        return _error("IllegalUpdate", _NO_PROOF, 400)
    owners = aliases.owners(alias, but=target_id)
    if any(
        not aliases.is_of_caller(account) and one["enabled"] for account, one in owners
    ):
        return _error("IllegalUpdate", _SOURCE_ENABLED, 400)
    for _, source in owners:
        aliases.write(
            source, [name for name in aliases.aliases(source) if name != alias]
        )
    if alias not in aliases.aliases(target):
        aliases.write(target, [*aliases.aliases(target), alias])
    return 200, {}, b""


def _refuse_to_move(body: bytes) -> Answer | None:
    """``UpdateDomainAssociation``, of which the emulator asks no certificate."""
    said = dict(_elements(body))
    target = aliases.find(said.get("DistributionId", ""))
    if target is None or aliases.is_covered(target, said.get("Domain", "").lower()):
        return None
    return _error("InvalidArgument", _NOT_COVERED, 400)


def _list_conflicts(asking_id: str, alias: str) -> Answer:
    """``ListConflictingAliases``: who has an alias, or a wildcard over it."""
    asking = aliases.find(asking_id)
    if asking is None:
        return _no_such_distribution()
    if not aliases.is_covered(asking, alias):
        return _error("InvalidArgument", _NOT_COVERED, 400)
    found = [
        {
            "Alias": name,
            "DistributionId": _hidden(one["Id"], shown=7),
            "AccountId": _hidden(account, shown=6),
        }
        for account, one in aliases.everybody()
        for name in aliases.aliases(one)
        if one is not asking and aliases.overlap(alias, name)
    ]

    def build(root: Any) -> None:
        SubElement(root, "MaxItems").text = "100"
        SubElement(root, "Quantity").text = str(len(found))
        items = SubElement(root, "Items")
        for conflict in found:
            item = SubElement(items, "ConflictingAlias")
            for name, text in conflict.items():
                SubElement(item, name).text = text

    answer: Answer = cloudfront._xml_response("ConflictingAliasesList", build)
    return answer


def _hidden(identity: str, *, shown: int) -> str:
    return "*" * (len(identity) - shown) + identity[-shown:]


def _no_such_distribution() -> Answer:
    return _error(
        "NoSuchDistribution", "The specified distribution does not exist.", 404
    )


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = cloudfront._error(code, message, status)
    return answer


def _elements(body: bytes) -> list[tuple[str, str]]:
    root = cloudfront._parse_body(body)
    found = () if root is None else root.iter()
    return [(str(one.tag).rpartition("}")[2], one.text or "") for one in found]


def _first(query: Mapping[str, Any], name: str) -> str:
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
