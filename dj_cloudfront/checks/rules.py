"""Every mistake that the checks know. The ids are a public interface: none is used twice."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.checks import CheckMessage, Error, Info, Warning


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A mistake that settings can show.

    :param id: Stable. It begins with the level: ``E`` for an error, ``W`` for a warning, ``I``
        for an information.
    :param what: The mistake, for the table in ``docs/checks.md``.
    :param cure: What to do, for that table and as the hint.
    :param deploy: Whether only ``manage.py check --deploy`` looks for it.
    """

    id: str
    what: str
    cure: str
    deploy: bool = False

    @property
    def level(self) -> str:
        return {"E": "error", "W": "warning", "I": "information"}[self.id[0]]

    def found(self, problem: str) -> CheckMessage:
        """The mistake, as it was found: a sentence that begins with the setting's name."""
        kind = {"E": Error, "W": Warning, "I": Info}[self.id[0]]
        return kind(problem, hint=self.cure, id=f"dj_cloudfront.{self.id}")


_ALL_THREE = (
    "set STATIC_URL, STATIC_ROOT, MEDIA_URL = "
    "CDN.static_url, CDN.static_root, CDN.media_url"
)
_APART = "keep both beside each other, as /var/mysite/static and /var/mysite/media"
_WRAP = "wrap the directives: dj_cloudfront.csp.with_cdn({'default-src': …}, CDN)"

NO_CDN = Rule(
    id="E001",
    what="`CDN` is missing, or is no value of `config()`",
    cure="keep the value of dj_cloudfront.config() as CDN in the settings",
)
NO_BUILD_IN_URL = Rule(
    id="E002",
    what="`STATIC_URL` has no build version in its path, or another one",
    cure=_ALL_THREE,
)
QUERY_IN_URL = Rule(
    id="E003",
    what="`STATIC_URL` has a query string, which caches ignore or fill with old files",
    cure=_ALL_THREE,
)
ALL_BUILDS = Rule(
    id="E004",
    what="`STATIC_ROOT` is the folder of all builds, which `collectstatic --clear` empties",
    cure=_ALL_THREE,
)
STATIC_IN_MEDIA = Rule(
    id="E005",
    what="the builds are inside `MEDIA_ROOT`, so an upload can replace a script",
    cure=_APART,
)
MEDIA_IN_STATIC = Rule(
    id="E006",
    what="`MEDIA_ROOT` is inside the builds' folder: uploads live for a year, without sandbox",
    cure=_APART,
)
BUILDS_AMONG_SOURCES = Rule(
    id="E007",
    what="`STATICFILES_DIRS` overlaps the builds' folder, so each build holds all older ones",
    cure="keep what collectstatic reads and what it writes in folders apart",
)
BUILD_MISSING = Rule(
    id="E008",
    what="the build is not on this server, so its pages have no assets",
    cure="publish it before the pages that refer to it: manage.py cdn publish",
    deploy=True,
)
BUILD_DAMAGED = Rule(
    id="E009",
    what="the build's index is damaged, or is the index of another build",
    cure="publish again under a new build version; never rename or edit a build",
    deploy=True,
)
PRIVATE_IN_PUBLIC = Rule(
    id="E010",
    what="private files are inside `MEDIA_ROOT`, where anybody may read them",
    cure="give private files a folder of their own, as /var/mysite/private",
)
FILES_BEHIND = Rule(
    id="E011",
    what="what serves files comes after `CdnTreeMiddleware`, so every asset is a 404",
    cure="put it before CdnTreeMiddleware, or take it out where a web server has the files",
)
NO_SIGNING_KEY = Rule(
    id="E012",
    what="private files cannot be signed: there is no key, or it cannot be read",
    cure="name the private key of MediaKeyPairId in the option key of PrivateMediaStorage",
    deploy=True,
)

