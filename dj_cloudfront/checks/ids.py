"""Every mistake that the checks know. The ids are a public interface: none is used twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.core.checks import CheckMessage, Error, Info, Warning


@dataclass(frozen=True, kw_only=True)
class SystemCheck:
    """A mistake that settings can show.

    :param id: Stable. It begins with the level: ``E`` for an error, ``W`` for a warning,
        ``I`` for an information.
    :param what: The mistake, for the table in ``docs/checks.md``.
    :param hint: What to do, for that table and for Django's hint.
    :param deploy: Whether only ``manage.py check --deploy`` looks for it.
    """

    id: str
    what: str
    hint: str
    deploy: bool = False

    def found(self, message: str, hint: str = "") -> CheckMessage:
        """The mistake, as it was found: a sentence that begins with the setting's name.

        :param hint: Where that of the table does not fit.
        """
        kind = {"E": Error, "W": Warning, "I": Info}[self.id[0]]
        return kind(message, hint=hint or self.hint, id=f"dj_cloudfront.{self.id}")


SYSTEM_CHECKS: list[SystemCheck] = []
"""In the order of the ids."""


def _always(id: str, what: str, hint: str, *, deploy: bool = False) -> SystemCheck:
    check = SystemCheck(id=id, what=what, hint=hint, deploy=deploy)
    SYSTEM_CHECKS.append(check)
    return check


_on_deploy = partial(_always, deploy=True)


_ALL_THREE = (
    "set STATIC_URL, STATIC_ROOT, MEDIA_URL = "
    "CDN.static_url, CDN.static_root, CDN.media_url"
)
_APART = "keep both beside each other, as /var/mysite/static and /var/mysite/media"
_WRAP = "wrap the directives: dj_cloudfront.csp.with_cdn({'default-src': …}, CDN)"

NO_CDN = _always(
    "E001",
    "`CDN` is missing, or is no value of `config()`",
    "keep the value of dj_cloudfront.config() as CDN in the settings",
)
NO_BUILD_IN_URL = _always(
    "E002", "`STATIC_URL` has no build version in its path, or another one", _ALL_THREE
)
QUERY_IN_URL = _always(
    "E003",
    "`STATIC_URL` has a query string, which caches ignore or fill with old files",
    _ALL_THREE,
)
ALL_BUILDS = _always(
    "E004",
    "`STATIC_ROOT` is the folder of all builds, which `collectstatic --clear` empties",
    _ALL_THREE,
)
STATIC_IN_MEDIA = _always(
    "E005",
    "the builds are inside `MEDIA_ROOT`, so an upload can replace a script",
    _APART,
)
MEDIA_IN_STATIC = _always(
    "E006",
    "`MEDIA_ROOT` is inside the builds' folder: uploads live for a year, without sandbox",
    _APART,
)
BUILDS_AMONG_SOURCES = _always(
    "E007",
    "`STATICFILES_DIRS` overlaps the builds' folder, so each build holds all older ones",
    "keep what collectstatic reads and what it writes in folders apart",
)
BUILD_MISSING = _on_deploy(
    "E008",
    "the build is not on this server, so its pages have no assets",
    "publish it before the pages that refer to it: manage.py cdn publish",
)
BUILD_DAMAGED = _on_deploy(
    "E009",
    "the build's index is damaged, or is the index of another build",
    "publish again under a new build version; never rename or edit a build",
)
PRIVATE_IN_PUBLIC = _always(
    "E010",
    "private files are inside `MEDIA_ROOT` or the builds, where anybody may read them, or "
    "around them",
    "give private files a folder of their own, as /var/mysite/private",
)
FILES_BEHIND = _always(
    "E011",
    "what serves files comes after `CdnTreeMiddleware`, so every asset is a 404",
    "put it before CdnTreeMiddleware, or take it out where a web server has the files",
)
OTHER_COLLECTSTATIC = _always(
    "E012",
    "`collectstatic` is the command of another app, which cannot publish builds",
    "put dj_cloudfront before django.contrib.staticfiles, and before what brings another "
    "collectstatic, in INSTALLED_APPS",
)
NO_SIGNING_KEY = _on_deploy(
    "E013",
    "private files cannot be signed: there is no key, or it cannot be read",
    "name the private key of MediaKeyPairId in the option key of PrivateMediaStorage",
)
NO_COOKIE_STORAGE = _always(
    "E014",
    "`media_cookies_middleware` finds no `PrivateMediaStorage` under the alias `private`, so "
    "every page is a 500",
    "name the storage private in STORAGES, or decorate views with with_media_cookies(using=…)",
)
OTHER_STATIC_URL = _always(
    "W001", "`STATIC_URL` has the build, but another host than the CDN's", _ALL_THREE
)
OTHER_MEDIA_URL = _always("W002", "`MEDIA_URL` is not that of the CDN", _ALL_THREE)
DEBUG_WITH_CDN = _always(
    "W003",
    "`DEBUG` with the CDN's URLs: `runserver` serves neither static files nor media",
    "pass local=DEBUG to dj_cloudfront.config()",
)
LOCAL_WITHOUT_DEBUG = _on_deploy(
    "W004",
    "local URLs without `DEBUG`: no build in them, and no CDN",
    "pass local=DEBUG to dj_cloudfront.config()",
)
PLAIN_HTTP = _on_deploy(
    "W005",
    "the CDN's URLs are plain HTTP, as for an edge on this machine",
    "leave DJ_CLOUDFRONT_URL_FORMAT unset on a server",
)
NAME_COMES_AGAIN = _always(
    "W006",
    "the build version is a name that comes again, such as `latest`",
    "use a name that no release had, such as a commit or a date with a number",
)
OTHER_STATIC_ROOT = _always(
    "W007",
    "`STATIC_ROOT` is not the folder of the build that `STATIC_URL` names",
    _ALL_THREE,
)
BUILD_AS_PREFIX = _always(
    "W008",
    "a prefix in `STATICFILES_DIRS` is the build version, which URLs then have twice",
    "leave the prefix out: CDN.static_url and CDN.static_root have the build",
)
NO_BUILDS_HERE = _on_deploy(
    "W009",
    "this machine has no folder of builds",
    "check on the server that has the files, or silence this where others serve them",
)
NO_INDEX = _on_deploy(
    "W010",
    "the build has no index, so nothing tells whether it is complete",
    "publish with manage.py cdn publish, or collect with a storage of dj_cloudfront",
)
NO_MEDIA_ROOT = _on_deploy(
    "W011",
    "`MEDIA_ROOT` is empty, so uploads go to the working directory",
    "set it to the folder that the web server shows as /media/",
)
NO_STATICFILES = _always(
    "W012",
    "`django.contrib.staticfiles` is not installed, so there is no `collectstatic`",
    "add django.contrib.staticfiles to INSTALLED_APPS",
)
STATIC_STORAGE = _always(
    "W013",
    "`STORAGES` has a staticfiles storage that publishes no builds: `collectstatic` works, "
    "file by file in a folder that shows, and `cdn publish` refuses",
    "use dj_cloudfront.storage.BuildStorage, or ManifestBuildStorage for hashed names",
)
REMOTE_STORAGE = _always(
    "W014",
    "`STORAGES` keeps uploads elsewhere than the media distribution reads them",
    "use MediaStorage without location and base_url, or give the bucket's storage "
    "the media host as its custom_domain",
)
OVERWRITING_STORAGE = _always(
    "W015",
    "`STORAGES` lets an upload replace another one, whose copy stays at the edges",
    "leave names unique: no allow_overwrite, and file_overwrite=False for S3",
)
UNREADABLE = _always(
    "W016",
    "`FILE_UPLOAD_PERMISSIONS` or those of folders keep the web server out",
    "leave both at their defaults, 0o644 and None",
)
NO_MIDDLEWARE = _always(
    "W017",
    "`CdnTreeMiddleware` is missing, the last line against reading the site itself",
    "put dj_cloudfront.middleware.CdnTreeMiddleware first in MIDDLEWARE",
)
MIDDLEWARE_ORDER = _always(
    "W018",
    "something other than files is answered before `CdnTreeMiddleware`",
    "put it first in MIDDLEWARE, right behind WhiteNoise where that serves the files",
)
WHITENOISE_PREFIX = _always(
    "W019",
    "WhiteNoise does not answer under `/static/`, where the distribution asks",
    "use the middleware that manage.py cdn conf whitenoise prints, or take it out",
)
WHITENOISE_AGE = _always(
    "W020",
    "WhiteNoise lets caches keep a build for less than a day, by default for a minute",
    "use the middleware that manage.py cdn conf whitenoise prints, or set "
    "WHITENOISE_MAX_AGE = 31536000",
)
REDIRECTED_FILES = _on_deploy(
    "W021",
    "`SECURE_SSL_REDIRECT` sends the distribution away from the files of WhiteNoise",
    "put it before SecurityMiddleware, or set SECURE_PROXY_SSL_HEADER",
)
ROUTES = _always(
    "W022",
    "`ROOT_URLCONF` has routes below `/static/` or `/media/`, which never get a request",
    "move the routes: the web server answers for both folders",
)
COOKIE_DOMAIN = _on_deploy(
    "W023",
    "a cookie's domain covers a host of the CDN, so every file is asked for with it",
    "leave the domain at None, or name the CDN's hosts outside of it",
)
TRUSTED_UPLOADS = _on_deploy(
    "W024",
    "`CSRF_TRUSTED_ORIGINS` covers the host of uploads",
    "name the trusted origins one by one",
)
CDN_AS_SITE = _on_deploy(
    "W025",
    "`ALLOWED_HOSTS` has a host of the CDN, where the site should not be",
    "take it out: a distribution asks by the server's own name",
)
POLICY = _always(
    "W026",
    "the Content Security Policy keeps out scripts, stylesheets or images of the CDN",
    _WRAP,
)
POLICY_OF_KINDS = _on_deploy(
    "W027",
    "the Content Security Policy keeps out fonts, sound, video or manifests of the build",
    _WRAP,
)
SPRITE = _on_deploy(
    "W028",
    "a template has `<use href>` of a static file, which browsers refuse across hosts",
    "inline the sprite, or use <img src='sprite.svg#name'> with <view> elements",
)
WORKER = _on_deploy(
    "W029",
    "a page starts a `Worker` of a static file, which browsers refuse across hosts",
    "serve the worker's script from the site itself",
)
SERVICE_WORKER = _on_deploy(
    "W030",
    "a page registers a service worker of a static file, which browsers refuse",
    "serve its script from the site itself, at the root of what it controls",
)
NAME_GIVEN_AGAIN = _always(
    "W031",
    "a storage of uploads can give a name again, of which edges still have the old file",
    "use dj_cloudfront.storage.MediaStorage, for STORAGES['default'] and for fields",
)
DELETES_PENDING = _on_deploy(
    "W032",
    "deletes are recorded, but have not been sent to CloudFront for an hour, or cannot be: "
    "their storage has no alias in `STORAGES`",
    "run manage.py cdn invalidate --pending, as a service with --watch 30, for each alias "
    "with --using; give a field storages['<alias>'] by a function",
)
COOKIES_STAY_AWAY = _on_deploy(
    "W033",
    "no cookie of the site reaches the distribution of private files",
    "give that distribution a name beside the site's, as private.example.com, or use signed "
    "URLs",
)
OLD_STORAGE_SETTING = _always(
    "W034",
    "`STATICFILES_STORAGE` or `DEFAULT_FILE_STORAGE` is set, which Django ignores since 5.1",
    "name the storages in STORAGES, and take the old setting out",
)
COMPRESS_ROOT = _always(
    "W035",
    "`COMPRESS_ROOT` is a build, or no source of static files: compressed files are lost",
    "set COMPRESS_ROOT to a folder of STATICFILES_DIRS, and run compress before cdn publish",
)
VITE_MANIFEST = _on_deploy(
    "W036",
    "`DJANGO_VITE` reads Vite's manifest from the build, which leaves out the folder `.vite`",
    "set build.manifest to 'manifest.json' in vite.config.js, or manifest_path to the source",
)
HOST_IN_FRONT = _on_deploy(
    "W037",
    "a template puts a host before `{% static %}`, whose URLs have one already",
    "write {% static %} alone, or request.build_absolute_uri(static(…)) in a view",
)
STATIC_IN_MAIL = _on_deploy(
    "W038",
    "a template of mails has `{% static %}`: mails are read when their build is pruned",
    "attach pictures of mails, or keep them among the uploads, whose URLs stay",
)
CACHED_TOO_LONG = _on_deploy(
    "W039",
    "pages or fragments are cached for longer than `cdn prune` keeps their build",
    "cache them for less than 30 days, or keep builds longer with cdn prune --superseded",
)
BUILD_UNREADABLE = _on_deploy(
    "W040",
    "the build, or a folder above it, keeps the web server or this process out",
    "publish under umask 022, and let the server's user into each folder above the build",
)
NOT_JUDGED = _always(
    "W041",
    "a setting is of a wrong type, or names a folder that is closed to this process, so a "
    "check could not be made",
    "give the setting a value of its documented type, and run the check as the site's user",
)
NO_ROOM_FOR_NAMES = _always(
    "W042",
    "the `max_length` of a field has no room for the folder of an upload and a short name, so "
    "uploads are a 400",
    "raise max_length, as to Django's 100, and migrate; or shorten upload_to",
)
KEY_FOR_ALL = _on_deploy(
    "W043",
    "every user of the server can read or write the private key that signs",
    "let Django's user alone read it: chmod 600",
)
HASHED_FOLDERS_COMPRESSED = _always(
    "W044",
    "`hashed_folders` is on with django-compressor, which takes only URLs below `STATIC_URL`, "
    "so its pages fail",
    "take hashed_folders out of the OPTIONS of STORAGES['staticfiles']",
)
DELETED_STAYS = _on_deploy(
    "I001",
    "deletes are not recorded: a deleted upload can be seen for as long as its `max-age`",
    "set the option invalidate of MediaStorage, and run cdn invalidate --pending",
)
