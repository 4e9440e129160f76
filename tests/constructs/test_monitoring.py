from __future__ import annotations

import json
from datetime import timedelta

import aws_cdk as cdk
import pytest
from aws_cdk import Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Annotations, Match, Template
from cdk_support import new_app, new_stack, plain_distributions, synthesized

from constructs_lib.alarms import Notify
from constructs_lib.monitoring import CdnMonitoring

EMAIL = Notify.email("ops@example.com")
EVERYTHING = {
    "requests_per_five_minutes": 100_000,
    "additional_metrics": True,
    "lowest_hit_rate_percent": 80,
    "slowest_origin": timedelta(seconds=2),
}


def monitoring(stack=None, **values):
    stack = stack or new_stack()
    values = {"notify": EMAIL, **values}
    if "distributions" not in values:
        values["distributions"] = plain_distributions(stack)
    return CdnMonitoring(stack, "Monitoring", **values), stack


def template_of(**values):
    return synthesized(monitoring(**values)[1])


@pytest.fixture(scope="module")
def plain():
    return template_of()


@pytest.fixture(scope="module")
def everything():
    return template_of(**EVERYTHING)


def alarms(template):
    found = template.find_resources("AWS::CloudWatch::Alarm")
    return {name: found[name]["Properties"] for name in found}


def dashboard_text(template):
    (found,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    return json.dumps(found["Properties"]["DashboardBody"])


def test_minimal_example():
    watched, stack = monitoring(notify=None)
    template = synthesized(stack)
    template.resource_count_is("AWS::CloudWatch::Alarm", 2)
    template.resource_count_is("AWS::CloudWatch::Dashboard", 1)
    template.resource_count_is("AWS::SNS::Topic", 0)
    template.resource_count_is("AWS::CloudFront::MonitoringSubscription", 0)
    assert watched.topic is None
    assert not any("AlarmActions" in alarm for alarm in alarms(template).values())


def test_maximum_example():
    watched, stack = monitoring(**EVERYTHING)
    template = synthesized(stack)
    assert {role: len(found) for role, found in watched.alarms.items()} == {
        "Static": 4,
        "Media": 4,
    }
    template.resource_count_is("AWS::CloudWatch::Alarm", 8)
    template.resource_count_is("AWS::CloudFront::MonitoringSubscription", 2)
    template.has_resource_properties(
        "AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "ops@example.com"}
    )
    assert all(
        alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic_of(template)}]
        for alarm in alarms(template).values()
    )


def topic_of(template):
    (topic,) = template.find_resources("AWS::SNS::Topic")
    return topic


def test_alarms_stand_on_the_dimensions_that_carry_data(everything):
    for alarm in alarms(everything).values():
        # A plain metric: no Metrics, which some tools and emulators cannot read.
        assert alarm["Namespace"] == "AWS/CloudFront"
        (distribution, region) = alarm["Dimensions"]
        assert region == {"Name": "Region", "Value": "Global"}
        assert distribution["Name"] == "DistributionId"
        assert alarm["Period"] == 300
        assert "Metrics" not in alarm
        # A quiet night is no alarm.
        assert alarm["TreatMissingData"] == "notBreaching"


def test_both_halves_are_watched(plain):
    watched = {
        alarm["Dimensions"][0]["Value"]["Ref"] for alarm in alarms(plain).values()
    }
    assert {name.rstrip("0123456789ABCDEF") for name in watched} == {"Static", "Media"}


def test_server_errors_ring_at_five_percent_in_three_of_three_periods(plain):
    plain.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "5xxErrorRate",
            "Statistic": "Average",
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 3,
        },
    )


AT_LEAST, LESS = "GreaterThanOrEqualToThreshold", "LessThanThreshold"


@pytest.mark.parametrize(
    ("name", "kind", "statistic", "threshold", "periods", "comparison"),
    [
        ("Requests", "Statistic", "Sum", 100_000, 3, AT_LEAST),
        ("CacheHitRate", "Statistic", "Average", 80, 12, LESS),
        ("OriginLatency", "ExtendedStatistic", "p90", 2000, 3, AT_LEAST),
    ],
)
def test_an_alarm_is_there_with_a_number_and_not_without(
    everything, plain, name, kind, statistic, threshold, periods, comparison
):
    expected = {
        "MetricName": name,
        kind: statistic,
        "Threshold": threshold,
        "EvaluationPeriods": periods,
        "ComparisonOperator": comparison,
    }
    alarm = "AWS::CloudWatch::Alarm"
    everything.resource_properties_count_is(alarm, expected, 2)
    plain.resource_properties_count_is(alarm, {"MetricName": name}, 0)


