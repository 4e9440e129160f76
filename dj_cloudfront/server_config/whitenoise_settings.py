"""Settings for a Django that serves its files itself, with WhiteNoise."""

from __future__ import annotations

_TEXT = """# settings.py: {command}
replaced = (
    "dj_cloudfront.middleware.CdnTreeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
)
MIDDLEWARE = [
{files}
    "dj_cloudfront.middleware.CdnTreeMiddleware",
    *(one for one in MIDDLEWARE if one not in replaced),
]
"""
_FILES = {
    "static": "dj_cloudfront.whitenoise.StaticFilesMiddleware",
    "media": "dj_cloudfront.whitenoise.MediaFilesMiddleware",
}


def render(*, command: str, media: bool = False) -> str:
    """The lines to add below ``MIDDLEWARE``, in whichever file of the settings.

    :param media: Serve uploads too.
    """
    trees = ("static", "media") if media else ("static",)
    files = "\n".join(f'    "{_FILES[tree]}",' for tree in trees)
    return _TEXT.format(command=command, files=files)
