"""Private files of the demo: a key pair and an origin secret, both made on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping

from local.aws import emulator
from local.environment import built_environment
from local.origin.builds import manage
from local.record import SITE_HOST
from local.state import CHECKOUT, State, write_atomically

# On this machine it has the same form of URL with and without an alias of the other two.
_DOMAIN_NAME = "private.cloudfront"


def described(state: State, port: int, *, stack: str, origin: str) -> Mapping[str, str]:
    """The stack beside a site's, for ``local.aws.demo_app``. No secret is in it.

    :param port: Where the local AWS is.
    :param origin: The name that distributions ask for.
    """
    arn, version = emulator.put_secret(port, f"{stack}/origin", state.origin_secret())
    return {
        "stack": f"{stack}-private",
        "origin": origin,
        "domain_name": _DOMAIN_NAME,
        # The port may be another one next time, which shall need no deploy.
        "page": f"http://{SITE_HOST}:*",
        "public_key": _public_key(state),
        "secret_arn": arn,
        "secret_version": version,
    }


def _public_key(state: State) -> str:
    """The public half; the pair is made on first use."""
    public = state.signing_key.with_suffix(".pem")
    if not (public.exists() and state.signing_key.exists()):
        environment = {
            **built_environment(state),
            "PYTHONPATH": str(CHECKOUT),
            "EXAMPLE_DATA": str(state.site),
        }
        state.signing_key.unlink(missing_ok=True)
        said = manage(
            state, environment, "cdn", "key", str(state.signing_key), "--json"
        )
        write_atomically(public, json.loads(said)["public_key"])
    return public.read_text("utf-8")