def test_a_description_says_where_what_how_long_and_what_to_do(everything):
    for alarm in alarms(everything).values():
        first, distribution, rest = alarm["AlarmDescription"]["Fn::Join"][1]
        assert first in (
            "Static files, distribution ",
            "Media files, distribution ",
        )
        assert distribution == alarm["Dimensions"][0]["Value"]
        minutes = alarm["EvaluationPeriods"] * 5
        what, cure = rest.split(f" for {minutes} minutes. ")
        assert f"{alarm['Threshold']:g}" in what
        assert cure.startswith(("Ask ", "This costs ", "Look "))
        assert len(rest) < 900


def test_a_new_topic_takes_alarms_of_the_account_by_tls_only(plain):
    (policy,) = plain.find_resources("AWS::SNS::TopicPolicy").values()
    deny, allow = policy["Properties"]["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    # SNS's own policy, which let alarms in, is gone once there is another.
    assert allow["Effect"] == "Allow"
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Action"] == "sns:Publish"
    assert allow["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    assert ":alarm:*" in json.dumps(allow["Condition"]["ArnLike"])


def test_a_given_topic_is_used_as_it_is():
    stack = new_stack()
    topic = sns.Topic.from_topic_arn(
        stack, "Alarms", "arn:aws:sns:us-east-1:111122223333:alarms"
    )
    monitoring(stack, notify=Notify.topic(topic))
    template = synthesized(stack)
    template.resource_count_is("AWS::SNS::Topic", 0)
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm", {"AlarmActions": [topic.topic_arn]}
    )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_topic_with_a_policy_of_its_own_lets_alarms_in(when):
    stack = new_stack()
    topic = sns.Topic(stack, "Alarms", enforce_ssl=when == "before")
    monitoring(stack, notify=Notify.topic(topic))
    if when == "after":
        topic.grant_publish(iam.ServicePrincipal("events.amazonaws.com"))
    template = synthesized(stack)
    (policy,) = template.find_resources("AWS::SNS::TopicPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    (allow,) = (one for one in statements if one.get("Sid") == "LetAlarmsPublish")
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert len(statements) == 2


def test_a_topic_without_a_policy_keeps_that_of_sns():
    stack = new_stack()
    monitoring(stack, notify=Notify.topic(sns.Topic(stack, "Alarms")))
    synthesized(stack).resource_count_is("AWS::SNS::TopicPolicy", 0)


def test_the_statement_for_a_topic_by_arn_is_printed():
    stack = new_stack()
    arn = "arn:aws:sns:us-east-1:111122223333:alarms"
    topic = sns.Topic.from_topic_arn(stack, "Alarms", arn)
    monitoring(stack, notify=Notify.topic(topic))
    (note,) = Annotations.from_stack(stack).find_info("*", Match.any_value())
    assert note.entry.data.startswith(f"the policy of topic {arn} must let alarms")
    assert '"Sid": "LetAlarmsPublish"' in note.entry.data


def test_the_dashboard_shows_paid_metrics_only_when_they_are_paid_for(
    plain, everything
):
    free, paid = dashboard_text(plain), dashboard_text(everything)
    for name in ("Requests", "BytesDownloaded", "4xxErrorRate", "5xxErrorRate"):
        assert name in free
        assert name in paid
    for name in ("CacheHitRate", "OriginLatency"):
        assert name not in free
        assert name in paid


def test_the_dashboard_names_region_and_dimensions_and_shows_every_alarm(everything):
    body = dashboard_text(everything)
    assert body.count("Global") == 2 * 7
    assert "eu-" not in body
    assert "AWS::Region" not in body
    for name in alarms(everything):
        assert f'"Fn::GetAtt": ["{name}", "Arn"]' in body


def test_no_dashboard_when_it_is_not_wanted():
    watched, stack = monitoring(dashboard=False)
    synthesized(stack).resource_count_is("AWS::CloudWatch::Dashboard", 0)
    assert watched.dashboard is None


def test_one_half_alone():
    stack = new_stack()
    monitoring(stack, distributions=plain_distributions(stack, "Static"))
    synthesized(stack).resource_count_is("AWS::CloudWatch::Alarm", 1)


def test_logical_ids_are_a_contract(everything):
    ids = everything.to_json()["Resources"]
    assert {name for name in ids if name.startswith("Monitoring")} == {
        "MonitoringTopic2EDA8B02",
        "MonitoringTopicPolicy7D521A0C",
        "MonitoringSubscription3657EC91",
        "MonitoringDashboard0C3675C6",
        "MonitoringStaticAdditionalMetricsB40D128F",
        "MonitoringStaticServerErrors524CA5CB",
        "MonitoringStaticRequests8E306519",
        "MonitoringStaticHitRateF89F30DC",
        "MonitoringStaticOriginLatency0F8641C8",
        "MonitoringMediaAdditionalMetrics43ED6F6B",
        "MonitoringMediaServerErrors527F16C9",
        "MonitoringMediaRequestsC9DDAC93",
        "MonitoringMediaHitRate8E281C36",
        "MonitoringMediaOriginLatency153F473A",
    }


def test_fails_when_the_stack_is_in_another_region():
    with pytest.raises(
        ValueError, match="^monitoring must be in a stack in 'us-east-1'.*'eu-west-1'$"
    ):
        monitoring(new_stack(region="eu-west-1"))


def test_a_region_known_only_to_cloudformation_passes():
    stack = cdk.Stack(new_app(), "anywhere")
    monitoring(stack)
    for alarm in alarms(synthesized(stack)).values():
        assert "Metrics" not in alarm


def test_tokens_pass_as_email():
    token = Token.as_string({"Fn::ImportValue": "OpsAddress"})
    template_of(notify=Notify.email(token)).has_resource_properties(
        "AWS::SNS::Subscription", {"Endpoint": {"Fn::ImportValue": "OpsAddress"}}
    )


@pytest.mark.parametrize(
    "address", ["", "ops", "ops@", "@example.com", "ops@example", "a@b.com, c@d.com"]
)
def test_fails_when_an_email_is_no_address(address):
    with pytest.raises(ValueError, match="^email must be one address such as"):
        Notify.email(address)


def test_fails_when_a_topic_is_in_another_region():
    topic = sns.Topic.from_topic_arn(
        new_stack(), "Alarms", "arn:aws:sns:eu-west-1:111122223333:alarms"
    )
    with pytest.raises(ValueError, match="^topic must be in 'us-east-1' like"):
        Notify.topic(topic)


def test_fails_when_nobody_would_see_the_alarms():
    with pytest.raises(ValueError, match="^notify must be given without a dashboard"):
        monitoring(notify=None, dashboard=False)


@pytest.mark.parametrize(
    "paid", [{"lowest_hit_rate_percent": 80}, {"slowest_origin": timedelta(seconds=1)}]
)
def test_fails_when_a_limit_is_on_metrics_that_are_not_paid_for(paid):
    with pytest.raises(ValueError, match="^additional_metrics must be True with"):
        monitoring(**paid)
    monitoring(additional_metrics=True, **paid)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"requests_per_five_minutes": 0}, "must be a whole number from 1, such as"),
        ({"requests_per_five_minutes": 1.5}, "must be a whole number such as 5"),
        ({"requests_per_five_minutes": True}, "must be a whole number such as 5"),
        ({"lowest_hit_rate_percent": 0}, "must be above 0 and at most 100, such as 80"),
        ({"lowest_hit_rate_percent": 101}, "must be above 0 and at most 100"),
        ({"slowest_origin": timedelta(0)}, "must be at least a millisecond, such as"),
    ],
)
def test_fails_when_a_limit_cannot_be_right(bad, sentence):
    (name,) = bad
    with pytest.raises(ValueError, match=f"^{name} {sentence}"):
        monitoring(additional_metrics=True, **bad)


