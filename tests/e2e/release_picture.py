"""Takes the picture of a release that README.md shows, from the real demo in Chromium.

``python tests/e2e/release_picture.py``, after what the example's page looks like has changed.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from browser_support import chromium  # noqa: E402
from local_support import LocalSite  # noqa: E402

PICTURE = ROOT / "docs" / "release.png"
_VIEWPORT = {"width": 980, "height": 560}
_PAGE = """<!doctype html><meta charset=utf-8><style>
body { margin: 0; padding: 16px; width: 1240px; display: flex; gap: 16px; background: #fff;
       font: 15px/1.4 sans-serif; color: #1f2328; }
figure { margin: 0; flex: 1; } figcaption { padding: 0 2px 8px; }
img { width: 100%; border: 1px solid #d0d7de; border-radius: 6px; }
</style>"""
_FIGURE = """<figure><figcaption><b>{when}</b><br>{what}</figcaption>
<img src="data:image/png;base64,{picture}"></figure>"""


def _tab(browser, url):
    page = browser.new_context(viewport=_VIEWPORT).new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return page


def _shown(page, when, what):
    """A tab as it is now, after it has asked for each of its files once more."""
    page.click("#again")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelector('p.build').scrollIntoView()")
    picture = base64.b64encode(page.screenshot()).decode()
    return _FIGURE.format(when=when, what=what, picture=picture)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        with LocalSite(state) as site, chromium() as browser:
            url = site.status["site"]
            old = _tab(browser, url)
            done = site.run("release")
            assert done.returncode == 0, done.stderr
            new = _tab(browser, url)
            figures = [
                _shown(
                    old, "Opened before the release", "keeps the files of its build"
                ),
                _shown(new, "Opened after it", "has those of the new build"),
            ]
            page = browser.new_page(viewport={"width": 1272, "height": 400})
            page.set_content(_PAGE + "".join(figures))
            PICTURE.write_bytes(page.screenshot(full_page=True))
    print(f"wrote {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
