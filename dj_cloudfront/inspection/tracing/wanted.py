"""What is looked for: a name as ``{% static %}`` takes it, or a URL from a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from dj_cloudfront.inspection.places import Tree


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file, and the build if a URL named one.

    :param name: Relative to the build, or to the root of media. Of a URL it may be hashed.
    :param build: None for a plain name and for local URLs.
    """

    tree: Tree
    name: str
    build: str | None


def read_wanted(
    text: str, urls: Mapping[Tree, str], is_build: Callable[[str], bool]
) -> Wanted:
    """A name or URL as a value.

    :param urls: Where the CDN has each tree.
    :param is_build: Whether a folder of this name is a build.
    :raises ValueError: with one sentence, when it is a URL of neither tree.
    """
    if "://" not in text and not text.startswith("/"):
        return Wanted(tree=Tree.STATIC, name=text, build=None)
    parts = urlsplit(text)
    tree, path = _inside(parts, urls)
    if tree is None or not path:
        raise ValueError(
            "NAME must be a static file's name, such as 'css/site.css', or its URL, such as "
            f"'{_example(urls)}', got {text!r}"
        )
    first, slash, rest = path.partition("/")
    if tree is Tree.STATIC and slash and is_build(first):
        return Wanted(tree=tree, name=rest, build=first)
    return Wanted(tree=tree, name=path, build=None)


def _inside(parts: SplitResult, urls: Mapping[Tree, str]) -> tuple[Tree | None, str]:
    path = unquote(parts.path)
    for tree, url in urls.items():
        if parts.netloc and parts.netloc == urlsplit(url).netloc:
            return tree, path.removeprefix("/")
    for tree in Tree:
        if path.startswith(f"/{tree}/"):
            return tree, path.removeprefix(f"/{tree}/")
    return None, ""


def _example(urls: Mapping[Tree, str]) -> str:
    base = urls.get(Tree.STATIC, "/static/")
    return f"{base}b1/css/site.css"
