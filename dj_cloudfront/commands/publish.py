"""Publish the static files as a build, which appears whole and never changes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from dj_cloudfront.build_version import check_build_version
from dj_cloudfront.cdn_setting import cdn
from dj_cloudfront.commands._options import as_command_error
from dj_cloudfront.commands.console import Console

if TYPE_CHECKING:
    from dj_cloudfront.builds.publication import Published
    from dj_cloudfront.staticfiles.publish import FoundSources
    from dj_cloudfront.staticfiles.storage_base import PublishingStorage


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--build-version",
        metavar="VERSION",
        help="the build's name (default: that of settings.CDN)",
    )
    companions = parser.add_mutually_exclusive_group()
    companions.add_argument(
        "--precompress",
        nargs="+",
        choices=("gz", "br"),
        help="write compressed companions beside the files (default: as the storage's OPTIONS)",
    )
    companions.add_argument(
        "--no-precompress",
        action="store_const",
        const=(),
        dest="precompress",
        help="write none",
    )
    parser.add_argument(
        "--rewrite-references",
        action="store_true",
        help="make root-absolute references in stylesheets relative",
    )
    parser.add_argument(
        "-i",
        "--ignore",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files and folders that match; may be given several times",
    )
    parser.add_argument(
        "-n",
        "--dry-run",
        action="store_true",
        help="write nothing, and say what would be",
    )
    parser.add_argument("--json", action="store_true", help="the result for a script")
    parser.add_argument(
        "-v",
        "--verbosity",
        type=int,
        choices=(0, 1, 2, 3),
        default=argparse.SUPPRESS,
        help="2 names each file that another one of the same name hides",
    )


def run(
    console: Console,
    *,
    build_version: str | None,
    precompress: list[str] | None,
    rewrite_references: bool,
    ignore: list[str],
    dry_run: bool,
    verbosity: int = 1,
    **options: Any,
) -> None:
    from dj_cloudfront.checks.folders import hidden_from_servers
    from dj_cloudfront.staticfiles.publish import find_sources, publish
    from dj_cloudfront.staticfiles.storage_base import third_party_override

    with as_command_error("publishing", cdn().builds_root):
        storage = _storage(build_version, precompress, rewrite_references)
        found = find_sources(ignore)
        published = publish(
            storage, found.sources, progress=console.progress, dry_run=dry_run
        )
    if verbosity >= 1:
        _write_hidden(console, found, verbosity)
        _write_summary(console, published, dry_run)
    kind = third_party_override(type(storage), "post_process")
    if dry_run and kind is not None:
        console.warn(
            "not counted, because a dry run does not make it: what "
            f"{kind.__name__}.post_process() of STORAGES['staticfiles'] makes"
        )
    if not dry_run and (hidden := hidden_from_servers(published.path)):
        console.warn(
            f"the web server cannot read the build, got {hidden}: let it in, such as with "
            f"chmod a+X {published.path.parent} and chmod -R a+rX {published.path}, and "
            "publish under umask 022"
        )
    for reference in storage.stray_references(published):
        console.warn(reference.complaint)
    data = asdict(published)
    data |= {
        "path": str(published.path),
        "references": [asdict(one) for one in storage.references_in(published)],
        "rewritten": storage.publishing.rewrite_references,
        "left_out": [source.where for source in found.hidden],
        "dry_run": dry_run,
    }
    console.write_json(data)


def _storage(
    version: str | None, precompress: Sequence[str] | None, rewrite: bool
) -> PublishingStorage:
    from dj_cloudfront.staticfiles.publish import configured_storage

    settings = cdn()
    if settings.is_local:
        raise CommandError(
            "CDN must have the URLs of the CDN, got local=True: publish with the settings of "
            "the server, such as with DEBUG=False"
        )
    if version is not None:
        check_build_version(version, "--build-version")
    storage = configured_storage(settings, version)
    options = storage.publishing
    storage.publishing = replace(
        options,
        precompress=options.precompress if precompress is None else precompress,
        rewrite_references=rewrite or options.rewrite_references,
    )
    return storage


def _write_hidden(console: Console, found: FoundSources, verbosity: int) -> None:
    if verbosity >= 2:
        for source in found.hidden:
            console.write(
                f"another file is published as {source.name}, because a finder finds it first; "
                f"left out: {source.where}"
            )
    elif found.hidden:
        console.write(
            f"left out as another file of their name is found first: {len(found.hidden)} "
            "(-v 2 names them)"
        )


def _write_summary(console: Console, published: Published, dry_run: bool) -> None:
    if published.already_there:
        console.write(
            f"{published.path} is published already, with the same {published.files} files"
        )
        return
    console.write(
        f"{'would publish' if dry_run else 'published'} {published.path}: "
        f"{published.files} files, {published.linked} linked, {published.copied} written "
        f"({filesizeformat(published.bytes_written)}), in {published.seconds:.1f} s"
    )
    if count := len(published.hashed_folders):
        many = f"{count} folders have a URL of their own"
        said = many if count > 1 else "1 folder has a URL of its own"
        share = 100 * (published.reused_url_bytes or 0) // max(1, published.bytes)
        console.write(
            f"{said}; {share} % of the bytes keep the URL of the build before"
        )
    for complaint in published.folder_complaints:
        console.write(complaint)
