from __future__ import annotations

import pytest
from tools import require


def test_a_program_that_is_there_is_found():
    assert require("sh").endswith("/sh")


def test_a_missing_program_is_an_error_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(RuntimeError, match="no-such-program is not installed"):
        require("no-such-program")


def test_a_missing_program_skips_with_its_cure_elsewhere(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install no-such-program"):
        require("no-such-program")
