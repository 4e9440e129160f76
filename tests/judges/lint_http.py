"""Show responses to redbot: python tests/judges/lint_http.py < questions.json > notes.json

Runs in redbot's own virtual environment, and imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
from configparser import ConfigParser

import thor
from redbot.resource import HttpResource

CONFIG = ConfigParser()
CONFIG.read_dict({"redbot": {"enable_local_access": "True"}})


def look(questions):
    """What redbot says of each URL, for which it sends several requests."""
    waiting = {name: resource_of(question) for name, question in questions.items()}
    found = {}
    for name, resource in waiting.items():

        def done(name=name, resource=resource):
            found[name] = verdict_of(resource)
            if len(found) == len(waiting):
                thor.stop()

        resource.on("check_done", done)
        resource.check()
    thor.run()
    return found


def resource_of(question):
    resource = HttpResource(CONFIG["redbot"])
    resource.set_request(
        question["url"],
        method=question.get("method", "GET"),
        headers=[*question.get("headers", {}).items()],
    )
    # Or it would not know a preflight when it sees one.
    resource.response.request = resource.request
    return resource


def verdict_of(resource):
    error = resource.fetch_error
    return {
        "error": error and error.desc,
        "status": resource.response.status_code,
        "supports": {
            "ranges": resource.partial_support,
            "tags": resource.inm_support,
            "dates": resource.ims_support,
            "gzip": resource.gzip_support,
        },
        "notes": [note_of(note) for note in every(resource.response.notes)],
    }


def every(notes):
    for note in notes:
        yield note
        yield from every(note.subnotes)


def note_of(note):
    return {
        "id": type(note).__name__,
        "level": note.level.value if note.level else None,
        "subject": note.subject,
        "summary": str(note.summary),
    }


if __name__ == "__main__":
    json.dump(look(json.load(sys.stdin)), sys.stdout)
