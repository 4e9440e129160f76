from __future__ import annotations

import json
import re
from datetime import timedelta

import aws_cdk as cdk
import pytest
from aws_cdk import Token
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import ROOT, new_app, new_stack, plain_distributions, synthesized

from constructs_lib import LegacyLogs
from constructs_lib.access_logs import (
    DEFAULT_FIELDS,
    PERSONAL_FIELDS,
    QUERIES,
    AccessLogs,
    LogDestination,
)

GROUP = LogDestination.log_group()


def own_bucket(stack, **values):
    return s3.Bucket(stack, "LogBucket", enforce_ssl=True, **values)


def named_bucket(stack, name="mysite-logs"):
    return s3.Bucket.from_bucket_name(stack, "LogBucket", name)


def access_logs(stack, destination=GROUP, **values):
    if "distributions" not in values:
        values["distributions"] = plain_distributions(stack)
    return AccessLogs(stack, "Logs", destination=destination, **values)


def template_to_bucket(stack=None, prefix="cloudfront", **values):
    stack = stack or new_stack()
    access_logs(
        stack, LogDestination.bucket(own_bucket(stack, **values), prefix=prefix)
    )
    return synthesized(stack)


@pytest.fixture(scope="module")
def plain():
    stack = new_stack()
    access_logs(stack)
    return synthesized(stack)


def of_type(template, kind):
    found = template.find_resources(f"AWS::Logs::{kind}")
    return {name: found[name] for name in found}


def destination_name(template):
    (found,) = of_type(template, "DeliveryDestination").values()
    return found["Properties"]["Name"]


def test_minimal_example():
    stack = new_stack()
    logs = access_logs(stack)
    template = synthesized(stack)
    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 30})
    (group,) = of_type(template, "LogGroup")
    template.has_resource_properties(
        "AWS::Logs::DeliveryDestination",
        {
            "DeliveryDestinationType": "CWL",
            "DestinationResourceArn": {"Fn::GetAtt": [group, "Arn"]},
            "OutputFormat": "json",
        },
    )
    template.resource_count_is("AWS::Logs::DeliveryDestination", 1)
    template.resource_count_is("AWS::Logs::DeliverySource", 2)
    template.resource_count_is("AWS::Logs::Delivery", 2)
    template.resource_count_is("AWS::Logs::QueryDefinition", 2)
    template.resource_count_is("AWS::S3::Bucket", 0)
    assert list(logs.deliveries) == ["Static", "Media"]
    assert logs.bucket_statement is None


def test_maximum_example():
    stack = new_stack()
    logs = access_logs(
        stack,
        LogDestination.bucket(named_bucket(stack), prefix="logs/cdn"),
        fields=["date", "sc-status"],
    )
    template = synthesized(stack)
    template.resource_count_is("AWS::Logs::LogGroup", 0)
    template.resource_count_is("AWS::Logs::QueryDefinition", 0)
    template.has_resource_properties(
        "AWS::Logs::DeliveryDestination",
        {
            "DeliveryDestinationType": "S3",
            "DestinationResourceArn": "arn:aws:s3:::mysite-logs/logs/cdn",
            "OutputFormat": "json",
        },
    )
    template.all_resources_properties(
        "AWS::Logs::Delivery",
        {
            "RecordFields": ["date", "sc-status"],
            "S3SuffixPath": "{DistributionId}/{yyyy}/{MM}/{dd}",
        },
    )
    assert logs.log_group is None
    assert logs.bucket_statement is not None


def test_no_default_field_is_personal_data(plain):
    assert {
        *("c-ip", "c-port", "x-forwarded-for", "cs(Referer)", "cs(User-Agent)"),
        *("cs(Cookie)", "cs-uri-query", "x-edge-request-id", "c-country", "asn"),
    } == PERSONAL_FIELDS
    assert not PERSONAL_FIELDS & {*DEFAULT_FIELDS}
    for delivery in of_type(plain, "Delivery").values():
        assert delivery["Properties"]["RecordFields"] == list(DEFAULT_FIELDS)


def test_default_fields_say_what_was_asked_for_and_how_it_went():
    needed = {"cs-uri-stem", "sc-status", "x-edge-result-type", "x-host-header"}
    assert needed < set(DEFAULT_FIELDS)


