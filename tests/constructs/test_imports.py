"""What imports and synthesis bring along, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from cdk_support import ROOT

NO_NETWORK = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
"""

NO_NETWORK_IN_NODE = """
const refuse = (what) => () => { console.error(what); process.exit(9); };
require("net").Socket.prototype.connect = refuse("net.connect");
require("dns").lookup = refuse("dns.lookup");
"""


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(["tests", "tests/support", "."]),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_imports_bring_no_service_and_ask_no_network_and_neither_does_synthesis(
    tmp_path,
):
    hook = tmp_path / "no-network.js"
    hook.write_text(NO_NETWORK_IN_NODE)
    code = f"""{NO_NETWORK}
import constructs_lib, stacks
services = ("certificatemanager", "route53", "logs", "cloudwatch", "sns",
            "elasticloadbalancingv2")
print([name for name in services if f"aws_cdk.aws_{{name}}" in sys.modules])
print([name for name in sys.modules if name.startswith("django")])
import aws_cdk
from consumers import static_app
app = aws_cdk.App()
static_app.build(app)
print(len(app.synth().stacks_recursively))
"""
    done = run_python(code, NODE_OPTIONS=f"--require {hook}")
    assert done.stdout.split() == ["[]", "[]", "2"], done.stderr
    assert done.returncode == 0


def test_a_request_to_the_network_would_be_seen(tmp_path):
    hook = tmp_path / "no-network.js"
    hook.write_text(NO_NETWORK_IN_NODE)
    in_python = run_python(
        f"{NO_NETWORK}\nimport urllib.request as u; u.urlopen('http://localhost:1')"
    )
    assert "socket.getaddrinfo" in in_python.stderr
    in_node = run_python(
        "import subprocess as s; s.run(['node', '-e', 'fetch(\"http://localhost:8001\")'])",
        NODE_OPTIONS=f"--require {hook}",
    )
    assert in_node.stderr.strip() in ("net.connect", "dns.lookup")


def test_the_django_side_loads_no_cdk():
    code = """
import sys
import dj_cloudfront, dj_cloudfront.contract
foreign = ("aws_cdk", "jsii", "constructs", "constructs_lib", "boto3", "django")
print([name for name in foreign if name in sys.modules])
"""
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stderr
