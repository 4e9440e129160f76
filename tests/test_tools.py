from __future__ import annotations

import subprocess

import pytest
from debian import no_service_starts
from tools import require


def test_a_program_that_is_there_is_found():
    assert require("sh").endswith("/sh")


def test_a_missing_program_is_an_error_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    # A skip that nobody expects would skip this test, too, and be green.
    either = (RuntimeError, pytest.skip.Exception)
    with pytest.raises(either, match="no-such-program is not installed") as raised:
        require("no-such-program")
    assert raised.type is RuntimeError


def test_a_missing_program_skips_with_its_cure_elsewhere(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install no-such-program"):
        require("no-such-program")


def test_no_service_starts_while_packages_are_installed(tmp_path):
    policy = tmp_path / "policy-rc.d"
    with pytest.raises(RuntimeError), no_service_starts(policy):
        assert subprocess.run([policy, "apache2", "start"]).returncode == 101
        raise RuntimeError("the install failed")
    assert not policy.exists()


def test_a_policy_of_the_machine_stays(tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("of the machine")
    with no_service_starts(policy):
        assert policy.read_text() == "of the machine"
    assert policy.read_text() == "of the machine"
