"""The base with its own packages, installed by real tools and synthesized by the real CLI."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile

import pytest
from worktree_support import ROOT, commit

INSTALL = """\
install = [
  "[ -d .venv ] || python3 -m venv .venv",
  ".venv/bin/pip install --quiet --no-index --find-links '{wheels}' -r requirements.txt",
]
"""
USES_WHEEL = """\
import constructs_of_others, json, pathlib
pathlib.Path("word.json").write_text(json.dumps(constructs_of_others.WORD))
"""
COMPILED = """\
const fs = require("fs");
const output = process.env.CDK_OUTDIR;
const template = fs.readFileSync("template.json", "utf8").replace("WORD", "SAID");
fs.mkdirSync(output, {recursive: true});
fs.writeFileSync(output + "/T.json", template);
fs.writeFileSync(output + "/manifest.json", JSON.stringify({version: "36.0.0", artifacts: {
  "mysite-cdn-prod": {type: "aws:cloudformation:stack",
    environment: "aws://111122223333/us-east-1", properties: {templateFile: "T.json"}}}}));
"""


def wheel(folder, version, word):
    """A package of one line, of which another version says something else."""
    folder.mkdir(exist_ok=True)
    name = "constructs_of_others"
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}.py", f"WORD = {word!r}\n")
        made.writestr(f"{about}/METADATA", metadata)
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        made.writestr(f"{about}/RECORD", "")


@pytest.mark.slow
def test_an_upgraded_wheel_is_a_change(app, tmp_path):
    wheels = tmp_path / "wheels"
    wheel(wheels, "0.1.0", "first")
    wheel(wheels, "0.1.1", "second")
    # The module beside the app stands for the upgraded wheel of the caller's environment.
    app.write(".gitignore", ".venv\nconstructs_of_others.py\n")
    app.reads("word.json", USES_WHEEL)
    app.write("requirements.txt", "constructs_of_others==0.1.0\n")
    app.write("cdn-review.toml", INSTALL.format(wheels=wheels))
    app.write("constructs_of_others.py", 'WORD = "second"\n')
    commit(app.top)
    app.write("requirements.txt", "constructs_of_others==0.1.1\n")
    assert app.diff().words == ("first", "second")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_a_compiled_app_is_built_at_the_base_by_the_real_cli(app, tmp_path):
    app.cli = str(ROOT / "node_modules" / ".bin" / "cdk")
    app.write(".gitignore", "bin\nnode_modules\n")
    app.write("cdk.json", json.dumps({"app": "node bin/app.js"}))
    app.write("src/app.js", COMPILED.replace("SAID", "first"))
    build = "mkdir -p bin node_modules && touch node_modules/x && cp src/app.js bin"
    app.write("cdn-review.toml", f'install = "{build}"\n')
    commit(app.top)
    app.write("bin/app.js", COMPILED.replace("SAID", "new"))
    assert app.diff().words == ("first", "new")
    app.write("src/app.js", COMPILED.replace("SAID", "second"))
    commit(app.top)
    # The lock files are the same, but not what is built.
    assert app.diff().words == ("second", "new")
    assert list((tmp_path / "cache").rglob("node_modules/x"))


def test_programs_of_node_modules_are_first_on_path(app):
    program = app.folder / "node_modules/.bin/said"
    app.write("node_modules/.bin/said", "#!/bin/sh\necho of the working tree\n")
    program.chmod(0o755)
    app.write(".gitignore", "node_modules\n")
    app.write("package-lock.json", "{}")
    app.write("said.sh", "#!/bin/sh\necho of the base\n")
    install = "mkdir -p node_modules/.bin && cp said.sh node_modules/.bin/said"
    allow = "chmod +x node_modules/.bin/said"
    app.write("cdn-review.toml", f'install = ["{install} && {allow}", "said > said"]\n')
    command = f"said >> $SEEN; {sys.executable} app.py"
    app.write("cdk.json", json.dumps({"app": command}))
    commit(app.top)
    app.diff()
    assert "of the base" in app.seen.read_text()
