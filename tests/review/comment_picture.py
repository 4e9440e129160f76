"""Writes the comment that docs/review.md shows, as text and as a picture.

``python tests/review/comment_picture.py``, after what a comment looks like has changed.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from cdn_review import markdown  # noqa: E402
from cdn_review.cdk_cli import find_cli, raw_diff  # noqa: E402
from cdn_review.change import BlockReason  # noqa: E402
from cdn_review.compare import compare  # noqa: E402
from cdn_review.report import Report  # noqa: E402
from cdn_review.settings import Settings  # noqa: E402
from cdn_review.snapshot import (  # noqa: E402
    Snapshot,
    read_json,
    snapshot_of,
    stack_of,
)

TEXT = ROOT / "docs" / "review" / "comment.md"
# Of which text the picture was taken.
PICTURE_OF = "db81b3444e8733a1"
PICTURE = TEXT.with_suffix(".png")
PAIR = ROOT / "tests" / "review" / "pairs" / "60-several-in-three-environments"
REASON = "the web server sends it itself since March"
_STYLE = """
body { margin: 0; padding: 18px; width: 860px; background: #fff; color: #1f2328;
       font: 14px/1.5 sans-serif; }
.box { border: 1px solid #d0d7de; border-radius: 6px; }
.who { background: #f6f8fa; border-bottom: 1px solid #d0d7de; padding: 8px 16px;
       border-radius: 6px 6px 0 0; color: #59636e; }
.who b { color: #1f2328; }
.text { padding: 4px 16px 14px; }
h3 { font-size: 18px; margin: 14px 0; }
li { margin: 3px 0; }
code { background: #eff1f3; border-radius: 6px; padding: .15em .4em; font: 12px monospace; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; }
pre code { background: none; padding: 0; }
sub { color: #59636e; }
"""

_SIGN = (
    '<svg width=16 height=16 viewBox="0 0 16 16"><circle cx=8 cy=8 r=8 fill="#d1242f"/>'
    '<rect x=3 y=6.5 width=10 height=3 fill="#fff"/></svg>'
)


def sides() -> tuple[Snapshot, Snapshot]:
    """Both sides of the pair, with one header that goes acknowledged."""
    before = _side("before", "4be1b9e5 (origin/main)")
    after = _side("after", "the working tree")
    blocking = Report.of(before, after, compare(before, after)).blocking
    (header,) = (one for one in blocking if one.block is BlockReason.HEADER_DROPPED)
    return before, replace(after, acknowledged=dict.fromkeys(header.ids, REASON))


def _side(name: str, called: str) -> Snapshot:
    stacks = [
        stack_of(read_json(path), name=path.name.partition(".")[0])
        for path in sorted((PAIR / name).glob("*.template.json"))
    ]
    return snapshot_of(stacks, name=called, settings=Settings(unprotected=("dev",)))


def comment(raw: str) -> str:
    """What the workflow would write of the pair, with the given raw diff below."""
    before, after = sides()
    return markdown.render(Report.of(before, after, compare(before, after), raw=raw))


def raw_of(text: str) -> str:
    """The raw diff that a comment shows."""
    found = re.search(r"```+diff\n(.*?)\n```+\n", text, re.S)
    return found.group(1) if found else ""


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _taken(text: str) -> bytes:
    import cmarkgfm
    from browser_support import chromium

    body = cmarkgfm.github_flavored_markdown_to_html(
        text, cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    )
    # No machine that runs this is sure to have a font with it.
    body = body.replace("⛔", _SIGN)
    page = (
        f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><div class=box>"
        "<div class=who><b>github-actions</b> bot commented</div>"
        f"<div class=text>{body}</div></div>"
    )
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "comment.html"
        path.write_text(page, "utf-8")
        tab = browser.new_page(viewport={"width": 900, "height": 400})
        tab.goto(path.as_uri())
        return tab.screenshot(full_page=True)


def main() -> None:
    text = comment(raw_diff(*sides(), folder=ROOT, cli=find_cli(ROOT)))
    TEXT.parent.mkdir(exist_ok=True)
    TEXT.write_text(text, "utf-8")
    PICTURE.write_bytes(_taken(text))
    print(f"PICTURE_OF must be {hash_of(text)!r}")


if __name__ == "__main__":
    main()
