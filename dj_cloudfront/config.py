"""``config()``: from the outputs of ``cdk deploy`` to Django's settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.build_version import VARIABLE, check_build_version
from dj_cloudfront.contract import Output
from dj_cloudfront.outputs_file import read

DEFAULT_URL_FORMAT = "https://{domain}"

_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)
_HTTP_ON_THIS_MACHINE = re.compile(r"http://([a-z0-9{}-]+\.)*localhost(:\d{1,5})?")
_HTTPS = re.compile(r"https://[a-z0-9.{}-]+(:\d{1,5})?")

# The environment variable of each has the name of the member.
_DOMAIN_NAMES = (
    Output.STATIC_DOMAIN_NAME,
    Output.MEDIA_DOMAIN_NAME,
    Output.PRIVATE_DOMAIN_NAME,
)
_IDS = (
    Output.MEDIA_DISTRIBUTION_ID,
    Output.PRIVATE_DISTRIBUTION_ID,
    Output.MEDIA_KEY_PAIR_ID,
    Output.MEDIA_KEY_PAIR_IDS,
)

Outputs = Mapping[Output, str]


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """Where static and media files are, in the terms of Django's settings.

    :param build_version: The deploy this process serves, or None for local URLs without one.
    :param static_root: Where ``collectstatic`` writes: a folder of its own for every build.
    :param builds_root: The folder that holds one folder for each build.
    :param is_local: Whether the URLs are ``/static/`` and ``/media/``, without a CDN.
    :param outputs_file: The file that the names come from, or would come from.
    :param stack: The stack that was asked for.
    """

    build_version: str | None
    static_root: str
    builds_root: str
    is_local: bool
    outputs_file: str
    stack: str | None
    _bases: Outputs
    _ids: Outputs
    _source: str

    @property
    def static_url(self) -> str:
        """For ``STATIC_URL``. It holds the build version, unless the URLs are local."""
        base = self._url(Output.STATIC_DOMAIN_NAME, "/static/")
        return base if self.is_local else f"{base}{self.build_version}/"

    @property
    def media_url(self) -> str:
        """For ``MEDIA_URL``. Media is not versioned: names are unique instead."""
        return self._url(Output.MEDIA_DOMAIN_NAME, "/media/")

    @property
    def private_url(self) -> str:
        """Where private files are, for ``PrivateMediaStorage``."""
        return self._url(Output.PRIVATE_DOMAIN_NAME, "/private/")

    @property
    def media_key_pair_id(self) -> str:
        """The id of the public key of the key pair that signs.

        :raises ValueError: if the stack has no signing key.
        """
        return self._given(Output.MEDIA_KEY_PAIR_ID, self._ids)

    @property
    def media_key_name(self) -> str | None:
        """The name that the signing key has in ``cdk.json``. None where no output says it."""
        pairs = self._ids.get(Output.MEDIA_KEY_PAIR_IDS, "").split(",")
        names = {pair.partition("=")[2]: pair.partition("=")[0] for pair in pairs}
        return names.get(self.media_key_pair_id)

    def distribution_id(self, *, private: bool = False) -> str:
        """The id of the media distribution, or that of private files.

        :raises ValueError: if the stack has no such distribution.
        """
        output = (
            Output.PRIVATE_DISTRIBUTION_ID if private else Output.MEDIA_DISTRIBUTION_ID
        )
        return self._given(output, self._ids)

    @property
    def static_origin(self) -> str | None:
        """Scheme and host of ``static_url``. None with local URLs, and without that distribution."""
        return self._bases.get(Output.STATIC_DOMAIN_NAME)

    @property
    def media_origin(self) -> str | None:
        """Scheme and host of ``media_url``. None with local URLs, and without that distribution."""
        return self._bases.get(Output.MEDIA_DOMAIN_NAME)

    @property
    def private_origin(self) -> str | None:
        """Scheme and host of ``private_url``. None with local URLs, and without such a tree."""
        return self._bases.get(Output.PRIVATE_DOMAIN_NAME)

    def _url(self, output: Output, local: str) -> str:
        return local if self.is_local else f"{self._given(output, self._bases)}/"

    def _given(self, output: Output, values: Outputs) -> str:
        if output not in values:
            raise ValueError(
                f"{output} must be given, but {self._source} has none: deploy that "
                f"distribution, or set the environment variable {output.name}"
            )
        return values[output]


def config(
    outputs_file: str | os.PathLike[str] = "cdn-outputs.json",
    *,
    static_root: str | os.PathLike[str],
    build_version: str | None = None,
    stack: str | None = None,
    local: bool = False,
) -> Cdn:
    """Read the outputs of ``cdk deploy --outputs-file`` for ``settings.py``.

    No network call, no import of boto3 or Django. The environment variables
    ``STATIC_DOMAIN_NAME``, ``MEDIA_DOMAIN_NAME`` and ``PRIVATE_DOMAIN_NAME`` replace the
    file, for container builds and CI; with any of them set, the file is not opened. Ids come
    from ``MEDIA_DISTRIBUTION_ID``, ``PRIVATE_DISTRIBUTION_ID``, ``MEDIA_KEY_PAIR_ID`` and
    ``MEDIA_KEY_PAIR_IDS`` first.

    :param outputs_file: The file that ``cdk deploy --outputs-file`` wrote.
    :param static_root: The folder that holds one folder for each build.
    :param build_version: The deploy's own name, such as ``2026-11-23.1`` or a commit:
        letters, digits, ``.``, ``_`` and ``-``. Required unless ``local``.
    :param stack: The stack to read, such as ``mysite-cdn-prod``. Default: the file's only stack.
    :param local: ``True`` gives ``/static/`` and ``/media/`` and reads nothing, for
        ``runserver``. Nothing else leads to local URLs: a missing or damaged file is an error.
    :raises ValueError: with one sentence that says what is wrong and how to mend it.
    """
    if not build_version and not local:
        raise ValueError(
            "build_version must be given, such as '2026-11-23.1', got none: set the "
            f"environment variable {VARIABLE}, or write the name to the file that "
            "build_version(file=…) reads"
        )
    if build_version:
        check_build_version(build_version)
    # Never the folder of all builds: "collectstatic --clear" would empty every one of them.
    root = os.path.join(static_root, build_version or "local")
    outputs: Outputs = {}
    source, url_format = "local=True", DEFAULT_URL_FORMAT
    if not local:
        outputs, source = _outputs(Path(outputs_file), stack)
        url_format = _url_format()
    return Cdn(
        build_version=build_version or None,
        static_root=root,
        _bases={
            output: url_format.format(domain=name, label=name.split(".", 1)[0])
            for output, name in outputs.items()
            if output in _DOMAIN_NAMES
        },
        _ids={output: id for output, id in outputs.items() if output in _IDS},
        builds_root=os.fspath(static_root),
        is_local=local,
        outputs_file=os.fspath(outputs_file),
        stack=stack,
        _source=source,
    )


def _outputs(path: Path, stack: str | None) -> tuple[Outputs, str]:
    known = (*_DOMAIN_NAMES, *_IDS)
    given = {
        output: os.environ[output.name]
        for output in known
        if os.environ.get(output.name)
    }
    if domains := given.keys() & set(_DOMAIN_NAMES):
        for output in domains:
            _check_host(f"the environment variable {output.name}", given[output])
        return given, "the environment"
    name, values = _stack(path, stack)
    source = f"{name} in {path}"
    if not isinstance(values, dict) or not values.keys() & set(_DOMAIN_NAMES):
        got = sorted(values) if isinstance(values, dict) else values
        raise ValueError(
            f"{source} must have the output {Output.STATIC_DOMAIN_NAME} or "
            f"{Output.MEDIA_DOMAIN_NAME}, got {got}: name a stack of dj-cloudfront"
        )
    for output in values.keys() & set(_DOMAIN_NAMES):
        _check_host(f"{output} of {source}", values[output])
    outputs = {output: str(values[output]) for output in known if output in values}
    return {**outputs, **given}, source


def _stack(path: Path, stack: str | None) -> tuple[str, object]:
    """The name and the outputs of the stack in the file."""
    stacks = read(path)
    if not stacks:
        raise ValueError(
            "outputs_file must be the file written by 'cdk deploy --outputs-file', such as "
            f"'cdn-outputs.json', but {path} "
            f"{'holds no stack' if path.exists() else 'does not exist'}: deploy first, fetch it "
            f"with {_pull(path, stack or 'mysite-cdn-prod')}, set STATIC_DOMAIN_NAME and "
            "MEDIA_DOMAIN_NAME, or pass local=True in development"
        )
    names = ", ".join(sorted(stacks))
    if stack is None and len(stacks) != 1:
        raise ValueError(f"stack must be given, because {path} holds several: {names}")
    name = stack if stack is not None else next(iter(stacks))
    if name not in stacks:
        raise ValueError(
            f"stack must be one of those in {path}: {names}, got {name!r}: deploy it, or fetch "
            f"it with {_pull(path, name)}"
        )
    return name, stacks[name]


def _pull(path: Path, stack: str) -> str:
    return f"'python -m dj_cloudfront pull --stack {stack} --output {path}'"


def _check_host(what: str, value: object) -> None:
    if isinstance(value, str) and _HOST.fullmatch(value):
        return
    raise ValueError(
        f"{what} must be a bare host name such as 'd111111abcdef8.cloudfront.net', "
        f"got {value!r}"
    )


def _url_format() -> str:
    value = os.environ.get("DJ_CLOUDFRONT_URL_FORMAT") or DEFAULT_URL_FORMAT
    placeholders = [name for name in ("{domain}", "{label}") if name in value]
    known = value.replace("{domain}", "").replace("{label}", "")
    shape = _HTTPS if value.startswith("https:") else _HTTP_ON_THIS_MACHINE
    if placeholders and shape.fullmatch(value) and not set("{}") & set(known):
        return value
    raise ValueError(
        "the environment variable DJ_CLOUDFRONT_URL_FORMAT must be a scheme and a host with "
        "{domain} or {label}, such as 'https://{domain}' or, with http for *.localhost only, "
        f"'http://{{label}}.cloudfront.localhost:8100', got {value!r}"
    )
