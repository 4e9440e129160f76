"""The base with its own packages, installed by real tools and synthesized by the real CLI."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile

import pytest
from worktree_support import ROOT, App, comment_of, commit, git

INSTALL = """\
install = [
  "[ -d .venv ] || python3 -m venv .venv",
  ".venv/bin/pip install --quiet --no-index --find-links '{wheels}' -r requirements.txt",
]
"""
USES_WHEEL = """\
import constructs_of_others, pathlib, json
path = pathlib.Path("template.json")
template = json.loads(path.read_text())
config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
config["Comment"] = constructs_of_others.PROTOCOL
path.write_text(json.dumps(template))
"""
COMPILED = """\
const fs = require("fs");
const output = process.env.CDK_OUTDIR;
const template = JSON.parse(fs.readFileSync("template.json"));
template.Resources.Distribution.Properties.DistributionConfig.Comment = "SAID";
fs.mkdirSync(output, {recursive: true});
fs.writeFileSync(output + "/T.json", JSON.stringify(template));
fs.writeFileSync(output + "/manifest.json", JSON.stringify({version: "36.0.0", artifacts: {
  "mysite-cdn-prod": {type: "aws:cloudformation:stack",
    environment: "aws://111122223333/us-east-1", properties: {templateFile: "T.json"}}}}));
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen.jsonl"))
    monkeypatch.delenv("GITHUB_BASE_REF", raising=False)
    return App(tmp_path)


def wheel(folder, version, protocol):
    """A package of one line, of which another version has another default."""
    folder.mkdir(exist_ok=True)
    name = "constructs_of_others"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}.py", f"PROTOCOL = {protocol!r}\n")
        made.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        )
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        made.writestr(f"{about}/RECORD", "")


def test_an_upgraded_wheel_is_a_change(app, tmp_path):
    wheels = tmp_path / "wheels"
    wheel(wheels, "0.1.0", "redirect-to-https")
    wheel(wheels, "0.1.1", "allow-all")
    app.write(".gitignore", ".venv\n")
    app.write("app.py", USES_WHEEL + (app.folder / "app.py").read_text())
    app.write("requirements.txt", "constructs_of_others==0.1.0\n")
    app.write("cdn-review.toml", INSTALL.format(wheels=wheels))
    # Stands for the upgraded wheel in the environment of the caller.
    app.write("constructs_of_others.py", 'PROTOCOL = "allow-all"\n')
    git(app.top, "add", "--all", ".")
    git(app.top, "reset", "-q", "infra/constructs_of_others.py")
    git(app.top, "commit", "-q", "-m", "Use a wheel")
    app.write("requirements.txt", "constructs_of_others==0.1.1\n")
    both = app.sides()
    assert comment_of(both.before) == "redirect-to-https"
    assert comment_of(both.after) == "allow-all"
    git(app.top, "commit", "-q", "--allow-empty", "-m", "Go on")
    assert comment_of(app.sides().before) == "redirect-to-https"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_a_compiled_app_is_built_at_the_base_by_the_real_cli(app, tmp_path):
    app.cli = str(ROOT / "node_modules" / ".bin" / "cdk")
    app.write(".gitignore", "bin\nnode_modules\n")
    app.write("cdk.json", json.dumps({"app": "node bin/app.js"}))
    app.write("src/app.js", COMPILED.replace("SAID", "first"))
    build = (
        "mkdir -p bin node_modules && touch node_modules/x && cp src/app.js bin/app.js"
    )
    app.write("cdn-review.toml", f'install = "{build}"\n')
    commit(app.top)
    app.write("bin/app.js", COMPILED.replace("SAID", "new"))
    both = app.sides()
    assert (comment_of(both.before), comment_of(both.after)) == ("first", "new")
    app.write("src/app.js", COMPILED.replace("SAID", "second"))
    commit(app.top)
    # The lock files are the same, but not what is built.
    assert comment_of(app.sides().before) == "second"
    assert list((tmp_path / "cache").rglob("node_modules/x"))


def test_programs_of_node_modules_are_first_on_path(app):
    app.write("node_modules/.bin/said", "#!/bin/sh\necho of the working tree\n")
    (app.folder / "node_modules/.bin/said").chmod(0o755)
    app.write(".gitignore", "node_modules\n")
    app.write("package-lock.json", "{}")
    app.write("said.sh", "#!/bin/sh\necho of the base\n")
    install = "mkdir -p node_modules/.bin && cp said.sh node_modules/.bin/said"
    app.write(
        "cdn-review.toml",
        f'install = ["{install} && chmod +x node_modules/.bin/said", "said > said.txt"]\n',
    )
    app.write(
        "cdk.json", json.dumps({"app": f"said >> $SEEN; {sys.executable} app.py"})
    )
    commit(app.top)
    app.sides()
    assert "of the base" in app.seen.read_text()
