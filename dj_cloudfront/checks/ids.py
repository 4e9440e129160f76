"""Every mistake that the checks know, as docs/checks.md describes them.

The ids are a public interface: none is used twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.core.checks import CheckMessage, Error, Info, Warning


@dataclass(frozen=True, kw_only=True)
class SystemCheck:
    """A mistake that settings can show.

    :param id: Stable. It begins with the level: ``E`` for an error, ``W`` for a warning,
        ``I`` for an information.
    :param hint: What to do.
    :param deploy: Whether only ``manage.py check --deploy`` looks for it.
    """

    id: str
    hint: str
    deploy: bool = False

    def found(self, message: str, hint: str = "") -> CheckMessage:
        """The mistake, as it was found: a sentence that begins with the setting's name.

        :param hint: Where the usual one does not fit.
        """
        kind = {"E": Error, "W": Warning, "I": Info}[self.id[0]]
        return kind(message, hint=hint or self.hint, id=f"dj_cloudfront.{self.id}")


SYSTEM_CHECKS: list[SystemCheck] = []
"""In the order of the ids."""


def _register(id: str, hint: str, *, deploy: bool = False) -> SystemCheck:
    check = SystemCheck(id=id, hint=hint, deploy=deploy)
    SYSTEM_CHECKS.append(check)
    return check


_on_deploy = partial(_register, deploy=True)


_ALL_THREE = (
    "set STATIC_URL, STATIC_ROOT, MEDIA_URL = "
    "CDN.static_url, CDN.static_root, CDN.media_url"
)
_APART = "keep both beside each other, as /var/mysite/static and /var/mysite/media"
_WRAP = "wrap the directives: dj_cloudfront.csp.with_cdn({'default-src': …}, CDN)"

NO_CDN = _register(
    "E001", "keep the value of dj_cloudfront.config() as CDN in the settings"
)
NO_BUILD_IN_URL = _register("E002", _ALL_THREE)
QUERY_IN_URL = _register("E003", _ALL_THREE)
ALL_BUILDS = _register("E004", _ALL_THREE)
STATIC_IN_MEDIA = _register("E005", _APART)
MEDIA_IN_STATIC = _register("E006", _APART)
BUILDS_AMONG_SOURCES = _register(
    "E007", "keep what collectstatic reads and what it writes in folders apart"
)
BUILD_MISSING = _on_deploy(
    "E008", "publish it before the pages that refer to it: manage.py cdn publish"
)
BUILD_DAMAGED = _on_deploy(
    "E009", "publish again under a new build version; never rename or edit a build"
)
PRIVATE_IN_PUBLIC = _register(
    "E010", "give private files a folder of their own, as /var/mysite/private"
)
FILES_AFTER_TREE_MIDDLEWARE = _register(
    "E011",
    "put it before CdnTreeMiddleware, or take it out where a web server has the files",
)
OTHER_COLLECTSTATIC = _register(
    "E012",
    "put dj_cloudfront before django.contrib.staticfiles, and before what brings another "
    "collectstatic, in INSTALLED_APPS",
)
NO_SIGNING_KEY = _on_deploy(
    "E013",
    "name the private key of MediaKeyPairId in the option key of PrivateMediaStorage",
)
NO_COOKIE_STORAGE = _register(
    "E014",
    "name the storage private in STORAGES, or decorate views with with_media_cookies(using=…)",
)
OTHER_STATIC_URL = _register("W001", _ALL_THREE)
OTHER_MEDIA_URL = _register("W002", _ALL_THREE)
DEBUG_WITH_CDN = _register("W003", "pass local=DEBUG to dj_cloudfront.config()")
LOCAL_WITHOUT_DEBUG = _on_deploy("W004", "pass local=DEBUG to dj_cloudfront.config()")
PLAIN_HTTP = _on_deploy("W005", "leave DJ_CLOUDFRONT_URL_FORMAT unset on a server")
NAME_COMES_AGAIN = _register(
    "W006", "use a name that no release had, such as a commit or a date with a number"
)
OTHER_STATIC_ROOT = _register("W007", _ALL_THREE)
BUILD_AS_PREFIX = _register(
    "W008", "leave the prefix out: CDN.static_url and CDN.static_root have the build"
)
NO_BUILDS_HERE = _on_deploy(
    "W009",
    "check on the server that has the files, or silence this where others serve them",
)
NO_INDEX = _on_deploy(
    "W010",
    "publish with manage.py cdn publish, or collect with a storage of dj_cloudfront",
)
NO_MEDIA_ROOT = _on_deploy(
    "W011", "set it to the folder that the web server shows as /media/"
)
NO_STATICFILES = _register("W012", "add django.contrib.staticfiles to INSTALLED_APPS")
STATIC_STORAGE = _register(
    "W013",
    "use dj_cloudfront.storage.BuildStorage, or ManifestBuildStorage for hashed names",
)
REMOTE_STORAGE = _register(
    "W014",
    "use MediaStorage without location and base_url, or give the bucket's storage "
    "the media host as its custom_domain",
)
OVERWRITING_STORAGE = _register(
    "W015", "leave names unique: no allow_overwrite, and file_overwrite=False for S3"
)
UNREADABLE = _register("W016", "leave both at their defaults, 0o644 and None")
NO_MIDDLEWARE = _register(
    "W017", "put dj_cloudfront.middleware.CdnTreeMiddleware first in MIDDLEWARE"
)
MIDDLEWARE_ORDER = _register(
    "W018",
    "put it first in MIDDLEWARE, right behind WhiteNoise where that serves the files",
)
WHITENOISE_PREFIX = _register(
    "W019",
    "use the middleware that manage.py cdn conf whitenoise prints, or take it out",
)
WHITENOISE_AGE = _register(
    "W020",
    "use the middleware that manage.py cdn conf whitenoise prints, or set "
    "WHITENOISE_MAX_AGE = 31536000",
)
REDIRECTED_FILES = _on_deploy(
    "W021", "put it before SecurityMiddleware, or set SECURE_PROXY_SSL_HEADER"
)
ROUTES = _register("W022", "move the routes: the web server answers for both folders")
COOKIE_DOMAIN = _on_deploy(
    "W023", "leave the domain at None, or name the CDN's hosts outside of it"
)
TRUSTED_UPLOADS = _on_deploy("W024", "name the trusted origins one by one")
CDN_HOST_ALLOWED = _on_deploy(
    "W025", "take it out: a distribution asks by the server's own name"
)
POLICY = _register("W026", _WRAP)
POLICY_OF_KINDS = _on_deploy("W027", _WRAP)
SPRITE = _on_deploy(
    "W028", "inline the sprite, or use <img src='sprite.svg#name'> with <view> elements"
)
WORKER = _on_deploy("W029", "serve the worker's script from the site itself")
SERVICE_WORKER = _on_deploy(
    "W030", "serve its script from the site itself, at the root of what it controls"
)
NAME_GIVEN_AGAIN = _register(
    "W031",
    "use dj_cloudfront.storage.MediaStorage, for STORAGES['default'] and for fields",
)
DELETES_PENDING = _on_deploy(
    "W032",
    "run manage.py cdn invalidate --pending, as a service with --watch 30, for each alias "
    "with --using; give a field storages['<alias>'] by a function",
)
COOKIES_NOT_SENT = _on_deploy(
    "W033",
    "give that distribution a name beside the site's, as private.example.com, or use signed "
    "URLs",
)
OLD_STORAGE_SETTING = _register(
    "W034", "name the storages in STORAGES, and take the old setting out"
)
COMPRESS_ROOT = _register(
    "W035",
    "set COMPRESS_ROOT to a folder of STATICFILES_DIRS, and run compress before cdn publish",
)
VITE_MANIFEST = _on_deploy(
    "W036",
    "set build.manifest to 'manifest.json' in vite.config.js, or manifest_path to the source",
)
HOST_BEFORE_STATIC_TAG = _on_deploy(
    "W037",
    "write {% static %} alone, or request.build_absolute_uri(static(…)) in a view",
)
STATIC_IN_MAIL = _on_deploy(
    "W038", "attach pictures of mails, or keep them among the uploads, whose URLs stay"
)
CACHED_TOO_LONG = _on_deploy(
    "W039",
    "cache them for less than 30 days, or keep builds longer with cdn prune --superseded",
)
BUILD_UNREADABLE = _on_deploy(
    "W040",
    "publish under umask 022, and let the server's user into each folder above the build",
)
NOT_JUDGED = _register(
    "W041",
    "give the setting a value of its documented type, and run the check as the site's user",
)
NO_ROOM_FOR_NAMES = _register(
    "W042", "raise max_length, as to Django's 100, and migrate; or shorten upload_to"
)
KEY_WORLD_READABLE = _on_deploy("W043", "let Django's user alone read it: chmod 600")
HASHED_FOLDERS_COMPRESSED = _register(
    "W044", "take hashed_folders out of the OPTIONS of STORAGES['staticfiles']"
)
DELETES_NOT_INVALIDATED = _on_deploy(
    "I001",
    "set the option invalidate of MediaStorage, and run cdn invalidate --pending",
)