def test_warns_of_fields_that_tell_of_persons():
    stack = new_stack()
    fields = sorted(PERSONAL_FIELDS)
    access_logs(stack, fields=[*DEFAULT_FIELDS, *fields])
    Annotations.from_stack(stack).has_warning(
        "/mysite-cdn-test/Logs",
        Match.string_like_regexp(
            f"fields {re.escape(', '.join(fields))} tell of persons"
        ),
    )


def test_warns_of_a_field_that_is_not_known():
    stack = new_stack()
    access_logs(stack, fields=["cs-uri-stm"])
    Annotations.from_stack(stack).has_warning(
        "/mysite-cdn-test/Logs", Match.string_like_regexp("cs-uri-stm are not known")
    )


def test_nothing_is_warned_of_by_default():
    stack = new_stack()
    access_logs(stack, fields=[*DEFAULT_FIELDS, "cs-bytes", "origin-fbl"])
    Annotations.from_stack(stack).has_no_warning("*", Match.any_value())
    Annotations.from_stack(stack).has_no_info("*", Match.any_value())


def test_a_source_is_named_by_its_distribution_and_by_nothing_else():
    # A second source of one distribution is refused, and so is another distribution for one
    # source. So neither a moved construct nor a renamed stack may rename it.
    for stack_id in ("mysite-cdn-test", "renamed"):
        stack = new_stack(stack_id=stack_id)
        found = plain_distributions(stack, "Static")
        access_logs(stack, distributions=found)
        reference = {
            "Ref": stack.get_logical_id(found["Static"].node.default_child),
        }
        (source,) = of_type(synthesized(stack), "DeliverySource").values()
        assert source["Properties"]["LogType"] == "ACCESS_LOGS"
        assert source["Properties"]["Name"] == {
            "Fn::Join": ["", ["dj-cloudfront-", reference]]
        }
        assert reference in source["Properties"]["ResourceArn"]["Fn::Join"][1]


def test_a_destination_gets_a_new_name_with_a_new_target_and_keeps_it_otherwise():
    stacks = [new_stack() for _ in range(4)]
    targets = [
        GROUP,
        LogDestination.bucket(named_bucket(stacks[1])),
        LogDestination.bucket(named_bucket(stacks[2], "other-logs")),
        LogDestination.bucket(named_bucket(stacks[3]), prefix="other"),
    ]
    names = []
    for stack, target in zip(stacks, targets, strict=True):
        access_logs(stack, target)
        names.append(destination_name(synthesized(stack)))
    assert len(set(names)) == 4

    for fields, retention in ((["date"], 30), (DEFAULT_FIELDS, 7)):
        stack = new_stack()
        access_logs(
            stack,
            LogDestination.log_group(retention=timedelta(days=retention)),
            fields=fields,
        )
        assert destination_name(synthesized(stack)) == names[0]


def test_destination_names_differ_over_stacks_and_fit():
    names = set()
    for stack_id in ("mysite-cdn-dev", "mysite-cdn-prod", "s" * 100, "s" * 101):
        template = template_to_bucket(new_stack(stack_id=stack_id), prefix="p" * 100)
        names.add(destination_name(template))
    assert len(names) == 4
    assert all(re.fullmatch(r"[\w-]{1,60}", name) for name in names)


def test_deliveries_are_made_one_at_a_time():
    stack = new_stack()
    access_logs(
        stack, distributions=plain_distributions(stack, "Static", "Media", "Private")
    )
    found = of_type(synthesized(stack), "Delivery")
    static, media, private = sorted(found, key=lambda name: "SMP".index(name[4]))
    assert found[media]["DependsOn"] == [static]
    assert found[private]["DependsOn"] == [media]
    assert "DependsOn" not in found[static]


def test_the_log_group_stays_until_its_lines_are_old():
    stack = new_stack()
    access_logs(stack, LogDestination.log_group(retention=timedelta(days=7)))
    template = synthesized(stack)
    template.has_resource(
        "AWS::Logs::LogGroup",
        {
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            # A name of its own could not be made again beside the one that stays.
            "Properties": {"RetentionInDays": 7, "LogGroupName": Match.absent()},
        },
    )
    # AWS writes the permission onto the log group; a policy of ours would take one of the
    # account's ten places.
    template.resource_count_is("AWS::Logs::ResourcePolicy", 0)


