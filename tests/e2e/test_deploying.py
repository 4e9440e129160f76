"""The recipes of docs/deploying.md, run while visitors load pages and all their assets.

The blocks of the page are what runs, on machines that are folders here: each with a Django
of its own under gunicorn and Caddy in front, behind a balancer that takes turns.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager

import pytest
from deploying_support import assert_nothing_failed, publish_old, recipe, world
from machines_support import NEW, OLD

pytestmark = pytest.mark.slow

ONE, ALL = "on one server", "on each server, one after the other"
PUBLISH = f"export BUILD_VERSION={NEW}\npython manage.py cdn publish\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder with the old build."""
    return publish_old(tmp_path_factory.mktemp("published"))


@pytest.fixture
def servers(tmp_path, published):
    """Servers that serve the old build, and the new release's code on their disks."""

    @contextmanager
    def running(count=2, *, shared=False):
        with world(tmp_path) as made:
            for number in range(count):
                disk = tmp_path / "disk" if shared else None
                machine = made.machine(f"web{number + 1}", static=disk)
                machine.serve(published)
                made.start_web(machine)
                made.balancer.backends.append(machine.port)
                machine.ship(NEW)
            yield made, list(made.machines.values())

    return running


def roll_back(made, machines):
    scripts = recipe("Rolling back")
    machines[0].do(scripts[ONE])
    for machine in machines:
        machine.do(scripts[ALL])


# -- one server


def test_one_server(servers):
    (script,) = recipe("One server").values()
    with servers(1) as (made, (web,)), made.visitors() as visitors:
        web.do(script)
        assert_nothing_failed(visitors, OLD, NEW)
        web.do(recipe("Rolling back")[ALL])
        visitors.wait()
    assert visitors.failures == []
    assert f"BUILD_VERSION={OLD}" in web.release.read_text()


# -- several servers


def test_several_servers_with_a_shared_disk(servers):
    scripts = recipe("Several servers, a shared disk")
    with servers(shared=True) as (made, (one, two)):
        with made.visitors() as visitors:
            one.do(scripts[ONE])
            one.do(scripts[ALL])
            visitors.wait(OLD, NEW)
            listed = one.do(f"export BUILD_VERSION={NEW}\npython manage.py cdn list\n")
            assert "used by web1" in listed and "used by web2" in listed
            two.do(scripts[ALL])
            assert_nothing_failed(visitors, OLD, NEW)
            kept = one.do(f"export BUILD_VERSION={NEW}; python manage.py cdn prune")
            assert_nothing_failed(visitors, OLD, NEW)
        assert visitors.away == 0
        assert OLD not in kept.partition("would")[2]


def test_several_servers_with_own_disks_and_the_way_back(servers):
    scripts = recipe("Several servers, own disks")
    publish, gate, switch = scripts.values()
    with servers() as (made, (one, two)), made.visitors() as visitors:
        one.do(publish)
        stopped = one.run(gate)
        assert stopped.returncode == 1
        assert "does not have the build" in stopped.stdout
        assert "through the CDN" in stopped.stdout.partition("not checked")[2]
        two.do(publish)
        one.do(gate)
        one.do(switch)
        visitors.wait(OLD, NEW, rounds=8)
        two.do(switch)
        assert_nothing_failed(visitors, OLD, NEW)
        roll_back(made, [one, two])
        assert_nothing_failed(visitors, OLD, NEW)
    assert visitors.away == 0


def test_a_server_joins_with_all_builds(servers):
    (script,) = recipe("A server that joins").values()
    with servers() as (made, (one, two)), made.visitors() as visitors:
        for machine in (one, two):
            machine.do(PUBLISH)
        for machine in (one, two):
            machine.do(recipe("Several servers, own disks")[ALL])
        long_ago = time.time() - 90 * 86_400
        for build in (OLD, NEW):
            os.utime(one.static / build / ".cdn-index.json", (long_ago, long_ago))
        visitors.wait(OLD, NEW)
        new = made.machine("web3")
        new.ship(NEW)
        new.release.write_text("")
        made.start_web(new)
        if not shutil.which("rsync"):
            script = re.sub(r"rsync .* (\S+/) (\S+/)\n", r"cp -a \1* \2\n", script)
            new.static.mkdir()
        said = new.do(script)
        assert said.count("PASS") > 2
        assert not (new.static / ".cdn/trash").exists()
        css = "css/site.css"
        assert (new.static / OLD / "img/logo.svg").stat().st_nlink == (
            one.static / OLD / "img/logo.svg"
        ).stat().st_nlink
        assert (new.static / OLD / css).read_bytes() != (
            new.static / NEW / css
        ).read_bytes()
        new.do(f"export BUILD_VERSION={NEW}; python manage.py cdn prune --yes --keep 1")
        assert (new.static / OLD).is_dir(), "copied with its time, and kept"
        made.balancer.backends.append(new.port)
        assert_nothing_failed(visitors, OLD, NEW)


