"""The hooks of docs/platforms.md: old and new container side by side behind a proxy."""

from __future__ import annotations

import re
import shutil

import pytest
from deploying_support import assert_nothing_failed, publish_old, world
from docs_support import ROOT, fenced
from machines_support import NEW, OLD

pytestmark = pytest.mark.slow


def hook(name):
    first = f"# .kamal/hooks/{name}\n"
    (text,) = (
        text
        for kind, text in fenced(ROOT / "docs" / "platforms.md")
        if kind == "sh" and text.startswith(first)
    )
    return text


class Kamal:
    """A container of the new image with the volumes of the app, for each ``app exec``."""

    def __init__(self, job):
        self.job = job
        self.ran = []

    def __call__(self, machine, *arguments):
        match arguments:
            case ("app", "exec", "--version", version, command) if version == NEW:
                self.ran.append(command)
                done = self.job.run(f"set -e\n{command}")
                return None if done.returncode == 0 else done.stdout + done.stderr
            case _:
                return f"kamal {arguments}"


def test_a_proxy_with_an_old_and_a_new_container(tmp_path):
    volume = tmp_path / "volume"
    shutil.copytree(publish_old(tmp_path / "published"), volume)
    with world(tmp_path / "world", whitenoise=True) as made:
        old = made.machine("old", static=volume, image=OLD)
        old.restart()
        made.balancer.backends.append(old.app)
        kamal = Kamal(made.machine("job", static=volume, image=NEW))
        made.handlers["kamal"] = kamal
        laptop = made.machine("laptop")
        made.stand_ins("laptop")
        with made.visitors() as visitors:
            laptop.do(hook("pre-deploy"), KAMAL_VERSION=NEW)
            visitors.wait()
            new = made.machine("new", static=volume, image=NEW)
            new.restart()
            made.balancer.backends.append(new.app)
            visitors.wait(OLD, NEW)
            made.balancer.backends.remove(old.app)
            old.close()
            laptop.do(hook("post-deploy"), KAMAL_VERSION=NEW)
            assert_nothing_failed(visitors, OLD, NEW)
        assert visitors.away == 0
    assert [re.sub(r"^python manage.py cdn ", "", one) for one in kamal.ran] == [
        *("publish", "use --server web", "prune --yes")
    ]
    assert (volume / OLD).is_dir()
