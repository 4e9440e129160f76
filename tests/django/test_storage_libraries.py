"""Storages from PyPI over ours: both commands make what stock ``collectstatic`` makes."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from project_support import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGES = (
    *("django-pipeline==4.1.0", "whitenoise==6.12.0", "servestatic==4.4.0"),
    *("django-minify-compress-staticfiles==1.1.1", "zopfli==0.4.3"),
    *("django-manifeststaticfiles-enhanced==0.10.1", "django-storages==1.14.6"),
    *(
        "django-flexible-manifest-staticfiles==1.0.2",
        "django-cloudinary-storage==0.3.0",
    ),
    *("django-forgiving-collectstatic==1.0.0", "django-compress-staticfiles==1.0.1b0"),
)
# A storage as it comes or a mixin for one, and whether its names are hashed.
LIBRARIES = {
    "pipeline.storage.PipelineMixin": (False, True),
    "pipeline.storage.GZIPMixin": (False, True),
    "whitenoise.storage.CompressedStaticFilesStorage": (False,),
    "whitenoise.storage.CompressedManifestStaticFilesStorage": (True,),
    "servestatic.storage.CompressedStaticFilesStorage": (False,),
    "servestatic.storage.CompressedManifestStaticFilesStorage": (True,),
    "static_compress.mixin.CompressMixin": (False, True),
    "django_minify_compress_staticfiles.storage.MinicompressStorage": (True,),
    "django_manifeststaticfiles_enhanced.storage.EnhancedManifestStaticFilesStorage": (
        True,
    ),
    "django_manifeststaticfiles_enhanced.storage.ThreadSafeStaticFilesStorage": (
        False,
    ),
    "django_forgiving_collectstatic.storages.ForgivingManifestStaticFilesStorage": (
        True,
    ),
    "django_flexible_manifest_staticfiles.storages.FlexibleManifestStaticFilesStorage": (
        True,
    ),
    "compress_staticfiles.storage.CompressStaticFilesStorage": (True,),
}
CASES = [(path, hashed) for path, both in LIBRARIES.items() for hashed in both]
REFUSED = (
    "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    "pipeline.storage.PipelineManifestStorage",
    "pipeline.storage.PipelineStorage",
    "servestatic.storage.CompressedManifestStaticFilesStorage",
    "storages.backends.s3.S3ManifestStaticStorage",
    "whitenoise.storage.CompressedManifestStaticFilesStorage",
    "whitenoise.storage.CompressedStaticFilesStorage",
)
SCRIPT = """
import gzip, json, sys, tempfile, types
from importlib import import_module
from pathlib import Path

from django.conf import settings

settings.configure(
    DEFAULT_CHARSET="utf-8",
    SECRET_KEY="for tests",
    PIPELINE={
        "CSS_COMPRESSOR": None, "JS_COMPRESSOR": None, "DISABLE_WRAPPER": True,
        "STYLESHEETS": {"all": {
            "source_filenames": ("css/base.css", "css/site.css"),
            "output_filename": "css/all.css",
        }},
        "JAVASCRIPT": {"all": {
            "source_filenames": ("js/app.js",), "output_filename": "js/all.js",
        }},
    },
)
from storage_support import Site, content
from dj_cloudfront.storage import BuildStorage, ManifestBuildStorage
from django.contrib.staticfiles.storage import (
    ManifestStaticFilesStorage, StaticFilesStorage,
)
from django.core.management import CommandError

MORE = {
    "css/big.css": b"p { color: red }\\n" * 100,
    "js/big.js": b"let a = 1;\\n" * 200,
    "vendor/x.min.js": b"x()\\n//# sourceMappingURL=x.min.js.map\\n",
    "vendor/x.min.js.map": b"{}",
}
made = types.ModuleType("made")
sys.modules["made"] = made


def site():
    one = Site(tempfile.mkdtemp(dir=sys.argv[1]))
    one.write(MORE)
    return one


def used(path):
    apps = ["dj_cloudfront", "django.contrib.staticfiles"]
    return {"INSTALLED_APPS": apps + ["pipeline"] * path.startswith("pipeline")}


def kind_of(path, base):
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name)
    bases = (kind,) if issubclass(kind, base) else (kind, base)
    return type("Kind", bases, {"__module__": "made"})


def files(folder):
    # The header of gzip has the time.
    return {
        name: gzip.decompress(data) if name.endswith(".gz") else data
        for name, data in content(folder).items()
        if not name.endswith("staticfiles.json")
    }


def same(path, hashed):
    one = site()
    made.Kind = kind_of(path, ManifestStaticFilesStorage if hashed else StaticFilesStorage)
    stock = one.root.with_name("stock")
    one.collect(storage="made.Kind", STATIC_ROOT=stock, **used(path))
    made.Kind = kind_of(path, ManifestBuildStorage if hashed else BuildStorage)
    wanted, found = files(stock), []
    for how in ("collect", "publish"):
        one = site()
        getattr(one, how)(storage="made.Kind", **used(path))
        found.append(files(one.root / "b1").keys() - {".cdn-index.json"} == wanted.keys())
        found.append(all(files(one.root / "b1")[n] == d for n, d in wanted.items()))
    return found


def refusal(path):
    one = site()
    try:
        one.publish(storage=path, **used(path))
    except CommandError as error:
        return [str(error), one.root.exists()]


cases, refused = json.loads(sys.argv[2])
out = {
    "same": [same(path, hashed) for path, hashed in cases],
    "refused": [refusal(path) for path in refused],
}
print()
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("storages")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = (python, "-m", "pip", "install", "--quiet")
    subprocess.run([*install, *PACKAGES], check=True)
    # It wants an older Brotli than the others do.
    subprocess.run([*install, "--no-deps", "django-static-compress==2.1.0"], check=True)
    path = subprocess.run(
        [python, "-c", "import sysconfig as s; print(s.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(path, "tests.pth").write_text(sysconfig.get_path("purelib"))
    (folder / "run").mkdir()
    (folder / "run.py").write_text(SCRIPT)
    done = subprocess.run(
        [python, "run.py", "run", json.dumps([CASES, REFUSED])],
        cwd=folder,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_both_commands_make_the_files_of_stock_collectstatic(said, case):
    assert said["same"][CASES.index(case)] == [True] * 4


@pytest.mark.parametrize("path", REFUSED)
def test_a_storage_that_publishes_no_builds_is_refused_in_a_sentence(said, path):
    sentence, has_published = said["refused"][REFUSED.index(path)]
    assert sentence.startswith(
        "STORAGES['staticfiles']['BACKEND'] must be a storage th"
    )
    assert f"got {path!r}" in sentence and "\n" not in sentence
    assert not has_published
