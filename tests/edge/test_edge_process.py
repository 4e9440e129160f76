"""``python -m cdn_edge`` as a process: from its ready line to its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from edge_support import CountingOrigin, Reply, Viewer

from cdn_edge.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:1"
ENVIRONMENT = {
    "PATH": os.defpath,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@contextmanager
def started(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "cdn_edge", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
            process.wait(10)
        finally:
            process.kill()


def test_process_says_when_it_is_ready_and_ends_cleanly():
    with CountingOrigin() as api:
        api.default = Reply(body=b"<List><Quantity>0</Quantity></List>")
        with started("--endpoint", f"http://{api.address}") as process:
            ready = process.stdout.readline()
            assert ready.startswith("edge ready on http://127.0.0.1:")
            viewer = Viewer(port=int(ready.rpartition(":")[2]))
            assert viewer.get("/_edge/health", host="localhost").status == 200
            ended_at = time.monotonic()
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
        assert time.monotonic() - ended_at < 5
        assert process.returncode == 0
        assert rest == ""


def test_process_is_not_ready_before_it_has_read_what_is_deployed():
    with started("--endpoint", NOWHERE) as process:
        first = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()
    assert first.startswith("warning: what is deployed cannot be read")
    assert (rest, process.returncode) == ("", 0)


def test_tls_listener_is_announced_and_its_keys_are_not_in_the_log(tmp_path):
    folder = tmp_path / "tls"
    with CountingOrigin() as api:
        api.default = Reply(body=b"<List><Quantity>0</Quantity></List>")
        address = f"http://{api.address}"
        with started("--endpoint", address, "--tls", str(folder)) as process:
            ready = process.stdout.readline()
            context = ssl.create_default_context(cafile=folder / "ca.pem")
            port = int(ready.rpartition(":")[2])
            with (
                socket.create_connection(("127.0.0.1", port)) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as viewer,
            ):
                viewer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert b" 403 " in viewer.recv(65536)
            process.terminate()
            said = ready + process.stdout.read()
    assert " and https://127.0.0.1:" in ready
    assert "PRIVATE KEY" not in said
    assert (process.returncode, len(said.splitlines())) == (0, 2)


def refusal(capsys, *arguments):
    """What an edge says that does not start."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--origin-ca", "/dev/null", "--origin-ca must name a file with a certificate"),
        ("--client-certificate", "arn", "--client-certificate must map an ARN"),
        (
            "--origin",
            "a=10.0.0.1:80",
            "--origin must map an origin's domain name to a l",
        ),
        ("--tls", "/dev/null", "/dev/null"),
        ("--tls-port", "8443", "--tls-port must come with --tls"),
        ("--port", "70000", "argument --port: must be from 0 to 65535, got '70000'"),
    ],
)
def test_fails_when_an_option_cannot_be_used(capsys, option, value, message):
    assert message in refusal(capsys, "--endpoint", NOWHERE, option, value)


@pytest.mark.parametrize("text", [None, "{", "x: 1"])
def test_fails_when_there_is_no_template(capsys, tmp_path, text):
    path = tmp_path / "template.json"
    if text is not None:
        path.write_text(text)
    said = refusal(capsys, "--template", str(path))
    assert "--template must be a template in JSON, such as cdk.out/" in said


@pytest.mark.parametrize("has_key", [True, False])
def test_fails_when_a_client_certificate_cannot_be_shown(capsys, tmp_path, has_key):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    path = tmp_path / "client.pem"
    path.write_bytes(certificate + (locked if has_key else b""))
    given = ("--client-certificate", f"arn={path}")
    said = refusal(capsys, "--endpoint", NOWHERE, *given)
    assert "a certificate and its key without a password" in said


def test_fails_when_the_port_is_taken():
    with CountingOrigin() as taken:
        said = f"^--port and --tls-port must be free.*got {taken.port} and 0: "
        with pytest.raises(SystemExit, match=said):
            main(["--endpoint", NOWHERE, "--port", str(taken.port)])


def test_a_template_is_served_without_aws(tmp_path):
    path = tmp_path / "mysite.template.json"
    path.write_text(
        (ROOT / "tests/snapshots/mysite-cdn-prod.template.json").read_text()
    )
    template = json.loads(path.read_text())
    (name,) = (
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudFront::Distribution" and "Static" in name
    )
    config = template["Resources"][name]["Properties"]["DistributionConfig"]
    domain = config["Origins"][0]["DomainName"]
    with CountingOrigin() as origin:
        table = ("--origin", f"{domain}={origin.address}")
        with started("--template", str(path), *table) as process:
            while not (line := process.stdout.readline()).startswith("edge ready on "):
                assert line.startswith("warning: "), line
            viewer = Viewer(port=int(line.rpartition(":")[2]))
            viewer.host = f"{name.lower()}.cloudfront.localhost"
            assert viewer.get("/b1/site.css").status == 200
            assert origin.targets == ["/static/b1/site.css"]
            config["Origins"][0]["OriginPath"] = "/elsewhere"
            path.write_text(json.dumps(template))
            deadline = time.monotonic() + 10
            while origin.targets[-1] != "/elsewhere/x":
                assert time.monotonic() < deadline
                viewer.get("/x", headers={"Origin": f"https://{time.monotonic()}"})
                time.sleep(0.2)
            process.terminate()
