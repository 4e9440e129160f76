"""The local AWS with the rules of aliases: on one distribution only, and two ways to move it.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move.html
is the source, and for the words of the errors, reports of those who met them. The guide lets a
move within an account do without the TXT record; ``associate-alias`` is reported to ask for it
all the same, so it does here. That a certificate which does not cover the alias is an
``InvalidArgument`` is assumed.

The names of ministack used here are private to 1.5.33, which is why its version is pinned.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import SubElement

from ministack.core.responses import get_account_id
from ministack.services import acm, cloudfront, route53
from ministack.services.cloudformation import provisioners

from local.aws import ministack

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


def register(handlers):
    """Add what is missing to the emulated API, and to CloudFormation's handlers."""
    cloudfront.handle_request = _answering(cloudfront.handle_request)
    handlers[_DISTRIBUTION] = _refusing(handlers[_DISTRIBUTION])


def _answering(others):
    async def handle_request(method, path, headers, body, query):
        answer = _answer(method, path, body, query)
        return answer or await others(method, path, headers, body, query)

    return handle_request


def _answer(method, path, body, query):
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


def _refusing(handler):
    def create(logical_id, properties, stack):
        _check_free(properties, by="")
        return handler["create"](logical_id, properties, stack)

    def update(physical_id, old, new, *more):
        _check_free(new, by=physical_id)
        return handler["update"](physical_id, old, new, *more)

    return {**handler, "create": create, "update": update}


def _check_free(properties, *, by):
    config = properties.get("DistributionConfig") or {}
    if any(_owners(name, but=by) for name in config.get("Aliases") or ()):
        raise ValueError(
            f'Resource handler returned message: "Invalid request provided: {_IN_USE} '
            '(Service: CloudFront, Status Code: 409)"'
        )


def _refuse_what_is_in_use(body, *, by):
    names = [text.lower() for tag, text in _elements(body) if tag == "CNAME"]
    if any(_owners(name, but=by) for name in names):
        return _error("CNAMEAlreadyExists", _IN_USE, 409)
    return None


def _associate(target_id, alias):
    """``AssociateAlias``: take an alias from whoever has it."""
    target = _find(target_id)
    if target is None:
        return _no_such_distribution()
    if not _is_covered(target, alias):
        return _error("InvalidArgument", _NOT_COVERED, 400)
    if not _is_proven(target, alias):
        return _error("IllegalUpdate", _NO_PROOF, 400)
    owners = _owners(alias, but=target_id)
    if any(
        account != str(get_account_id()) and one["enabled"] for account, one in owners
    ):
        return _error("IllegalUpdate", _SOURCE_ENABLED, 400)
    for _, source in owners:
        _write(source, [name for name in _aliases(source) if name != alias])
    if alias not in _aliases(target):
        _write(target, [*_aliases(target), alias])
    return 200, {}, b""


def _refuse_to_move(body):
    """``UpdateDomainAssociation``, of which the emulator asks no certificate."""
    said = dict(_elements(body))
    target = _find(said.get("DistributionId", ""))
    if target is None or _is_covered(target, said.get("Domain", "").lower()):
        return None
    return _error("InvalidArgument", _NOT_COVERED, 400)


def _list_conflicts(asking_id, alias):
    """``ListConflictingAliases``: who has an alias, or a wildcard over it."""
    asking = _find(asking_id)
    if asking is None:
        return _no_such_distribution()
    if not _is_covered(asking, alias):
        return _error("InvalidArgument", _NOT_COVERED, 400)
    found = [
        {
            "Alias": name,
            "DistributionId": _hidden(one["Id"], shown=7),
            "AccountId": _hidden(account, shown=6),
        }
        for account, one in _everybody()
        for name in _aliases(one)
        if one is not asking and cloudfront._domains_overlap(alias, name)
    ]

    def build(root):
        SubElement(root, "MaxItems").text = "100"
        SubElement(root, "Quantity").text = str(len(found))
        items = SubElement(root, "Items")
        for conflict in found:
            item = SubElement(items, "ConflictingAlias")
            for name, text in conflict.items():
                SubElement(item, name).text = text

    return cloudfront._xml_response("ConflictingAliasesList", build)


def _hidden(identity, *, shown):
    return "*" * (len(identity) - shown) + identity[-shown:]


def _no_such_distribution():
    return _error(
        "NoSuchDistribution", "The specified distribution does not exist.", 404
    )


def _error(code, message, status):
    return cloudfront._error(code, message, status)


def _elements(body):
    root = cloudfront._parse_body(body)
    found = () if root is None else root.iter()
    return [(str(one.tag).rpartition("}")[2], one.text or "") for one in found]


def _first(query, name):
    value = query.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _find(distribution_id):
    """A distribution of the account that asks."""
    return cloudfront._distributions.get(distribution_id)


def _everybody():
    """Distributions of all accounts: an alias is on one of them in all of CloudFront."""
    stored = list(cloudfront._distributions._data.items())
    return [(account, distribution) for (account, _), distribution in stored]


def _owners(alias, *, but):
    """Whoever has an alias, except one distribution."""
    return [
        (account, one)
        for account, one in _everybody()
        if one["Id"] != but and alias in _aliases(one)
    ]


def _aliases(distribution):
    found = cloudfront._get_distribution_aliases(distribution)
    return [name.lower() for name in found]


def _write(distribution, names):
    """Change the aliases of a distribution, as an update of it would."""
    cloudfront._set_distribution_aliases(distribution, names)
    distribution["ETag"] = cloudfront.new_uuid()
    distribution["LastModifiedTime"] = cloudfront._now_iso()


def _is_covered(distribution, alias):
    """Whether the distribution's certificate has the alias, or a wildcard over it."""
    config = cloudfront._dist_config_el(distribution)
    viewer = cloudfront._find(config, "ViewerCertificate")
    arn = "" if viewer is None else cloudfront._text(viewer, "ACMCertificateArn")
    certificate = acm._certificates.get(arn) or {}
    names = certificate.get("SubjectAlternativeNames") or ()
    wildcard = "*." + alias.partition(".")[2]
    return bool({alias, wildcard} & {certificate.get("DomainName"), *names})


def _is_proven(distribution, alias):
    """Whether a TXT record gives the alias to the distribution.

    At ``_static.example.com`` for a subdomain, at ``_.example.com`` for an apex:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-create-target.html
    """
    zones = {zone["name"].rstrip(".") for zone in route53._zones.values()}
    name = f"_.{alias}" if alias in zones else f"_{alias}"
    values = {
        value.strip('"').rstrip(".")
        for records in route53._records.values()
        for record in records
        if record["Type"] == "TXT" and record["Name"].rstrip(".") == name
        for value in record.get("ResourceRecords", ())
    }
    return distribution["DomainName"] in values


if __name__ == "__main__":
    register(provisioners._RESOURCE_HANDLERS)
    ministack.main()
