"""docs/review.md says and shows what the code does."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from cdk_support import ROOT
from comment_picture import PICTURE_OF, TEXT, comment, hash_of, raw_of
from report_support import replaced, report

from cdn_review.change import BlockReason
from cdn_review.cli import main
from cdn_review.markdown import LIMIT
from cdn_review.settings import parse_settings

PAGE = (ROOT / "docs" / "review.md").read_text("utf-8")
SHOWN = TEXT.read_text("utf-8")


def section(heading):
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_page_is_short():
    assert len(PAGE.split()) <= 1000


def test_every_block_reason_is_explained():
    rows = re.findall(r"^\| `([^`]+)`", section("What needs an acknowledgement"), re.M)
    assert rows == [str(reason) for reason in BlockReason]


def test_every_command_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    (\w+)(?: |$)", capsys.readouterr().out, re.M)
    assert len(commands) > 3
    assert [
        name for name in commands if f"`{name}`" not in section("On your machine")
    ] == []


def test_every_key_of_the_data_is_named():
    data = json.loads(report(replaced()).to_json())
    keys = {*data, *data["lines"][0]}
    shown = re.findall(r"`(\w+)`", section("On your machine").partition("`--json`")[2])
    assert {*shown} == keys


def test_a_pin_and_its_updates_are_explained():
    """R31."""
    told = section("In your repository")
    assert all(word in told for word in ("git+", "by commit", "hash", "Dependabot"))


def test_the_package_compares_without_what_pip_would_install_beside_it(tmp_path):
    """R39, as 'pip install --no-deps' leaves it."""
    assert "--no-deps" in section("In your repository")
    path = tmp_path / "a.json"
    path.write_text('{"Resources": {}}')
    code = (
        f"import sys; sys.path += [{str(ROOT)!r}]; import cdn_review.cli as c; c.run()"
    )
    words = [sys.executable, "-I", "-S", "-c", code, "compare", path, path]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no change" in done.stdout


def test_the_settings_that_are_shown_are_read():
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    found = parse_settings(block.encode())
    assert found.unprotected == ("dev",) and found.install and found.acknowledged


def test_the_limit_of_a_comment_is_that_of_the_code():
    assert f"{LIMIT:,} bytes" in section("Limits")


def test_the_comment_that_is_shown_is_the_one_that_is_written():
    assert comment(raw_of(SHOWN)) == SHOWN


def test_the_picture_is_of_this_comment():
    told = "run 'python tests/review/comment_picture.py'"
    assert comment("another diff") != SHOWN
    assert hash_of(SHOWN) == PICTURE_OF, told
