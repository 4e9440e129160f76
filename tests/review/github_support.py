"""GitHub's API as far as a comment needs it, on this machine alone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "ghs_0123456789abcdefghijklmnop"
SHA = "a" * 40
REPOSITORY = "acme/site"
BOT = "github-actions[bot]"


class GitHub:
    """What it knows of one pull request, and what it was asked to change."""

    def __init__(self):
        self.comments, self.files, self.writes, self.pulls = [], [], [], []
        self.open()

    def open(self, *, number=7, sha=SHA, source=REPOSITORY, branch="patch/1"):
        head = {"sha": sha, "ref": branch, "repo": {"full_name": source}}
        self.pulls = [{"number": number, "head": head}]

    def comment(self, body, author=BOT):
        identity = 100 + len(self.comments)
        self.comments.append({"id": identity, "body": body, "user": {"login": author}})

    @property
    def bodies(self):
        return [one["body"] for one in self.comments]

    def answer(self, method, path, query, content):
        """What a list or a change answers; None for what is not there."""
        what = path.removeprefix(f"/repos/{REPOSITORY}/")
        if method != "GET":
            self.writes.append(f"{method} {what}")
        kind, _, rest = what.partition("/")
        if what == "pulls" and query["state"] == "open":
            return [one for one in self.pulls if self._head(one) == query["head"]]
        if what == "pulls/7/files":
            return self.files
        if what == "issues/7/comments":
            return self.comment(content["body"]) or {} if content else self.comments
        (one,) = (c for c in self.comments if what == f"issues/comments/{c['id']}")
        if method == "DELETE":
            self.comments.remove(one)
        else:
            one["body"] = content["body"]
        return {}

    def _head(self, pull):
        head = pull["head"]
        return f"{head['repo']['full_name'].partition('/')[0]}:{head['ref']}"


@contextmanager
def serving(github):
    """The address of its API."""

    class Api(BaseHTTPRequestHandler):
        def any_method(self):
            parts = urlsplit(self.path)
            query = {name: one for name, (one, *_) in parse_qs(parts.query).items()}
            content = json.loads(self._body() or "null")
            if self.headers["Authorization"] != f"token {TOKEN}":
                return self.reply({"message": "Bad credentials"}, status=401)
            found = github.answer(self.command, parts.path, query, content)
            if not isinstance(found, list):
                return self.reply(found)
            page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
            more = len(found) > page * size
            following = urlencode({**query, "page": page + 1})
            link = f"<http://{self.headers['Host']}{parts.path}?{following}>"
            next_ = {"Link": f'{link}; rel="next"'} if more else {}
            return self.reply(found[(page - 1) * size : page * size], **next_)

        do_GET = do_POST = do_PATCH = do_DELETE = any_method

        def _body(self):
            """What gh reads from a pipe it sends in chunks."""
            data = b""
            while self.headers["Transfer-Encoding"] == "chunked":
                length = int(self.rfile.readline(), 16)
                data += self.rfile.read(length)
                self.rfile.readline()
                if not length:
                    break
            return data

        def reply(self, answer, *, status=200, **headers):
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pull_request(*, sha=SHA, source=REPOSITORY, number=7):
    """An event, as GitHub sends it."""
    head = {"sha": sha, "ref": "patch/1", "repo": source and {"full_name": source}}
    pull = {"head": head}
    return _event(number=number, pull_request=pull)


def workflow_run(*, sha=SHA, source="guest/site"):
    repository = source and {"full_name": source}
    return _event(
        workflow_run={
            "head_sha": sha,
            "head_branch": "patch/1",
            "head_repository": repository,
        }
    )


def merge_group():
    return _event(merge_group={"base_sha": SHA})


def _event(**more):
    return {"repository": {"full_name": REPOSITORY}, **more}
