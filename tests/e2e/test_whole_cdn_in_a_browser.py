"""The example site in Chromium, with a bucket, failover, compression and private media."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from browser_support import fresh_profile
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from edge_support import Viewer
from lab_support import ENVIRONMENT_STACK, Lab, edge_process
from origin_support import free_port
from uploads_support import png

pytestmark = pytest.mark.slow

DONE = 'html[data-assets="done"]'
SITE = "www.example.com"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def page_port():
    """Where the site's page will be, which the edge has to allow by name."""
    return free_port()


@pytest.fixture(scope="module")
def lab(local_site, aws, tmp_path_factory, key, page_port):
    """The stack, deployed; its bucket has the site's CSS, and nothing else."""
    lab = Lab(local_site.status["aws"], aws, tmp_path_factory.mktemp("lab"))
    secret = lab.client("secretsmanager").create_secret(
        Name="whole", SecretString="the secret itself"
    )
    public = key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    lab.deploy(
        {
            "origin": SITE,
            "origin_secret": {"arn": secret["ARN"], "version": secret["VersionId"]},
            "cors": {"allow_origins": [f"http://localhost:{page_port}"]},
            "static": {"bucket": {}},
            "private": {
                "signing_keys": {
                    "keys": {"demo": public.decode()},
                    "signing_key": "demo",
                }
            },
            "retain": False,
        }
    )
    bucket = lab.outputs["StaticBucketName"]
    static = local_site.state / "site" / "static"
    files = [one for one in static.rglob("*.css") if one.is_file()]
    assert files
    for file in files:
        lab.client("s3").put_object(
            Bucket=bucket,
            Key=str(file.relative_to(static)),
            Body=file.read_bytes(),
            ContentType="text/css",
            CacheControl="max-age=31536000, immutable",
        )
    yield lab
    lab.client("s3").delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": str(f.relative_to(static))} for f in files]},
    )
    lab.destroy()


@contextmanager
def server(web):
    """The site's web server, with a folder of private files before it. Its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path.startswith("/private/"):
                assert self.headers["X-Origin-Secret"] == "the secret itself"
                is_picture = self.path.partition("?")[0].endswith(".png")
                kind, body = (
                    ("image/png", png()) if is_picture else ("text/plain", b"mine")
                )
                status, headers = 200, [("Content-Type", kind)]
            else:
                asking = http.client.HTTPConnection(*web, timeout=20)
                asking.request(self.command, self.path, headers=dict(self.headers))
                answer = asking.getresponse()
                status, headers, body = (
                    answer.status,
                    answer.getheaders(),
                    answer.read(),
                )
                asking.close()
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_OPTIONS = do_GET

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_port}"
        running.shutdown()


@contextmanager
def pages(local_site, lab, key, folder, url_format, port):
    """Django, whose files come from the lab's distributions. The URL of its page."""
    site = local_site.state / "site"
    for path in site.iterdir():
        if path.name not in ("cdn-outputs.json", "keys"):
            (folder / path.name).symlink_to(path)
    (folder / "keys").mkdir()
    (folder / "keys" / "demo.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "cdn-outputs.json").write_text(lab.outputs_file.read_text())
    with (folder / "django.log").open("wb") as log:
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "mysite.wsgi", "--threads", "4"),
                *("--bind", f"127.0.0.1:{port}", "--no-control-socket"),
            ],
            cwd=local_site.checkout / "example",
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(local_site.checkout),
                "EXAMPLE_DATA": str(folder),
                "EXAMPLE_DEBUG": "0",
                "EXAMPLE_SECRET_KEY": (site / "secret-key").read_text(),
                "EXAMPLE_STACK": ENVIRONMENT_STACK,
                "DJ_CLOUDFRONT_URL_FORMAT": url_format,
            },
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 30
        while not _answers(port):
            assert running.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://localhost:{port}/"
    finally:
        running.terminate()
        running.wait(20)


def _answers(port):
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asking.request("GET", "/healthz", headers={"Host": "localhost"})
        return asking.getresponse().status < 500
    except OSError:
        return False
    finally:
        asking.close()


def signed(key, key_id, url):
    def sign(message):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA1())

    ends = datetime.now(UTC) + timedelta(hours=1)
    return CloudFrontSigner(key_id, sign).generate_presigned_url(
        url, date_less_than=ends
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_example_site_works_with_everything_on(
    local_site, lab, browser, key, page_port, tmp_path, scheme
):
    names = lab.outputs
    web = urlsplit(local_site.status["site"])
    aws = urlsplit(lab.endpoint).netloc
    tls = (
        {"tls": tmp_path / "tls", "tls_port": free_port()} if scheme == "https" else {}
    )
    with server(("127.0.0.1", web.port)) as address:
        origins = {SITE: address, "*.amazonaws.com": aws}
        with edge_process(
            lab.environment, origins, serves=names["PrivateDomainName"], **tls
        ) as plain_port:
            port = tls.get("tls_port", plain_port)
            form = f"{scheme}://{{label}}.cloudfront.localhost:{port}"
            data = tmp_path / "data"
            data.mkdir()
            with (
                pages(local_site, lab, key, data, form, page_port) as site,
                # Python's own tests check the certificate; this browser has no list to add to.
                fresh_profile(browser, ignore_https_errors=True) as visit,
            ):
                look_at_the_page(visit, site, names, form)
                look_at_private_files(visit, key, names, form)
                if tls:
                    http_is_redirected(names, plain_port, port)


def at(names, output, form):
    return form.format(label=names[output].partition(".")[0])


def look_at_the_page(visit, site, names, form):
    visit.open(site)
    visit.page.wait_for_selector(DONE)
    assert visit.complaints == []
    static, media = (
        urlsplit(at(names, name, form)).netloc
        for name in ("StaticDomainName", "MediaDomainName")
    )
    answers = visit.answers_from(static)
    assert {code for _, code, _ in answers} <= {200, 204}
    suffixes = {url.rpartition(".")[2] for url, *_ in answers}
    assert {"css", "woff2", "js", "svg"} <= suffixes
    assert visit.answers_from(media)
    # The bucket has it uncompressed and no server's headers; the rest is the server's.
    css = next(r for r in visit.responses if r.url.endswith("site.css"))
    headers = css.all_headers()
    assert headers["server"] == "AmazonS3" or "x-amz-request-id" in headers
    assert headers["content-encoding"] == "br"


def look_at_private_files(visit, key, names, form):
    url = f"{at(names, 'PrivateDomainName', form)}/report.txt"
    key_id = names["MediaKeyPairId"]
    assert visit.page.goto(signed(key, key_id, url)).text() == "mine"
    assert visit.page.goto(url).status == 403
    forged = signed(key, key_id, url).replace("report", "other")
    assert visit.page.goto(forged).status == 403


def http_is_redirected(names, plain_port, tls_port):
    host = f"{names['MediaDomainName'].partition('.')[0]}.cloudfront.localhost"
    got = Viewer(port=plain_port, host=host).get("/a.png")
    assert got.status == 301
    assert got.headers["location"] == f"https://{host}:{tls_port}/a.png"
