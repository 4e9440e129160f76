"""The recipes of docs/deploying.md for containers, run while visitors load pages.

A container is a Django of its own under gunicorn, whose image has one build's name.
"""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from aws_support import client, running_emulator
from deploying_support import (
    PAGE,
    assert_nothing_failed,
    publish_old,
    recipe,
    world,
)
from docs_support import fenced
from edge_support import HOST, behavior
from machines_support import NEW, OLD
from tools import require

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder with the old build."""
    return publish_old(tmp_path_factory.mktemp("published"))


# -- containers


def replace_container(made, old, name, **values):
    """A new container takes traffic, and only then the old one goes."""
    new = made.machine(name, image=NEW, **values)
    new.restart()
    made.balancer.backends.append(new.app)
    made.balancer.backends.remove(old.app)
    old.close()
    return new


def test_containers_with_a_shared_volume(tmp_path, published):
    release, after = recipe("A shared volume").values()
    with world(tmp_path, whitenoise=True) as made:
        volume = tmp_path / "volume"
        shutil.copytree(published, volume)
        olds = [made.machine(f"old{n}", static=volume, image=OLD) for n in range(2)]
        for container in olds:
            container.restart()
            made.balancer.backends.append(container.app)
        job = made.machine("job", static=volume, image=NEW)
        with made.visitors() as visitors:
            job.do(release)
            visitors.wait()
            assert set(visitors.open) == {OLD}
            replace_container(made, olds[0], "new0", static=volume)
            visitors.wait(OLD, NEW)
            replace_container(made, olds[1], "new1", static=volume)
            said = job.do(after)
            assert_nothing_failed(visitors, OLD, NEW)
        assert f"web serves {NEW}" in said
        assert (volume / OLD).is_dir()
        assert visitors.away == 0


def test_containers_with_their_newest_build_only_fail(tmp_path, published):
    """Each image with the build it was made with, as by collectstatic in a Dockerfile."""
    with world(tmp_path, whitenoise=True) as made:
        olds = [made.machine(f"old{n}", image=OLD) for n in range(2)]
        for container in olds:
            shutil.copytree(published, container.static)
            container.restart()
            made.balancer.backends.append(container.app)
        with made.visitors() as visitors:
            new = made.machine("new0", image=NEW)
            new.do("python manage.py cdn publish")
            new.close()
            made.machines.pop("new0")
            replace_container(made, olds[0], "new0")
            visitors.wait(NEW, rounds=8)
    assert any(f"/{OLD}/" in line for line in visitors.failures)
    assert any(f"/{NEW}/" in line for line in visitors.failures)


class Compose:
    """What ``docker compose`` would do with the page's compose.yaml."""

    def __init__(self, made, services, containers):
        self.made, self.services, self.containers = made, services, containers

    def __call__(self, machine, *arguments):
        match arguments:
            case ("compose", "run", "--rm", "release", *command):
                said = self.services["release"]["command"]
                script = " ".join(command) or said.partition('"')[2].rpartition('"')[0]
                job = self.containers["release"]
                script = script.replace("http://web", f"http://{HOST}:{machine.port}")
                done = job.run(f"set -e\n{script}")
                return None if done.returncode == 0 else done.stdout + done.stderr
            case ("compose", "up", "--detach", "app"):
                old, new = self.containers["app"], self.containers["new app"]
                old.close()
                new.restart()
                self.made.balancer.backends = [new.app]
            case _:
                return f"docker {arguments}"


def test_a_static_service_in_front_of_containers_without_files(tmp_path, published):
    conf, release = recipe("A static service").values()
    (text,) = (text for kind, text in fenced(PAGE) if kind == "yaml")
    volume, nowhere = tmp_path / "volume", tmp_path / "nowhere"
    shutil.copytree(published, volume)
    with world(tmp_path) as made:
        web = made.machine("web", static=volume)
        app = made.machine("app", static=nowhere, image=OLD)
        app.restart()
        made.balancer.backends = [app.app]
        conf = conf.replace("--http", f"--http --listen {HOST}:{web.port}")
        conf = conf.replace("app:8000", f"{HOST}:{made.balancer.port}")
        web.do(conf, BUILD_VERSION=OLD)
        web.start_web((web.project.folder / "Caddyfile").read_text())
        containers = {
            "app": app,
            "new app": made.machine("new", static=nowhere, image=NEW),
            "release": made.machine("release", static=volume, image=NEW),
        }
        made.handlers["docker"] = Compose(
            made, yaml.safe_load(text)["services"], containers
        )
        made.stand_ins("web")
        made.edge.ask(web.port)
        with made.visitors(web.port) as visitors:
            web.do(release)
            assert_nothing_failed(visitors, OLD, NEW)
    assert not nowhere.exists()


# -- S3


CORS = {
    "AccessControlAllowOrigins": {"Quantity": 1, "Items": ["*"]},
    "AccessControlAllowMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
    "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["*"]},
    "AccessControlAllowCredentials": False,
    "OriginOverride": True,
}
NOSNIFF = {"ContentTypeOptions": {"Override": True}}


@pytest.fixture
def bucket(tmp_path):
    """The endpoint of the local AWS, and a client of its S3, with a bucket."""
    require("aws", package="awscli")
    with running_emulator(tmp_path / "aws") as endpoint:
        s3 = client("s3", endpoint)
        s3.create_bucket(Bucket="mysite-static")
        yield endpoint, s3


def test_builds_that_are_pushed_to_s3(tmp_path, bucket):
    endpoint, s3 = bucket
    push = recipe("S3")["in the release job, or while the image is built"]
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "BUCKET": "mysite-static",
    }
    edge = {
        "origin_path": "/mysite-static",
        "default": {**behavior(), "ResponseHeadersPolicyId": "response"},
        "response": {"CorsConfig": CORS, "SecurityHeadersConfig": NOSNIFF},
    }
    port = int(endpoint.rpartition(":")[2])
    with world(tmp_path / "site", origin=port, edge=edge, variables=variables) as made:
        job, app = made.machine("job"), made.machine("app", image=OLD)
        job.do(push.replace(NEW, OLD))
        app.restart()
        made.balancer.backends = [app.app]
        with made.visitors() as visitors:
            job.ship(NEW)
            job.do(push)
            visitors.wait()
            replace_container(made, app, "new")
            assert_nothing_failed(visitors, OLD, NEW)
        assert visitors.away == 0
    index = json.loads((job.static / NEW / ".cdn-index.json").read_text())
    listed = s3.list_objects_v2(Bucket="mysite-static")["Contents"]
    assert {one["Key"] for one in listed} == {
        f"{build}/{name}" for build in (OLD, NEW) for name in index["files"]
    }
    head = s3.head_object(Bucket="mysite-static", Key=f"{NEW}/css/site.css")
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["ContentType"] == "text/css"