# -- what goes wrong otherwise


def test_pages_that_are_switched_first_lose_their_assets(servers):
    *_, switch = recipe("Several servers, own disks").values()
    with servers() as (made, (one, two)), made.visitors() as visitors:
        one.do(switch.replace("python manage.py cdn use", ""))
        visitors.wait(NEW)
        early = list(visitors.failures)
        for machine in (one, two):
            machine.do(PUBLISH)
        visitors.wait()
        late = len(visitors.failures)
        visitors.wait(rounds=8)
    assert early and all(f"/{NEW}/" in line and "404" in line for line in early)
    assert len(visitors.failures) == late, "no 404 is kept"


def test_a_server_that_is_left_out_fails_every_other_asset(servers):
    publish, _, switch = recipe("Several servers, own disks").values()
    with servers() as (made, (one, two)), made.visitors() as visitors:
        one.do(publish)
        one.do(switch)
        visitors.wait(NEW, rounds=8)
    assert any(f"/{NEW}/" in line and "404" in line for line in visitors.failures)
    assert not any(f"/{OLD}/" in line for line in visitors.failures)


def test_a_server_with_another_release_is_stopped_or_mixes_builds(servers):
    publish, gate, switch = recipe("Several servers, own disks").values()
    with servers() as (made, (one, two)), made.visitors() as visitors:
        two.ship("of another commit")
        for machine in (one, two):
            machine.do(publish)
        stopped = one.run(gate)
        assert stopped.returncode == 1
        assert "sends other bytes than the build has" in stopped.stdout
        assert visitors.failures == []
        one.do(switch)
        visitors.wait(NEW, rounds=8)
    assert visitors.failures
    assert all("is of another build" in line for line in visitors.failures)


# -- blue and green


@pytest.fixture
def pools(servers):
    """Blue has the traffic; ``aws`` moves it."""

    def move(machine, *arguments):
        named = arguments[-1].partition("TargetGroupArn=")[2]
        made.balancer.backends = [made.machines[named].port]

    with servers() as (made, (blue, green)):
        made.handlers["aws"] = move
        for machine in (blue, green):
            made.stand_ins(machine.name)
        made.balancer.backends = [blue.port]
        with made.visitors() as visitors:
            yield visitors, blue, green


def switch_pools(machine, target):
    script = recipe("Blue and green")["the switch"]
    machine.do(script.replace("$GREEN", "$TARGET"), LISTENER="arn", TARGET=target.name)


def test_blue_and_green_and_back(pools):
    publish, gate, prepare, _ = recipe("Blue and green").values()
    visitors, blue, green = pools
    blue.do(publish)
    assert blue.run(gate).returncode == 1
    green.do(publish)
    blue.do(gate)
    green.do(prepare)
    visitors.wait()
    assert set(visitors.open) == {OLD}
    switch_pools(blue, green)
    assert_nothing_failed(visitors, OLD, NEW)
    switch_pools(blue, blue)
    assert_nothing_failed(visitors, OLD, NEW)
    assert visitors.away == 0


def test_a_pool_with_its_own_build_only_fails_what_is_open(pools):
    publish, _, prepare, _ = recipe("Blue and green").values()
    visitors, blue, green = pools
    green.do(publish)
    green.do(prepare)
    switch_pools(blue, green)
    assert_nothing_failed(visitors, OLD, NEW)
    switch_pools(blue, blue)
    visitors.wait(rounds=8)
    assert any(f"/{NEW}/" in line and "404" in line for line in visitors.failures)