def test_queries_are_ready_for_both_halves(plain):
    (group,) = of_type(plain, "LogGroup")
    queries = [
        query["Properties"] for query in of_type(plain, "QueryDefinition").values()
    ]
    assert {query["Name"] for query in queries} == {
        "mysite-cdn-test/Hit ratio by build",
        "mysite-cdn-test/Missing and refused files",
    }
    for query in queries:
        assert query["LogGroupNames"] == [{"Ref": group}]
        for field in re.findall(r"`([^`]+)`", query["QueryString"]):
            assert field in DEFAULT_FIELDS
    (by_build,) = (
        query["QueryString"]
        for query in queries
        if query["Name"].endswith("Hit ratio by build")
    )
    assert 'parse `cs-uri-stem` "/*/*" as build, file' in by_build
    assert by_build.splitlines()[-2].endswith("by `x-host-header`, build")


def test_a_query_without_its_fields_is_left_out():
    stack = new_stack()
    fields = [field for field in DEFAULT_FIELDS if field != "x-edge-result-type"]
    access_logs(stack, fields=fields)
    (query,) = of_type(synthesized(stack), "QueryDefinition").values()
    assert query["Properties"]["Name"].endswith("Missing and refused files")


def test_a_bucket_of_this_app_lets_delivery_write_and_nothing_more():
    template = template_to_bucket()
    (name,) = template.find_resources("AWS::S3::BucketPolicy")
    policy = template.to_json()["Resources"][name]["Properties"]["PolicyDocument"]
    (statement,) = (
        found for found in policy["Statement"] if found["Effect"] == "Allow"
    )
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert statement["Action"] == "s3:PutObject"
    assert statement["Resource"]["Fn::Join"][1][1] == "/cloudfront/*"
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "s3:x-amz-acl": "bucket-owner-full-control",
        },
        "ArnLike": {
            "aws:SourceArn": {
                "Fn::Join": [
                    "",
                    [
                        "arn:aws:logs:us-east-1:",
                        {"Ref": "AWS::AccountId"},
                        ":delivery-source:*",
                    ],
                ]
            }
        },
    }
    static = next(
        found
        for found in of_type(template, "Delivery").values()
        if found["DependsOn"] == [name]
    )
    assert static["Properties"]["S3SuffixPath"]


def test_the_key_of_an_encrypted_bucket_lets_delivery_use_it():
    template = template_to_bucket(encryption=s3.BucketEncryption.KMS)
    (key,) = template.find_resources("AWS::KMS::Key").values()
    (statement,) = (
        found
        for found in key["Properties"]["KeyPolicy"]["Statement"]
        if found.get("Sid") == "CloudFrontLogs"
    )
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert "kms:GenerateDataKey*" in statement["Action"]
    owner = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert statement["Condition"] == {"StringEquals": owner}


@pytest.mark.parametrize(
    ("account", "printed"), [(None, "<account>"), ("111122223333", "111122223333")]
)
def test_the_statement_for_a_bucket_by_name_is_printed(account, printed):
    stack = cdk.Stack(
        new_app(),
        "mysite-cdn-test",
        env=cdk.Environment(account=account, region="us-east-1"),
    )
    access_logs(stack, LogDestination.bucket(named_bucket(stack)))
    synthesized(stack).resource_count_is("AWS::S3::BucketPolicy", 0)
    (message,) = Annotations.from_stack(stack).find_info("*", Match.any_value())
    before, _, statement = str(message.entry.data).partition(": {")
    assert "the policy of bucket mysite-logs must have this statement" in before
    read = json.loads("{" + statement.split(" [ack")[0])
    assert read["Resource"] == "arn:aws:s3:::mysite-logs/cloudfront/*"
    assert read["Condition"]["StringEquals"]["aws:SourceAccount"] == printed
    # The page shows the same one.
    page = (ROOT / "docs" / "watching.md").read_text("utf-8")
    blocks = re.findall(r"```json\n(.*?)```", page, re.S)
    (documented,) = [json.loads(block) for block in blocks if '"Sid"' in block]
    replaced = json.dumps(documented).replace("111122223333", printed)
    assert json.loads(replaced) == read


