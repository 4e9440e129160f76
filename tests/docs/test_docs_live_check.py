"""docs/live-check.md is what ``cdn check`` and ``cdn find`` do."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from cdk_support import ROOT
from docs_support import code, fenced, options_of, parser_of, section, tables

from dj_cloudfront.commands import check
from dj_cloudfront.findings import Level
from dj_cloudfront.live_check import arguments
from dj_cloudfront.live_check.check_report import CheckReport, TargetFinding
from dj_cloudfront.live_check.runner import RULES

PAGE = ROOT / "docs" / "live-check.md"
LIVE_CHECK = ROOT / "dj_cloudfront" / "live_check"


def rows(heading):
    (found,) = tables(section(PAGE, heading))
    return found


def test_the_table_has_every_option():
    both = {name: set() for name in ("both", "check", "find")}
    for option, of, _ in rows("What is asked for"):
        both[of] |= set(code(option))
    assert both["both"] | both["check"] == set(options_of(parser_of("check")))
    assert both["both"] | both["find"] == set(options_of(parser_of("find")))


@pytest.mark.parametrize(
    ("option", "default"),
    [("--timeout", arguments.DEFAULT_TIMEOUT), ("--sample", check._SAMPLE)],
)
def test_the_table_has_the_defaults(option, default):
    (text,) = [row[2] for row in rows("What is asked for") if code(row[0]) == [option]]
    assert text.endswith(f"default {default:g}")
    assert options_of(parser_of("check"))[option].default == default


def test_the_table_has_every_rule_in_the_order_of_the_report():
    """tests/django/test_live_check_rules.py has each level that a rule can report."""
    told = rows("What is looked at")
    assert all(cure for *_, cure in told)
    ids = [code(name)[0] for name, *_ in told]
    assert ids == [*(rule.id for rule in RULES), "agreement"]


def test_the_json_is_what_a_script_gets():
    (block,) = [text for kind, text in fenced(PAGE) if kind == "json"]
    shown = json.loads(block)
    finding = TargetFinding(
        **{
            name: tuple(value) if name == "subjects" else value
            for name, value in shown["findings"][0].items()
        }
    )
    made = CheckReport(
        build_version=shown["build_version"],
        findings=(dataclasses.replace(finding, level=Level(finding.level)),),
        not_checked=(),
        files=(20, 131),
    )
    assert json.loads(json.dumps(made.as_data())) == shown


def sources(folder):
    text = "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.py")))
    # Literals that go over several lines are one text.
    return re.sub(r'"\s*f?"', "", text)


def test_the_report_that_is_shown_speaks_the_code_s_sentences():
    said = sources(LIVE_CHECK)
    (shown,) = [text for kind, text in fenced(PAGE) if text.startswith("build 2026")]
    lines = re.findall(r"^  (PASS|WARN|FAIL)  ([\w-]+) +(.+)$", shown, re.M)
    assert len(lines) == 2
    for _, name, sentence in lines:
        assert name in {rule.id for rule in RULES}
        assert f'"{sentence}"' in said
    for cure in re.findall(r"^ +hint: (.+)$", shown, re.M):
        assert f'"{cure}"' in said
    assert "must have it first: the CDN would only find errors there" in said


def test_every_diagnosis_begins_as_the_table_says():
    said = (LIVE_CHECK / "diagnosis.py").read_text("utf-8")
    for beginning, _ in rows("One file"):
        for one in code(beginning):
            assert re.search(rf'f?"{re.escape(one)}[: ]', said), one


def test_the_variable_of_the_secret_is_named():
    assert f"`{arguments.SECRET_VARIABLE}`" in PAGE.read_text("utf-8")
