"""GitHub's API as far as a comment needs it, and the host that has the artifacts."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_0123456789abcdefghijklmnop"
SHA = "a" * 40
REPOSITORY = "acme/site"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


class GitHub:
    """What it knows of one pull request, what it was asked, and what it shall get wrong."""

    def __init__(self):
        self.number, self.sha, self.state = 7, SHA, "open"
        self.comments, self.files, self.statuses = [], [], []
        self.artifacts = {}
        self.fork_pulls = []
        self.requests, self.failures, self.tokens_elsewhere = [], [], []

    def comment(self, body, user=None):
        identity = 100 + len(self.comments)
        self.comments.append({"id": identity, "body": body, "user": user or BOT})

    def artifact(self, content, name="cdn-review", size=None):
        identity = 1 + len(self.artifacts)
        size = len(content) if size is None else size
        self.artifacts[identity] = (name, content, size)

    @property
    def writes(self):
        return [one for one in self.requests if not one.startswith("GET")]

    @property
    def bodies(self):
        return [one["body"] for one in self.comments]

    def answer(self, method, path, query, content):
        """Status and JSON."""
        base = f"/repos/{REPOSITORY}"
        pull, comments = f"{base}/pulls/{self.number}", f"{base}/issues/comments/"
        if (method, path) == ("GET", pull):
            return 200, {"state": self.state, "head": {"sha": self.sha}}
        if (method, path) == ("GET", f"{pull}/files"):
            return 200, paged(self.files, query)
        if (method, path) == ("GET", f"{base}/pulls"):
            return 200, self.fork_pulls
        if path == f"{base}/issues/{self.number}/comments":
            if method == "GET":
                return 200, paged(self.comments, query)
            self.comment(content["body"])
            return 201, {}
        if path.startswith(comments):
            return self._change(method, int(path.removeprefix(comments)), content)
        if path == f"{base}/actions/runs/1/artifacts":
            return 200, {"artifacts": self._listed()}
        if path == f"{base}/statuses/{SHA}" and method == "POST":
            self.statuses.append(content)
            return 201, {}
        return 404, {"message": "Not Found"}

    def _listed(self):
        return [
            {"id": identity, "name": name, "size_in_bytes": size, "expired": False}
            for identity, (name, _, size) in self.artifacts.items()
        ]

    def _change(self, method, identity, content):
        found = [one for one in self.comments if one["id"] == identity]
        if not found:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            self.comments.remove(found[0])
            return 204, None
        found[0]["body"] = content["body"]
        return 200, {}


def paged(items, query):
    page, size = int(query["page"]), int(query["per_page"])
    return items[(page - 1) * size : page * size]


@contextmanager
def serving(github):
    """The address of the API, while it runs on this machine alone."""
    with _running(_storage(github)) as storage, _running(_api(github, storage)) as api:
        yield api


@contextmanager
def _running(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def reply(self, status, data=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _storage(github):
    class Storage(_Quiet):
        def do_GET(self):
            github.tokens_elsewhere.append(self.headers["Authorization"])
            identity = int(urlsplit(self.path).path.strip("/"))
            self.reply(200, github.artifacts[identity][1])

    return Storage


def _api(github, storage):
    class Api(_Quiet):
        def any_method(self):
            parts = urlsplit(self.path)
            length = int(self.headers["Content-Length"] or 0)
            content = json.loads(self.rfile.read(length) or "null")
            github.requests.append(f"{self.command} {parts.path}")
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                return self.reply(401, b'{"message": "Bad credentials"}')
            if github.failures:
                status, headers = github.failures.pop(0)
                return self.reply(status, b'{"message": "It broke"}', **headers)
            if parts.path.endswith("/zip"):
                identity = parts.path.split("/")[-2]
                place = f"{storage}/{identity}?signature=secret"
                return self.reply(302, Location=place)
            query = {name: one for name, (one, *_) in parse_qs(parts.query).items()}
            status, answer = github.answer(self.command, parts.path, query, content)
            return self.reply(status, json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = do_DELETE = any_method

    return Api


def event(*, number=7, sha=SHA, fork=False, **run):
    """A workflow_run as GitHub sends it; of a fork, it names no pull request."""
    pull = {"number": number, "head": {"sha": sha}, "base": {"repo": {"id": 5}}}
    head = "guest/site" if fork else REPOSITORY
    return {
        "repository": {"full_name": REPOSITORY, "id": 5},
        "workflow_run": {
            "id": 1,
            "event": "pull_request",
            "conclusion": "success",
            "head_sha": SHA,
            "head_branch": "patch-1",
            "head_repository": {"full_name": head},
            "html_url": f"https://github.com/{REPOSITORY}/actions/runs/1",
            "pull_requests": [] if fork else [pull],
            **run,
        },
    }


def fork_pull(number=7, sha=SHA, repository="guest/site"):
    return {"number": number, "head": {"sha": sha, "repo": {"full_name": repository}}}


def zipped(members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()
