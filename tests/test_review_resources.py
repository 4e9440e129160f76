"""Resources that come, go, are replaced or set differently, one rule at a time."""

from __future__ import annotations

import pytest
from review_resources_support import (
    CDN,
    distribution,
    found,
    key_group,
    policy,
    public_key,
    resource,
    stack,
    stops,
    template,
    told,
)

ALIAS = ["static.example.com"]
BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
READ = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::files/*",
    "Condition": {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::1:d/A"}},
}
REFUSE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::files/*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def bucket_policy(*statements):
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return template(P=resource(POLICY, {"Bucket": "files", "PolicyDocument": document}))


def bucket(properties, **attributes):
    return template(B=resource(BUCKET, properties, **attributes))


# Distributions


def test_a_distribution_made_anew_is_replaced():
    (change,) = found(template(), template(Edge=None, Other=distribution()))
    assert change.stop == "distribution-replaced"
    assert "address at CloudFront and its caches are new" in change.note


def test_a_distribution_made_anew_cannot_have_the_names_of_the_old_one():
    before = template(Edge=distribution(aliases=ALIAS))
    after = template(Edge=None, Other=distribution(aliases=ALIAS))
    (change,) = found(before, after)
    assert "CNAMEAlreadyExists" in change.note


def test_a_deleted_distribution_stops_and_a_kept_one_too():
    gone = found(template(), template(Edge=None, T=resource(f"{CDN}Function")))
    kept = found(
        template(Edge=distribution(DeletionPolicy="Retain")),
        template(Edge=None, T=resource(f"{CDN}Function")),
    )
    assert [one.stop for one in (*gone, *kept) if one.stop] == [
        "distribution-deleted"
    ] * 2
    assert any("is deleted" in str(one) for one in gone)
    assert any("stays in the account" in str(one) for one in kept)


def test_a_new_distribution_does_not_stop():
    (line,) = told(template(), template(Other=distribution("media")))
    assert line == (
        "prod: media distribution: is new, and serves files of 'www.example.com'"
    )


def test_a_distribution_under_a_condition_may_be_gone():
    sections = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
    after = template(sections=sections, Edge=distribution(Condition="Never"))
    assert stops(template(), after) == ["distribution-deleted"]
    assert stops(after, template()) == []


def test_a_changed_condition_of_a_distribution_stops_and_of_another_resource_not():
    def conditional(value, **resources):
        conditions = {"Wanted": {"Fn::Equals": ["a", value]}}
        return template(sections={"Conditions": conditions}, **resources)

    edge = distribution(Condition="Wanted")
    assert stops(conditional("a", Edge=edge), conditional("b", Edge=edge)) == [
        "distribution-deleted"
    ]
    rule = resource("AWS::Events::Rule", Condition="Wanted")
    before, after = (conditional(one, Rule=rule) for one in "ab")
    assert told(before, after) == ["prod: stack: its conditions change"]


def test_a_macro_that_rewrites_the_template_stops():
    def rewritten(*macros):
        return template(sections={"Transform": list(macros)} if macros else {})

    assert stops(rewritten(), rewritten("AWS::Include")) == ["access-widened"]
    assert stops(rewritten("AWS::Include"), rewritten("AWS::Include")) == []
    assert stops(rewritten("AWS::Include"), rewritten()) == []
    assert stops(rewritten(), rewritten("AWS::LanguageExtensions")) == []
    inside = resource("AWS::Foo::Bar", {"Fn::Transform": {"Name": "AWS::Include"}})
    assert "access-widened" in stops(template(), template(R=inside))


# Names and numbers of policies


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (f"{CDN}CachePolicy", {"CachePolicyConfig": {"Name": "n"}}),
        (f"{CDN}OriginAccessControl", {"OriginAccessControlConfig": {"Name": "n"}}),
        (f"{CDN}KeyGroup", {"KeyGroupConfig": {"Name": "n"}}),
        (f"{CDN}Function", {"Name": "n"}),
        ("AWS::S3::Bucket", {"BucketName": "n"}),
        ("AWS::Route53::RecordSet", {"Name": "n", "Type": "A"}),
        ("AWS::SSM::Parameter", {"Name": "n"}),
    ],
)
def test_a_name_cannot_be_given_a_second_time(kind, properties):
    one = resource(kind, properties)
    (line,) = told(template(A=one), template(B=one))
    assert "is made anew under the name that it has: 'n' (the deploy fails" in line


def test_a_name_that_is_generated_can():
    one = resource(f"{CDN}OriginAccessControl", {"OriginAccessControlConfig": {}})
    assert told(template(A=one), template(B=one)) == []


def test_a_record_of_another_type_is_another_one():
    before, after = (
        resource("AWS::Route53::RecordSet", {"Name": "n.example.com.", "Type": one})
        for one in ("A", "CNAME")
    )
    (line,) = told(template(A=before), template(B=after))
    assert line.startswith("prod: DNS record: is replaced")


def test_the_number_of_policies_is_told_when_it_changes():
    before, after = template(A=policy("a")), template(A=policy("a"), B=policy("b"))
    (line,) = told(before, after)
    assert line == (
        "prod: cache policies: 2 are defined instead of 1 (this app has 2 of the 20 "
        "that an account may have)"
    )
    other = template(A=policy("a", MinTTL=5))
    assert told(before, other) == []


def test_more_policies_than_an_account_may_have_fail_the_deploy():
    many = {f"P{number}": policy(f"p{number}") for number in range(21)}
    (line,) = told(template(), template(**many))
    assert "21 of the 20" in line
    assert "the deploy fails unless the quota was raised" in line


# Signing keys


def signed(*keys, groups=("Group",), **more):
    given = {key: public_key(key) for key in keys}
    group = key_group(*keys)
    edge = distribution("private", groups=groups)
    return template(**{"Edge": edge, "Group": group, **given, **more})


def test_another_key_that_is_accepted_stops():
    (change,) = found(signed("One"), signed("One", "Two"))
    assert change.stop == "access-widened"
    assert "signatures of 2 keys are accepted instead of 1" in str(change)


def test_a_key_of_a_group_that_nothing_used_stops_when_something_does():
    unused = {"Spare": key_group("Third"), "Third": public_key("third")}
    before = signed("One", **unused)
    after = signed("One", groups=("Group", "Spare"), **unused)
    assert stops(before, after) == ["access-widened"]


def test_a_key_in_a_group_that_nothing_uses_says_nothing():
    unused = {"Spare": key_group("Third"), "Third": public_key("third")}
    assert told(signed("One"), signed("One", **unused)) == []


def test_the_first_key_opens_nothing():
    assert stops(template(Edge=distribution("private")), signed("One")) == []


def test_a_key_that_goes_does_not_stop():
    (change,) = found(signed("One", "Two"), signed("Two"))
    assert change.stop is None
    assert "no longer accepted" in str(change)


def test_a_key_that_is_changed_in_place_fails_the_deploy():
    (line,) = told(signed("One"), signed("One", One=public_key("other")))
    assert "the deploy fails: give the new key a name of its own" in line


def test_the_same_key_under_another_logical_id_is_no_news():
    same = public_key("One")
    same["Properties"]["PublicKeyConfig"]["Name"] = "two"
    assert told(signed("One"), signed("Two", Two=same)) == []


# Buckets


def test_a_bucket_whose_block_goes_opens():
    before = bucket({"PublicAccessBlockConfiguration": BLOCKED})
    assert stops(before, bucket({})) == ["access-widened"]
    assert stops(bucket({}), before) == []


def test_a_bucket_with_a_public_acl_opens():
    (change,) = found(bucket({}), bucket({"AccessControl": "PublicRead"}))
    assert change.stop == "access-widened"
    assert stops(bucket({}), bucket({"AccessControl": "LogDeliveryWrite"})) == []


def test_a_bucket_that_keeps_no_versions_any_more_stops():
    before = bucket({"VersioningConfiguration": {"Status": "Enabled"}})
    after = bucket({"VersioningConfiguration": {"Status": "Suspended"}})
    (change,) = found(before, after)
    assert change.stop == "protection-dropped"
    assert stops(after, before) == []


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["x", "*"]}])
def test_a_policy_for_everybody_stops_even_if_it_is_new(principal):
    everybody = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}
    (change,) = found(template(), bucket_policy(everybody))
    assert change.stop == "access-widened"
    assert "everybody is let in" in str(change)


@pytest.mark.parametrize(
    "wider",
    [
        {**READ, "Condition": {}},
        {**READ, "Action": ["s3:GetObject", "s3:PutObject"]},
        {**READ, "Principal": {"AWS": "arn:aws:iam::2:root"}},
        {**READ, "Resource": "*"},
        {**READ, "Condition": {"StringEquals": {"AWS:SourceArn": "another"}}},
        {"Effect": "Allow", "NotPrincipal": {"AWS": "a"}, "Action": "s3:GetObject"},
    ],
)
def test_a_policy_that_allows_more_stops(wider):
    assert stops(bucket_policy(READ), bucket_policy(wider)) == ["access-widened"]


@pytest.mark.parametrize(
    "narrower",
    [
        {**READ, "Condition": {**READ["Condition"], "Bool": {"a": "true"}}},
        {**READ, "Resource": ["arn:aws:s3:::files/*"]},
        {**READ, "Sid": "WithAName"},
    ],
)
def test_a_policy_that_allows_no_more_does_not_stop(narrower):
    assert stops(bucket_policy(READ), bucket_policy(narrower)) == []
    assert stops(bucket_policy(READ), bucket_policy()) == []


def test_a_refusal_that_goes_stops():
    (change,) = found(bucket_policy(READ, REFUSE), bucket_policy(READ))
    assert change.stop == "access-widened"
    assert "what was refused" in str(change)
    assert stops(bucket_policy(READ), bucket_policy(READ, REFUSE)) == []


def test_the_order_and_notation_of_a_policy_are_no_change():
    lists = {key: [one] for key, one in READ.items() if isinstance(one, str)}
    lists["Effect"] = "Allow"
    written = bucket_policy(REFUSE, {**READ, **lists})
    assert told(bucket_policy(READ, REFUSE), written) == []


def test_access_logs_written_into_a_bucket_do_not_stop():
    logs = {**READ, "Principal": {"Service": "delivery.logs.amazonaws.com"}}
    before, after = bucket_policy(READ), bucket_policy(READ, logs)
    assert told(before, after) == ["prod: bucket policy: is changed: the rules"]


def test_a_bucket_policy_comes_and_goes_with_its_bucket():
    rules = {"Bucket": {"Ref": "B"}, "PolicyDocument": {"Statement": [READ]}}
    both = template(B=resource(BUCKET), P=resource(POLICY, rules))
    (come,), (gone,) = told(template(), both), told(both, template())
    assert come == "prod: bucket: is added (storage and uploads) [cost]"
    assert gone == ("prod: bucket: is removed (the deploy fails while a file is in it)")


def test_a_bucket_that_is_made_anew_is_empty():
    (line,) = told(
        bucket({"BucketName": "one"}),
        bucket({"BucketName": "two"}),
    )
    assert line == "prod: bucket: is replaced (what is in it does not move)"


# Web ACLs

REFUSING = {"Name": "floods", "Priority": 2, "Action": {"Block": {}}}


def web_acl(*rules, default="Allow"):
    settings = {"DefaultAction": {default: {}}, "Rules": list(rules)}
    return template(W=resource("AWS::WAFv2::WebACL", settings))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (web_acl(default="Block"), web_acl()),
        (web_acl(REFUSING), web_acl()),
        (web_acl(REFUSING), web_acl({**REFUSING, "Action": {"Count": {}}})),
        (web_acl(), web_acl({**REFUSING, "Action": {"Allow": {}}})),
    ],
)
def test_a_filter_that_may_let_more_through_stops(before, after):
    assert stops(before, after) == ["access-widened"]
    assert len(told(before, after)) == 1


def test_a_filter_that_refuses_more_does_not_stop():
    assert told(web_acl(), web_acl(REFUSING)) == [
        "prod: web ACL: is changed: what is refused"
    ]
    assert stops(web_acl(), web_acl(default="Block")) == []
    other = {**REFUSING, "Name": "b"}
    assert told(web_acl(REFUSING, other), web_acl(other, REFUSING)) == []


# The rest


def test_code_is_not_shown():
    before, after = (
        template(F=resource(f"{CDN}Function", {"FunctionCode": f"return {one};"}))
        for one in "ab"
    )
    assert told(before, after) == [
        "prod: edge function: is changed: the code, which runs for every request of its "
        "paths"
    ]


def test_a_change_is_said_in_words_and_with_short_values():
    before, after = (
        template(L=resource("AWS::Logs::LogGroup", {"RetentionInDays": days}))
        for days in (30, 90)
    )
    assert told(before, after) == [
        "prod: access logs: are changed: for how many days lines are kept: "
        "90 instead of 30"
    ]


def test_a_tag_of_all_resources_is_one_line():
    def tagged(value):
        tags = {"Tags": [{"Key": "team", "Value": value}]}
        return template(A=resource("AWS::SNS::Topic", tags), B=resource(BUCKET, tags))

    assert told(tagged("a"), tagged("b")) == [
        "prod: stack: the tags of 2 resources change"
    ]


def test_a_tag_of_a_vpc_origin_fails_the_deploy():
    before, after = (
        template(V=resource(f"{CDN}VpcOrigin", {"Tags": [{"Key": "a", "Value": one}]}))
        for one in "ab"
    )
    assert any("the deploy fails while" in line for line in told(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"Fn::Sub": "${Edge.Id}/a"},
            {"Fn::Join": ["", [{"Fn::GetAtt": ["Edge", "Id"]}, "/a"]]},
        ),
        ({"Fn::GetAtt": "Edge.Id"}, {"Fn::GetAtt": ["Edge", "Id"]}),
        ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
    ],
)
def test_another_notation_is_no_change(before, after):
    one, other = (
        template(R=resource("AWS::Foo::Bar", {"Value": value}))
        for value in (before, after)
    )
    assert told(one, other) == []


def test_a_reference_to_what_is_made_anew_is_no_change():
    def rule(name):
        return resource("AWS::Events::Rule", {"Target": {"Ref": name}})

    queue = resource("AWS::SQS::Queue")
    assert told(template(A=queue, R=rule("A")), template(B=queue, R=rule("B"))) == []


def test_unknown_types_are_bounded_and_say_how_many_more():
    many = {f"R{n}": resource(f"AWS::Foo::Bar{n:02}") for n in range(30)}
    lines = told(template(), template(**many))
    assert len(lines) == 21
    assert lines.count("prod: other resources: and 10 more kinds of changes") == 1


def test_equal_events_share_a_line_and_a_price():
    alarms = {
        f"A{n}": resource("AWS::CloudWatch::Alarm", {"MetricName": f"M{n}"})
        for n in range(2)
    }
    assert told(template(), template(**alarms)) == [
        "prod: alarms: 2 are added ($0.10 a month for each) [cost]"
    ]


def watched(*mails, topic="Topic"):
    mail = "AWS::SNS::Subscription"
    found = {f"M{one}": resource(mail, {"Endpoint": one}) for one in mails}
    return template(**{topic: resource("AWS::SNS::Topic"), **found})


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (template(), watched("a"), "added"),
        (watched("a"), template(), "removed"),
        (watched("a"), watched("a", "b"), "extended"),
        (watched("a", "b"), watched("a"), "reduced"),
        (watched(), template(Log=resource("AWS::SNS::TopicPolicy")), None),
    ],
)
def test_a_thing_of_several_parts_is_one_line(before, after, what):
    what = what or "set up in another way"
    assert told(before, after) == [f"prod: alarm topic: is {what}"]


def test_logs_that_stay_behind_are_said_once():
    def logged(**attributes):
        kinds = {"G": "LogGroup", "D": "Delivery", "S": "DeliverySource"}
        group = {name: resource(f"AWS::Logs::{kind}") for name, kind in kinds.items()}
        group["G"] |= attributes
        return template(**group)

    assert told(logged(DeletionPolicy="Retain"), template()) == [
        "prod: access logs: are removed (what was written stays in the account)"
    ]
    assert told(logged(), template()) == ["prod: access logs: are removed"]


def test_a_stack_that_can_be_deleted_stops():
    before, after = stack(termination_protection=True), stack()
    assert stops(before, after) == ["protection-dropped"]
    assert stops(after, before) == []


def test_a_distribution_that_is_no_longer_kept_stops_and_a_rule_does_not():
    kept = template(Edge=distribution(DeletionPolicy="Retain"))
    assert stops(kept, template()) == ["protection-dropped"]
    rule = resource("AWS::Events::Rule", DeletionPolicy="Retain")
    assert stops(template(R=rule), template(R=resource("AWS::Events::Rule"))) == []


@pytest.mark.parametrize("what", ["account", "region"])
def test_another_account_or_region_is_a_stack_made_anew(what):
    before, after = (stack(**{what: f"eu-{number}"}) for number in (1, 2))
    assert stops(before, after) == ["distribution-replaced"]
    assert told(before, stack()) == []


def test_an_output_that_settings_read_and_that_goes_is_said():
    before = template(outputs={"StaticDomainName": "a", "Mine": "b"})
    (first, second) = told(before, template())
    assert "settings that use them fail" in first + second
    assert "'Mine' goes" in first + second


def test_a_domain_name_of_pages_that_changes_is_said():
    own = {"Fn::GetAtt": ["Edge", "DomainName"]}
    before = template(outputs={"StaticDomainName": own})
    after = template(outputs={"StaticDomainName": "static.example.com"})
    (line,) = told(before, after)
    assert line == (
        "prod: stack: the output 'StaticDomainName' is 'static.example.com' instead of "
        "CloudFront's own name (pages have it in their URLs with the next outputs file)"
    )


def test_an_output_of_another_resource_is_said_and_of_a_renamed_one_not():
    def put_out(name):
        return {"StaticDistributionId": {"Ref": name}}

    both = {"Other": distribution("media")}
    before = template(outputs=put_out("Edge"), **both)
    after = template(outputs=put_out("Other"), **both)
    (line,) = told(before, after)
    assert "is that of something else" in line
    topic = resource("AWS::SNS::Topic")
    first = template(outputs={"Topic": {"Ref": "A"}}, A=topic)
    second = template(outputs={"Topic": {"Ref": "B"}}, B=topic)
    assert told(first, second) == []
