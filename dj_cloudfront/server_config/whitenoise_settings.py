"""Settings for a Django that serves its files itself, with WhiteNoise."""

from __future__ import annotations

from collections.abc import Iterable

_FILES = {
    "static": "dj_cloudfront.whitenoise.StaticFilesMiddleware",
    "media": "dj_cloudfront.whitenoise.MediaFilesMiddleware",
}
_TREE = "dj_cloudfront.middleware.CdnTreeMiddleware"
# Of WhiteNoise itself: it would answer some of the same files by rules of its own.
_REPLACED = {"whitenoise.middleware.WhiteNoiseMiddleware", _TREE, *_FILES.values()}


def render(*, command: str, middleware: Iterable[str], media: bool = False) -> str:
    """The text of ``MIDDLEWARE`` for the settings.

    :param middleware: What the settings have today; its order stays.
    :param media: Serve uploads too.
    """
    trees = ("static", "media") if media else ("static",)
    entries = [
        *(_FILES[tree] for tree in trees),
        _TREE,
        *(entry for entry in middleware if entry not in _REPLACED),
    ]
    return "\n".join(
        [
            f"# settings.py: {command}",
            "MIDDLEWARE = [",
            *(f'    "{entry}",' for entry in entries),
            "]",
            "",
        ]
    )
