"""What others install: the wheel, in environments that know nothing of this checkout."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest
from cdk_support import ROOT
from consumers import house_app, pair_app, static_app
from project_support import CDN, MANAGE, SETTINGS
from pull_support import OUTPUTS, stack_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = (
    *("cdn_edge", "cdn_model", "cdn_review"),
    *("constructs_lib", "dj_cloudfront"),
)
CONSUMERS = (pair_app, static_app, house_app)
PULL = ("-m", "dj_cloudfront", "pull")
AWS = {
    "AWS_ACCESS_KEY_ID": "000000000000",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}

# Ours must not be found by a path of the caller's.
FOREIGN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PYTHON", "COV_", "VIRTUAL_ENV", "MYPY"))
}


def run(*command, cwd, **environment):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**FOREIGN, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def new_environment(folder, *requirements):
    """A Python of its own with these installed; its path."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    if requirements:
        # A tenth of the files is imported, and compiled then.
        install = (python, "-m", "pip", "install", "--quiet", "--no-compile")
        run(*install, *requirements, cwd=folder.parent)
    return python


def installed(python):
    listed = run(python, "-m", "pip", "list", "--format=json", cwd=python.parent)
    return {one["name"].lower() for one in json.loads(listed)} - {"pip", "setuptools"}


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """A folder that is not the checkout."""
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def wheel(foreign):
    command = (sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--quiet")
    run(*command, "--wheel-dir", foreign / "dist", cwd=foreign)
    (path,) = (foreign / "dist").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def bare(foreign, wheel):
    return new_environment(foreign / "bare", "--no-index", wheel)


@pytest.fixture(scope="module")
def with_cdk(foreign, wheel):
    return new_environment(foreign / "with-cdk", f"{wheel}[cdk]")


@pytest.fixture(scope="module")
def with_django(foreign, wheel):
    return new_environment(foreign / "with-django", f"{wheel}[django]")


@pytest.fixture(scope="module")
def with_aws(foreign, wheel):
    return new_environment(foreign / "with-aws", f"{wheel}[aws]")


@pytest.fixture(scope="module")
def host(foreign):
    """A foreign repository with copies of the apps."""
    folder = foreign / "host"
    folder.mkdir()
    for consumer in CONSUMERS:
        shutil.copy(consumer.__file__, folder)
    return folder


def files_of_the_packages():
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


# -- what is in it


def test_the_wheel_has_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    about = {name for name in names if ".dist-info/" in name}
    assert names - about == files_of_the_packages()
    assert {name.split("/", 1)[1] for name in about} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
    }
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_wheel_runs_on_every_platform(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")


def test_a_wheel_made_of_the_sdist_is_the_same(foreign, wheel):
    python = new_environment(foreign / "builder", "hatchling")
    build = (
        "from hatchling.build import build_sdist; import sys; build_sdist(sys.argv[1])"
    )
    run(python, "-c", build, foreign / "sdist", cwd=ROOT)
    (sdist,) = (foreign / "sdist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {name.split("/", 1)[0] for name in names} == {
        *PACKAGES,
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "docs",
        "pyproject.toml",
    }
    pip = (python, "-m", "pip", "wheel", sdist, "--no-deps", "--no-build-isolation")
    run(*pip, "--wheel-dir", foreign / "again", cwd=foreign)
    (again,) = (foreign / "again").glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()


def test_every_requirement_belongs_to_an_extra(metadata):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    assert extras >= {"aws", "cdk", "django"}
    assert set(metadata.get_all("Provides-Extra")) == extras
    requirements = metadata.get_all("Requires-Dist")
    assert {requirement.partition("; ")[2] for requirement in requirements} == {
        f"extra == '{extra}'" for extra in extras
    }


def test_the_metadata_name_no_host_and_no_person(metadata):
    for field in ("Home-page", "Project-URL", "Author", "Author-email", "Maintainer"):
        assert metadata[field] is None
    assert metadata["License-Expression"] == "MIT"
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert metadata.get_payload().startswith("# dj-cloudfront")


# -- without an extra


def test_the_base_installs_without_an_index_and_alone(bare):
    assert installed(bare) == {"dj-cloudfront"}


def test_the_base_reads_the_outputs_of_a_deploy(bare, foreign):
    outputs = {"shop": {"StaticDomainName": "d1.cloudfront.net"}}
    (foreign / "cdn-outputs.json").write_text(json.dumps(outputs))
    code = (
        "import dj_cloudfront; "
        "print(dj_cloudfront.config(build_version='b1', static_root='/srv').static_url)"
    )
    assert run(bare, "-c", code, cwd=foreign).strip() == "https://d1.cloudfront.net/b1/"


def test_the_base_says_what_a_pull_needs(bare, foreign):
    done = subprocess.run(
        [bare, *PULL, "--stack", "shop"],
        cwd=foreign,
        env=FOREIGN,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: boto3 must be installed to ask AWS: ")


# -- with boto3


def test_the_aws_extra_brings_neither_django_nor_the_cdk(with_aws):
    found = installed(with_aws)
    assert {"dj-cloudfront", "boto3"} <= found
    assert not found & {"django", "aws-cdk-lib", "constructs", "jsii"}


def test_the_outputs_are_pulled_without_django(with_aws, foreign):
    assert "--stack NAME" in run(with_aws, *PULL, "--help", cwd=foreign)
    with stack_in("UPDATE_COMPLETE") as endpoint:
        options = ("--stack", "shop", "--output", "pulled.json")
        url = {"AWS_ENDPOINT_URL": endpoint.url}
        run(with_aws, *PULL, *options, cwd=foreign, **AWS, **url)
    assert json.loads((foreign / "pulled.json").read_text()) == {"shop": OUTPUTS}


# -- with Django


def test_the_django_extra_brings_no_cdk(with_django):
    found = installed(with_django)
    assert {"dj-cloudfront", "django"} <= found
    assert not [name for name in found if "cdk" in name or name in ("jsii", "boto3")]


SITE = """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

import dj_cloudfront

CDN = dj_cloudfront.config(build_version="b1", static_root="/srv/static")
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    STATIC_URL=CDN.static_url,
    MIDDLEWARE=["dj_cloudfront.middleware.CdnTreeMiddleware"],
)
django.setup()
urlpatterns = [path("", lambda request: HttpResponse("home"))]

from django.templatetags.static import static
from django.test import Client

print(static("css/site.css"))
print(Client().get("/").status_code)
print(Client().get("/", headers={"X-Cdn-Tree": "static"}).status_code)
"""


def test_django_has_its_settings_and_its_middleware(with_django, foreign):
    (foreign / "shop_site.py").write_text(SITE)
    domain = "static.example.com"
    printed = run(with_django, "shop_site.py", cwd=foreign, STATIC_DOMAIN_NAME=domain)
    lines = printed.splitlines()
    assert lines == ["https://static.example.com/b1/css/site.css", "200", "404"]


EVERY_MODULE = """
import importlib, pkgutil, sys
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["dj_cloudfront", "django.contrib.staticfiles"])
django.setup()
import dj_cloudfront

for one in pkgutil.walk_packages(dj_cloudfront.__path__, "dj_cloudfront."):
    if one.name not in sys.argv[1:]:
        importlib.import_module(one.name)
        print(one.name)
"""


def test_every_module_does_with_django_alone(with_django, foreign):
    # Of a program that the site has or has not.
    needed = ("dj_cloudfront.whitenoise",)
    printed = run(with_django, "-c", EVERY_MODULE, *needed, cwd=foreign)
    modules = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in files_of_the_packages()
        if path.startswith("dj_cloudfront/") and path.endswith(".py")
    }
    assert set(printed.split()) == modules - {"dj_cloudfront", *needed}


def test_a_site_has_the_command(with_django, foreign):
    site = foreign / "site"
    (site / "mysite").mkdir(parents=True)
    (site / "manage.py").write_text(MANAGE)
    base = "from pathlib import Path\nBASE_DIR = Path(__file__).parent.parent\n"
    (site / "mysite" / "settings.py").write_text(f"{base}{SETTINGS}{CDN}")
    said = run(with_django, "manage.py", "cdn", "--help", cwd=site)
    names = {path.stem for path in (ROOT / "dj_cloudfront/commands").glob("*.py")}
    assert {name for name in names if f" {name} " in said} >= {"pull", "publish"}
    assert "--stack NAME" in run(
        with_django, "manage.py", "cdn", "pull", "--help", cwd=site
    )


# -- with the CDK


def templates(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in Path(folder).rglob("*.template.json")
    }


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_an_app_elsewhere_gives_the_templates_of_the_checkout(
    consumer, with_cdk, host, tmp_path
):
    here = cdk.App()
    consumer.build(here)
    here.synth()
    script = Path(consumer.__file__).name
    run(with_cdk, script, cwd=host, CDK_OUTDIR=str(tmp_path))
    assert templates(tmp_path)
    assert templates(tmp_path) == templates(here.outdir)


def test_the_cdk_extra_brings_no_django(with_cdk):
    found = installed(with_cdk)
    assert {"dj-cloudfront", "aws-cdk-lib", "constructs"} <= found
    assert not {"django", "boto3"} & found


def test_the_apps_find_the_wheel_and_not_the_checkout(with_cdk, host):
    code = "import constructs_lib, dj_cloudfront; print(constructs_lib.__file__, dj_cloudfront.__file__)"
    for path in run(with_cdk, "-c", code, cwd=host).split():
        assert Path(path).is_relative_to(with_cdk.parents[1])


# -- types

MISUSED = """
from __future__ import annotations

import aws_cdk as cdk

from constructs_lib import DjangoCdn, DjangoOrigin
from dj_cloudfront import config

stack = cdk.Stack()
DjangoCdn(stack, "Cdn", origin="www.example.com")
DjangoCdn(stack, "Cdn", origin=DjangoOrigin.server("www.example.com")).statics
config(static_root=1)
"""


@pytest.fixture(scope="module")
def mypy(foreign, with_cdk, host):
    """Strict, and by the host's own packages. Our configuration skips most of the CDK."""

    def check(*files):
        command = (sys.executable, "-m", "mypy", "--strict", "--no-pretty")
        return subprocess.run(
            [
                *command,
                *("--config-file", str(ROOT / "pyproject.toml")),
                *("--cache-dir", str(foreign / "mypy")),
                *("--python-executable", str(with_cdk), *files),
            ],
            cwd=host,
            env=FOREIGN,
            capture_output=True,
            text=True,
        )

    return check


def test_the_apps_are_typed_by_the_installed_packages(mypy):
    done = mypy(*(Path(consumer.__file__).name for consumer in CONSUMERS))
    assert done.stdout == "Success: no issues found in 3 source files\n", done.stderr


def test_misuse_is_found_by_the_installed_types(mypy, host):
    (host / "misused.py").write_text(MISUSED)
    done = mypy("misused.py")
    assert done.returncode == 1
    codes = [line.rpartition("[")[2] for line in done.stdout.splitlines()[:-1]]
    assert codes == ["arg-type]", "attr-defined]", "arg-type]"], done.stdout
