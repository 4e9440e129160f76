from __future__ import annotations

import pytest
from worktree_support import App


@pytest.fixture
def app(tmp_path, monkeypatch):
    """An app in a repository, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    app = App(tmp_path)
    monkeypatch.chdir(app.folder)
    return app
