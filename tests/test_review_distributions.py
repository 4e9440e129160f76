"""What visitors, the bill and security notice of a changed distribution: each rule, both ways."""

from __future__ import annotations

import pytest
from review_distributions_support import SECRET, found, policy, stops, template, told

CLOSED = template()
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]


def headers(*values):
    items = [{"HeaderName": name, "HeaderValue": value} for name, value in values]
    return template(origin={"OriginCustomHeaders": items})


TREE = ("X-Cdn-Tree", "static")


def with_origin(**values):
    return template(origin=values)


def server(**values):
    fixed = {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    return with_origin(CustomOriginConfig={**fixed, **values})


@pytest.mark.parametrize(
    ("opened", "stop"),
    [
        (headers(TREE), "origin-opened"),
        (headers(TREE, ("X-Origin-Secret", "hidden-1f")), "origin-opened"),
        (
            headers(("X-Cdn-Tree", "media"), ("X-Origin-Secret", SECRET)),
            "origin-opened",
        ),
        (headers(("X-Origin-Secret", SECRET)), "origin-opened"),
        (server(OriginProtocolPolicy="http-only"), "origin-opened"),
        (server(OriginProtocolPolicy="match-viewer"), "origin-opened"),
        (server(OriginProtocolPolicy={"Ref": "P"}), "origin-opened"),
        (server(OriginSSLProtocols=["TLSv1", "TLSv1.2"]), "protection-dropped"),
        (server(OriginSSLProtocols=None), "protection-dropped"),
        (with_origin(OriginPath=""), "origin-opened"),
        (with_origin(OriginPath="/"), "origin-opened"),
        (with_origin(OriginPath="/private"), "origin-opened"),
        (with_origin(OriginPath="/stat"), "origin-opened"),
        (template({"ViewerProtocolPolicy": "allow-all"}), "protection-dropped"),
        (template({"ViewerProtocolPolicy": {"Ref": "P"}}), "protection-dropped"),
        (template({"AllowedMethods": ALL_METHODS}), "access-widened"),
        (template(config={"Enabled": False}), "distribution-deleted"),
    ],
)
def test_what_opens_the_closed_distribution_stops(opened, stop):
    assert stops(CLOSED, opened) == [stop]
    assert [one.fingerprint for one in found(CLOSED, opened) if one.stop][0]


@pytest.mark.parametrize(
    "harmless",
    [
        headers(TREE, ("X-Origin-Secret", SECRET.replace("v1", "v2"))),
        headers(TREE, ("X-Origin-Secret", {"Fn::Join": ["", [SECRET, {"Ref": "V"}]]})),
        headers(TREE, ("X-Origin-Secret", SECRET), ("X-Site", "mysite")),
        with_origin(OriginPath="/static/css"),
        with_origin(DomainName="www2.example.com"),
        template({"ViewerProtocolPolicy": "https-only"}),
        template({"AllowedMethods": ["GET", "HEAD", "OPTIONS"]}),
        template({"TrustedKeyGroups": ["g"]}),
        template({"Compress": True}),
        template(config={"WebACLId": "arn", "IPV6Enabled": True}),
    ],
)
def test_what_opens_nothing_is_told_and_does_not_stop(harmless):
    assert told(CLOSED, harmless) and stops(CLOSED, harmless) == []


def test_a_trailing_slash_of_the_folder_is_no_change():
    assert told(CLOSED, with_origin(OriginPath="/static/")) == []


def test_a_joined_reference_to_a_secret_is_one():
    joined = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "S"}, "}}"]]}
    before = headers(TREE, ("X-Guard", joined))
    assert stops(before, headers(TREE, ("X-Guard", "hidden-1f"))) == ["origin-opened"]


def test_a_header_that_is_no_secret_can_go():
    before = headers(TREE, ("X-Site", "mysite"))
    assert told(before, headers(TREE)) == [
        "the header 'X-Site' is no longer sent to the origin"
    ]


def vpc(**values):
    origin = {"CustomOriginConfig": None, "VpcOriginConfig": {"VpcOriginId": "v"}}
    return with_origin(**origin, **values)


def test_a_server_may_move_into_a_private_network_and_not_out_of_it():
    assert stops(vpc(), CLOSED) == ["origin-opened"]
    assert stops(CLOSED, vpc()) == []


def bucket(**values):
    origin = {"CustomOriginConfig": None, "S3OriginConfig": {}}
    return with_origin(OriginCustomHeaders=None, **{**origin, **values})


def test_a_bucket_whose_requests_are_no_longer_signed_stops():
    signed = bucket(OriginAccessControlId="c")
    assert stops(signed, bucket()) == ["origin-opened"]
    assert stops(bucket(), signed) == []


def certificate(tls, **values):
    shown = {"AcmCertificateArn": "arn", "MinimumProtocolVersion": tls, **values}
    return template(config={"Aliases": ["a.example.com"], "ViewerCertificate": shown})


def test_a_lower_minimum_of_tls_stops_and_a_higher_one_does_not():
    low, high = certificate("TLSv1.2_2021"), certificate("TLSv1.3_2025")
    assert stops(high, low) == ["protection-dropped"]
    assert stops(low, high) == []
    assert stops(low, certificate({"Ref": "Tls"})) == ["protection-dropped"]