OTHER_STATIC_URL = Rule(
    id="W001",
    what="`STATIC_URL` has the build, but another host than the CDN's",
    cure=_ALL_THREE,
)
OTHER_MEDIA_URL = Rule(
    id="W002",
    what="`MEDIA_URL` is not that of the CDN",
    cure=_ALL_THREE,
)
DEBUG_WITH_CDN = Rule(
    id="W003",
    what="`DEBUG` with the CDN's URLs: `runserver` serves neither static files nor media",
    cure="pass local=DEBUG to dj_cloudfront.config()",
)
LOCAL_WITHOUT_DEBUG = Rule(
    id="W004",
    what="local URLs without `DEBUG`: no build in them, and no CDN",
    cure="pass local=DEBUG to dj_cloudfront.config()",
    deploy=True,
)
PLAIN_HTTP = Rule(
    id="W005",
    what="the CDN's URLs are plain HTTP, as for an edge on this machine",
    cure="leave DJ_CLOUDFRONT_URL_FORMAT unset on a server",
    deploy=True,
)
NAME_COMES_AGAIN = Rule(
    id="W006",
    what="the build version is a name that comes again, such as `latest`",
    cure="use a name that no release had, such as a commit or a date with a number",
)
OTHER_STATIC_ROOT = Rule(
    id="W007",
    what="`STATIC_ROOT` is not the folder of the build that `STATIC_URL` names",
    cure=_ALL_THREE,
)
BUILD_AS_PREFIX = Rule(
    id="W008",
    what="a prefix in `STATICFILES_DIRS` is the build version, which URLs then have twice",
    cure="leave the prefix out: CDN.static_url and CDN.static_root have the build",
)
NO_BUILDS_HERE = Rule(
    id="W009",
    what="this machine has no folder of builds",
    cure="check on the server that has the files, or silence this where others serve them",
    deploy=True,
)
NO_INDEX = Rule(
    id="W010",
    what="the build has no index, so nothing tells whether it is complete",
    cure="publish with manage.py cdn publish, or collect with a storage of dj_cloudfront",
    deploy=True,
)
NO_MEDIA_ROOT = Rule(
    id="W011",
    what="`MEDIA_ROOT` is empty, so uploads go to the working directory",
    cure="set it to the folder that the web server shows as /media/",
    deploy=True,
)
NO_STATICFILES = Rule(
    id="W012",
    what="`django.contrib.staticfiles` is not installed, so there is no `collectstatic`",
    cure="add django.contrib.staticfiles to INSTALLED_APPS",
)
STATIC_STORAGE = Rule(
    id="W013",
    what="`STORAGES` has a staticfiles storage that publishes no builds: `collectstatic` works, "
    "file by file in a folder that shows, and `cdn publish` refuses",
    cure="use dj_cloudfront.storage.BuildStorage, or ManifestBuildStorage for hashed names",
)
REMOTE_STORAGE = Rule(
    id="W014",
    what="`STORAGES` keeps uploads elsewhere than the media distribution reads them",
    cure="use MediaStorage without location and base_url, or give the bucket's storage "
    "the media host as its custom_domain",
)
OVERWRITING_STORAGE = Rule(
    id="W015",
    what="`STORAGES` lets an upload replace another one, whose copy stays at the edges",
    cure="leave names unique: no allow_overwrite, and file_overwrite=False for S3",
)
UNREADABLE = Rule(
    id="W016",
    what="`FILE_UPLOAD_PERMISSIONS` or those of folders keep the web server out",
    cure="leave both at their defaults, 0o644 and None",
)
NO_MIDDLEWARE = Rule(
    id="W017",
    what="`CdnTreeMiddleware` is missing, the last line against reading the site itself",
    cure="put dj_cloudfront.middleware.CdnTreeMiddleware first in MIDDLEWARE",
)
MIDDLEWARE_ORDER = Rule(
    id="W018",
    what="something other than files is answered before `CdnTreeMiddleware`",
    cure="put it first in MIDDLEWARE, right behind WhiteNoise where that serves the files",
)
WHITENOISE_PREFIX = Rule(
    id="W019",
    what="WhiteNoise does not answer under `/static/`, where the distribution asks",
    cure="use the middleware that manage.py cdn conf whitenoise prints, or take it out",
)
WHITENOISE_AGE = Rule(
    id="W020",
    what="WhiteNoise lets caches keep a build for less than a day, by default for a minute",
    cure="use the middleware that manage.py cdn conf whitenoise prints, or set "
    "WHITENOISE_MAX_AGE = 31536000",
)
REDIRECTED_FILES = Rule(
    id="W021",
    what="`SECURE_SSL_REDIRECT` sends the distribution away from the files of WhiteNoise",
    cure="put it before SecurityMiddleware, or set SECURE_PROXY_SSL_HEADER",
    deploy=True,
)
ROUTES = Rule(
    id="W022",
    what="`ROOT_URLCONF` has routes below `/static/` or `/media/`, which never get a request",
    cure="move the routes: the web server answers for both folders",
)
COOKIE_DOMAIN = Rule(
    id="W023",
    what="a cookie's domain covers a host of the CDN, so every file is asked for with it",
    cure="leave the domain at None, or name the CDN's hosts outside of it",
    deploy=True,
)
TRUSTED_UPLOADS = Rule(
    id="W024",
    what="`CSRF_TRUSTED_ORIGINS` covers the host of uploads",
    cure="name the trusted origins one by one",
    deploy=True,
)
CDN_AS_SITE = Rule(
    id="W025",
    what="`ALLOWED_HOSTS` has a host of the CDN, where the site should not be",
    cure="take it out: a distribution asks by the server's own name",
    deploy=True,
)
POLICY = Rule(
    id="W026",
    what="the Content Security Policy keeps out scripts, stylesheets or images of the CDN",
    cure=_WRAP,
)
POLICY_OF_KINDS = Rule(
    id="W027",
    what="the Content Security Policy keeps out fonts, sound, video or manifests of the build",
    cure=_WRAP,
    deploy=True,
)
SPRITE = Rule(
    id="W028",
    what="a template has `<use href>` of a static file, which browsers refuse across hosts",
    cure="inline the sprite, or use <img src='sprite.svg#name'> with <view> elements",
    deploy=True,
)
WORKER = Rule(
    id="W029",
    what="a page starts a `Worker` of a static file, which browsers refuse across hosts",
    cure="serve the worker's script from the site itself",
    deploy=True,
)
SERVICE_WORKER = Rule(
    id="W030",
    what="a page registers a service worker of a static file, which browsers refuse",
    cure="serve its script from the site itself, at the root of what it controls",
    deploy=True,
)

NAME_GIVEN_AGAIN = Rule(
    id="W031",
    what="a storage of uploads can give a name again, of which edges still have the old file",
    cure="use dj_cloudfront.storage.MediaStorage, for STORAGES['default'] and for fields",
)
DELETES_PENDING = Rule(
    id="W032",
    what="deletes are recorded, but have not been sent to CloudFront for an hour",
    cure="run manage.py cdn invalidate --pending, as a service with --watch 30",
    deploy=True,
)
COOKIES_STAY_AWAY = Rule(
    id="W033",
    what="no cookie of the site reaches the distribution of private files",
    cure="give that distribution a name beside the site's, as private.example.com, or use "
    "signed URLs",
    deploy=True,
)
DELETED_STAYS = Rule(
    id="I001",
    what="deletes are not recorded: a deleted upload can be seen for as long as its `max-age`",
    cure="set the option invalidate of MediaStorage, and run cdn invalidate --pending",
    deploy=True,
)

RULES: tuple[Rule, ...] = tuple(
    value for value in globals().values() if isinstance(value, Rule)
)
"""In the order of the ids."""