def test_logical_ids_are_a_contract(plain):
    ids = plain.to_json()["Resources"]
    assert {name for name in ids if name.startswith("Logs")} == {
        "LogsDestination64C85DDD",
        "LogsHitRatioByBuildCFC0D844",
        "LogsLogGroup2D29F7A4",
        "LogsMediaDelivery6DEFD656",
        "LogsMediaSourceE7FB406C",
        "LogsMissingFiles4CC81E76",
        "LogsStaticDelivery87F91675",
        "LogsStaticSource3EAA33DF",
    }


def test_fails_when_the_stack_is_in_another_region():
    with pytest.raises(
        ValueError, match="^logs must be in a stack in 'us-east-1'.*'eu-west-1'$"
    ):
        access_logs(new_stack(region="eu-west-1"))


def test_a_region_known_only_to_cloudformation_passes():
    stack = cdk.Stack(new_app(), "anywhere")
    access_logs(stack)
    before, region, after = destination_name(synthesized(stack))["Fn::Join"][1]
    assert region == {"Ref": "AWS::Region"}
    assert len(before) + len("ap-southeast-1") + len(after) <= 60


def test_tokens_pass_as_bucket_and_names():
    stack = new_stack()
    token = Token.as_string({"Fn::ImportValue": "Name"})
    access_logs(stack, LogDestination.bucket(named_bucket(stack, token), prefix=token))
    LegacyLogs.named(token, region=token, prefix=token)
    synthesized(stack)
    (message,) = Annotations.from_stack(stack).find_info("*", Match.any_value())
    assert "arn:aws:s3:::<bucket>/<prefix>/*" in str(message.entry.data)


@pytest.mark.parametrize("prefix", ["", "/", "/logs", "logs/", "a//b", "a b", "{x}"])
def test_fails_when_a_prefix_is_no_folder(prefix):
    sentence = "^prefix must be a folder without a slash"
    with pytest.raises(ValueError, match=sentence):
        LogDestination.bucket(named_bucket(new_stack()), prefix=prefix)
    with pytest.raises(ValueError, match=sentence):
        LegacyLogs.named("mysite-audit-logs", prefix=prefix)


@pytest.mark.parametrize(
    "retention", [timedelta(0), timedelta(days=2), timedelta(hours=36)]
)
def test_fails_when_cloudwatch_has_no_such_retention(retention):
    with pytest.raises(ValueError, match="^retention must be one of 1, 3, 5, .* days"):
        LogDestination.log_group(retention=retention)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ([], "fields must have at least one field"),
        ([""], "fields must be names of up to 50 characters"),
        (["sc status"], "fields must be names of up to 50 .* got 'sc status'$"),
        (["x" * 51], "fields must be names of up to 50 characters"),
        (["date", "date"], "fields must be distinct, got 'date' twice"),
    ],
)
def test_fails_when_fields_cannot_be_right(fields, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        access_logs(new_stack(), fields=fields)


def test_fails_when_there_is_nothing_to_log():
    with pytest.raises(ValueError, match="^distributions must have at least one"):
        access_logs(new_stack(), distributions={})


def test_the_documented_query_is_the_saved_one():
    page = (ROOT / "docs" / "watching.md").read_text("utf-8")
    assert "\n| ".join(QUERIES[0].lines) in page


def test_the_documented_table_reads_fields_that_are_logged():
    page = (ROOT / "docs" / "watching.md").read_text("utf-8")
    mapped = re.findall(r"'mapping\.\w+' = '([^']+)'", page)
    assert mapped
    assert set(mapped) <= set(DEFAULT_FIELDS)
    for field in PERSONAL_FIELDS:
        assert f"`{field}`" in page


def test_a_destination_named_by_a_parameter_is_the_same_in_every_synthesis():
    found = set()
    for noise in (0, 3):
        stack = new_stack()
        for index in range(noise):
            str(cdk.CfnParameter(stack, f"Noise{index}").value_as_string)
        prefix = cdk.CfnParameter(stack, "Prefix").value_as_string
        access_logs(stack, LogDestination.bucket(named_bucket(stack), prefix=prefix))
        template = Template.from_stack(stack)
        (given,) = template.find_resources("AWS::Logs::DeliveryDestination").values()
        found.add(given["Properties"]["Name"])
    assert len(found) == 1
