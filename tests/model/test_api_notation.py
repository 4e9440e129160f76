"""A distribution is the same in a template and in the API, as its reference describes it."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
import yaml
from botocore import xform_name
from botocore.validate import ParamValidator

from cdn_model.distribution import CLOUDFRONT, distributions, from_config
from cdn_model.intrinsics import Resolver

MODEL = botocore.session.get_session().get_service_model("cloudfront")
OPERATIONS = {xform_name(name): name for name in MODEL.operation_names}
RECORDED = yaml.safe_load(Path(__file__).with_name("recorded.yml").read_text("utf-8"))
SMALLEST, WRITTEN = RECORDED.pop("smallest")


def check_shape(method, answer):
    """An answer that the API can give."""
    shape = MODEL.operation_model(OPERATIONS[method]).output_shape
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), f"{method}: {report.generate_report()}"


def from_api(config, answers=()):
    """The distribution of a configuration of the API, and of answers to its references."""
    check_shape("get_distribution_config", {"DistributionConfig": config})
    known = {}
    for method, answer in dict(answers).items():
        check_shape(method, answer)
        for kind, found in answer.items():
            known[kind] = found
    return from_config(config, lambda kind, _: known.get(kind.removeprefix(CLOUDFRONT)))


def from_template(config, resources=()):
    """The distribution of a configuration that a template has."""
    edge = {"Type": "Distribution", "DistributionConfig": config}
    made = {}
    for name, given in {"Edge": edge, **dict(resources)}.items():
        kind = given.pop("Type")
        made[name] = {"Type": f"{CLOUDFRONT}{kind}", "Properties": given}
    return distributions(Resolver({"Resources": made}).resources())["Edge"]


def merged(base, changes):
    """The base with other values, at any depth; None takes one away."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    found = {**base, **{key: merged(base.get(key), changes[key]) for key in changes}}
    return {key: part for key, part in found.items() if part is not None}


def test_what_the_api_calls_unset_is_what_a_template_leaves_out():
    found = from_api(SMALLEST)
    assert found == from_template(WRITTEN)
    assert not {"ViewerCertificate", "Logging"} & found.config.keys()


@pytest.mark.parametrize("name", RECORDED)
def test_a_setting_is_one_in_both_notations(name):
    row = json.loads(json.dumps(RECORDED[name]))
    found = from_api(merged(SMALLEST, row["api"]), row.get("answers", ()))
    written = merged(WRITTEN, row["template"])
    assert found == from_template(written, row.get("resources", ()))
    assert found != from_template(WRITTEN)


def test_a_list_of_key_groups_that_is_off_asks_for_no_signature():
    off = {"Enabled": False, "Quantity": 1, "Items": ["G"]}
    found = from_api(
        merged(SMALLEST, {"DefaultCacheBehavior": {"TrustedKeyGroups": off}})
    )
    assert "TrustedKeyGroups" not in found.default.config