def test_a_certificate_with_addresses_of_its_own_costs():
    before = certificate("TLSv1.2_2021", SslSupportMethod="sni-only")
    (change,) = found(before, certificate("TLSv1.2_2021", SslSupportMethod="vip"))
    assert change.costs


def countries(kind, *codes):
    geography = {"RestrictionType": kind, "Locations": list(codes)}
    return template(config={"Restrictions": {"GeoRestriction": geography}})


@pytest.mark.parametrize(
    ("before", "after", "widens"),
    [
        (countries("whitelist", "DE"), countries("whitelist", "DE", "AT"), True),
        (countries("whitelist", "DE", "AT"), countries("whitelist", "DE"), False),
        (countries("blacklist", "AQ", "BV"), countries("blacklist", "AQ"), True),
        (countries("blacklist", "AQ"), countries("blacklist", "AQ", "BV"), False),
        (countries("whitelist", "DE"), countries("none"), True),
        (countries("none"), countries("whitelist", "DE"), False),
        (countries("blacklist", "AQ"), countries("whitelist", "AQ"), True),
        (countries("blacklist", "AQ"), countries("whitelist", "DE"), False),
        (countries("whitelist", "DE"), countries("blacklist", "AQ"), True),
    ],
)
def test_a_country_that_is_let_in_widens_access(before, after, widens):
    assert stops(before, after) == (["access-widened"] if widens else [])


def test_a_filter_that_goes_or_is_another_widens_access():
    one, other = (template(config={"WebACLId": arn}) for arn in "ab")
    assert stops(one, CLOSED) == stops(one, other) == ["access-widened"]


def test_visitors_without_the_certificate_that_was_required_widen_access():
    before = template(config={"ViewerMtlsConfig": {"Mode": "required"}})
    after = template(config={"ViewerMtlsConfig": {"Mode": "optional"}})
    assert stops(before, after) == ["access-widened"]
    assert stops(after, before) == []


def test_another_signer_of_private_files_widens_access():
    one, two = (template({"TrustedKeyGroups": keys}) for keys in (["a"], ["a", "b"]))
    assert stops(one, two) == ["access-widened"]
    assert stops(one, template({"TrustedKeyGroups": ["b"]})) == ["access-widened"]
    assert told(two, one) == [
        "signatures by a key that goes are refused "
        "(links and cookies signed by it stop working)"
    ]
    assert stops(two, CLOSED) == ["access-widened"]


def groups(used, **keys):
    defined = {}
    for name, text in keys.items():
        defined[name] = policy("PublicKey", EncodedKey=text)
        defined[f"{name}Group"] = policy("KeyGroup", Items=[{"Ref": name}])
    return template({"TrustedKeyGroups": [{"Ref": f"{used}Group"}]}, **defined)


def test_a_key_that_is_new_in_the_stack_is_told_of_the_stack():
    assert told(groups("A", A="1"), groups("B", B="2")) == []
    assert told(groups("A", A="1"), groups("B", B="1")) == []


def test_code_that_could_let_in_some_visitors_only_does_not_go_unseen():
    def runs(event):
        return template(
            {"FunctionAssociations": [{"EventType": event, "FunctionARN": "f"}]}
        )

    assert stops(runs("viewer-request"), CLOSED) == ["protection-dropped"]
    assert stops(runs("viewer-response"), CLOSED) == []
    (change,) = found(CLOSED, runs("viewer-request"))
    assert change.costs and not change.stop


def test_fields_that_are_no_longer_encrypted_stop():
    before = template({"FieldLevelEncryptionId": "e"})
    assert stops(before, CLOSED) == ["protection-dropped"]


def test_names_that_come_and_go_are_told():
    one, other = (template(config={"Aliases": [f"{n}.example.com"]}) for n in "ab")
    assert [line.split(" (")[0] for line in told(one, other)] == [
        "can be reached as 'b.example.com'",
        "can no longer be reached as 'a.example.com'",
    ]


def test_a_setting_that_no_rule_knows_is_named():
    nested = template(origin={"CustomOriginConfig": {**{"Novelty": 1}}})
    assert "other settings of the origin change: 'Novelty'" in told(
        template(origin={"CustomOriginConfig": {}}), nested
    )
    assert told(CLOSED, template(config={"Comment": "new"})) == []


def test_a_condition_is_read_on_both_of_its_sides():
    def either(first, second):
        return template({"TrustedKeyGroups": {"Fn::If": ["C", first, second]}})

    assert stops(either(["g"], ["g"]), either(["g"], [])) == ["access-widened"]
    assert stops(either(["g"], ["g"]), either([], ["g"])) == ["access-widened"]
    assert told(either(["g"], ["g"]), template({"TrustedKeyGroups": ["g"]})) == []


def test_fingerprints_are_of_the_values():
    (one,) = found(CLOSED, with_origin(OriginPath="/a"))
    (other,) = found(CLOSED, with_origin(OriginPath="/b"))
    (again,) = found(CLOSED, with_origin(OriginPath="/a"))
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 8
