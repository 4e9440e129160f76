"""``config()``: from the outputs of ``cdk deploy`` to Django's settings."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.contract import Output

DEFAULT_URL_FORMAT = "https://{domain}"

_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)
_HTTP_ON_THIS_MACHINE = re.compile(r"http://([a-z0-9{}-]+\.)*localhost(:\d{1,5})?")
_HTTPS = re.compile(r"https://[a-z0-9.{}-]+(:\d{1,5})?")

_VARIABLES = {
    Output.STATIC_DOMAIN_NAME: "STATIC_DOMAIN_NAME",
    Output.MEDIA_DOMAIN_NAME: "MEDIA_DOMAIN_NAME",
}

DomainNames = Mapping[Output, str]


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
    _bases: DomainNames
    _source: str

    @property
    def static_url(self) -> str:
        """For ``STATIC_URL``. It holds the build version, unless the URLs are local."""
        if self.is_local:
            return "/static/"
        return f"{self._base(Output.STATIC_DOMAIN_NAME)}/{self.build_version}/"

    @property
    def media_url(self) -> str:
        """For ``MEDIA_URL``. Media is not versioned: names are unique instead."""
        if self.is_local:
            return "/media/"
        return f"{self._base(Output.MEDIA_DOMAIN_NAME)}/"

    @property
    def static_origin(self) -> str | None:
        """Scheme and host of ``static_url``. None with local URLs, and without that half."""
        return self._bases.get(Output.STATIC_DOMAIN_NAME)

    @property
    def media_origin(self) -> str | None:
        """Scheme and host of ``media_url``. None with local URLs, and without that half."""
        return self._bases.get(Output.MEDIA_DOMAIN_NAME)

    def _base(self, output: Output) -> str:
        if output not in self._bases:
            raise ValueError(
                f"{output} must be given for this URL, but {self._source} has none: deploy "
                f"that distribution, or set the environment variable {_VARIABLES[output]}"
            )
        return self._bases[output]


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
    ``STATIC_DOMAIN_NAME`` and ``MEDIA_DOMAIN_NAME`` replace the file, for container builds
    and CI; with either set, the file is not opened.

    :param outputs_file: The file that ``cdk deploy --outputs-file`` wrote.
    :param static_root: The folder that holds one folder for each build.
    :param build_version: The deploy's own name, such as ``2026-11-23.1`` or a commit:
        letters, digits, ``.``, ``_`` and ``-``. Required unless ``local``.
    :param stack: The stack to read, such as ``mysite-cdn-prod``. Default: the file's only stack.
    :param local: ``True`` gives ``/static/`` and ``/media/`` and reads nothing, for
        ``runserver``. Nothing else leads to local URLs: a missing or damaged file is an error.
    :raises ValueError: with one sentence that says what is wrong and how to mend it.
    """
    if build_version or not local:
        check_build_version(build_version)
    # Never the folder of all builds: "collectstatic --clear" would empty every one of them.
    root = os.path.join(static_root, build_version or "local")
    if local:
        domains: DomainNames = {}
        source = "local=True"
    else:
        domains, source = _domain_names(Path(outputs_file), stack)
    url_format = _url_format() if domains else DEFAULT_URL_FORMAT
    return Cdn(
        build_version=build_version or None,
        static_root=root,
        _bases={out: _base_url(url_format, name) for out, name in domains.items()},
        builds_root=os.fspath(static_root),
        is_local=local,
        outputs_file=os.fspath(outputs_file),
        stack=stack,
        _source=source,
    )


def _domain_names(path: Path, stack: str | None) -> tuple[DomainNames, str]:
    given = {
        output: os.environ[name]
        for output, name in _VARIABLES.items()
        if os.environ.get(name)
    }
    if given:
        for output, domain in given.items():
            _check_host(f"the environment variable {_VARIABLES[output]}", domain)
        return given, "the environment"
    outputs, name = _stack_outputs(path, stack)
    source = f"{name} in {path}"
    domains = {}
    for output in _VARIABLES:
        if output in outputs:
            _check_host(f"{output} of {source}", outputs[output])
            domains[output] = str(outputs[output])
    if not domains:
        raise ValueError(
            f"{source} must have the output {Output.STATIC_DOMAIN_NAME} or "
            f"{Output.MEDIA_DOMAIN_NAME}, got {sorted(outputs)}: name a stack of dj-cloudfront"
        )
    return domains, source


def _stack_outputs(path: Path, stack: str | None) -> tuple[Mapping[str, object], str]:
    stacks = _read(path, stack)
    names = ", ".join(sorted(stacks))
    if stack is None and len(stacks) != 1:
        raise ValueError(f"stack must be given, because {path} holds several: {names}")
    name = stack if stack is not None else next(iter(stacks))
    if name not in stacks:
        raise ValueError(
            f"stack must be one of those in {path}: {names}, got {name!r}: deploy it, or fetch "
            f"it with {_pull(path, name)}"
        )
    outputs = stacks[name]
    if not isinstance(outputs, dict):
        raise ValueError(_damaged(path, f"{name} is no object"))
    return outputs, name


def _read(path: Path, stack: str | None) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ValueError(
            "outputs_file must be the file written by 'cdk deploy --outputs-file', such as "
            f"'cdn-outputs.json', but {path} does not exist: deploy first, fetch it with "
            f"{_pull(path, stack or 'mysite-cdn-prod')}, set STATIC_DOMAIN_NAME and "
            "MEDIA_DOMAIN_NAME, or pass local=True in development"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(_damaged(path, error)) from None
    try:
        stacks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(_damaged(path, error)) from None
    if not isinstance(stacks, dict) or not stacks:
        raise ValueError(_damaged(path, "it holds no stack"))
    return stacks


def _pull(path: Path, stack: str) -> str:
    return f"'python -m dj_cloudfront pull --stack {stack} --output {path}'"


def _damaged(path: Path, why: object) -> str:
    return (
        f"outputs_file must be the file written by 'cdk deploy --outputs-file', "
        f"but {path} cannot be read ({why}): write it again with cdk deploy"
    )


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


def _base_url(url_format: str, domain: str) -> str:
    return url_format.format(domain=domain, label=domain.split(".", 1)[0])