def test_limits_at_their_bounds_pass():
    monitoring(
        additional_metrics=True,
        requests_per_five_minutes=1,
        lowest_hit_rate_percent=100,
        slowest_origin=timedelta(milliseconds=1),
    )


@pytest.mark.parametrize("role", ["static", "Static-Files", "1st", ""])
def test_fails_when_a_role_cannot_be_an_id(role):
    stack = new_stack()
    (distribution,) = plain_distributions(stack, "Static").values()
    with pytest.raises(ValueError, match="^distributions must be named by roles in"):
        monitoring(stack, distributions={role: distribution})


def test_fails_when_there_is_nothing_to_watch():
    with pytest.raises(ValueError, match="^distributions must have at least one"):
        monitoring(distributions={})


def test_a_parameter_as_a_limit_is_refused_by_a_readable_sentence():
    stack = new_stack()
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    with pytest.raises(ValueError, match="^requests_per_five_minutes .* got a token$"):
        monitoring(stack, requests_per_five_minutes=number)


def test_a_topic_of_another_account_lets_the_alarms_of_the_stack_in():
    app = new_app()
    operations = cdk.Stack(
        app, "ops", env=cdk.Environment(account="444455556666", region="us-east-1")
    )
    topic = sns.Topic(operations, "Topic", topic_name="alarms", enforce_ssl=True)
    stack = cdk.Stack(
        app, "cdn", env=cdk.Environment(account="111122223333", region="us-east-1")
    )
    monitoring(stack, notify=Notify.topic(topic))
    policy = Template.from_stack(operations).find_resources("AWS::SNS::TopicPolicy")
    (statement,) = (
        one
        for found in policy.values()
        for one in found["Properties"]["PolicyDocument"]["Statement"]
        if one["Sid"] == "LetAlarmsPublish"
    )
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "111122223333"
    }
    assert ":111122223333:alarm:*" in str(statement["Condition"]["ArnLike"])
