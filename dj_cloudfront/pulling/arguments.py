"""What both commands take."""

from __future__ import annotations

from argparse import ArgumentParser

REGION = "us-east-1"
OUTPUTS_FILE = "cdn-outputs.json"


def add_arguments(parser: ArgumentParser, *, stack: str, output: str) -> None:
    """Add the options of ``pull``.

    :param stack: Where the stack's name comes from when it is not given, in words.
    :param output: Where the file's name comes from then.
    """
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help=f"the stack to read, such as mysite-cdn-prod (default: {stack})",
    )
    # Neither AWS_REGION nor a profile's region: those say where the server is.
    parser.add_argument(
        "--region",
        default=REGION,
        metavar="NAME",
        help=f"where the stack is, whatever AWS_REGION says (default: {REGION})",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="of the AWS configuration (default: AWS_PROFILE, or the machine's role)",
    )
    parser.add_argument(
        "--output", metavar="FILE", help=f"the file to write (default: {output})"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail when the file is not what is deployed",
    )
    parser.add_argument(
        "--json", action="store_true", help="say what happened as JSON, for a script"
    )
