"""Errors of AWS and botocore, each as one sentence.

No sentence holds an ARN, an account id, a key or what a credential program has printed.
Without Django: ``cdn_review`` uses it too.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
_REFUSALS = {
    (
        "the AWS credentials must still be valid, but have expired: sign in again, such as "
        "with 'aws sso login'"
    ): ("ExpiredToken", "ExpiredTokenException"),
    (
        "the AWS credentials must be those of a user or role that exists, but AWS does not "
        "know them: look at --profile, AWS_PROFILE and AWS_ACCESS_KEY_ID"
    ): ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"),
    (
        "the AWS credentials must be whole, but AWS refuses the signature: look at the secret "
        "key, the session token and this machine's clock"
    ): (
        "IncompleteSignature",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
    ),
}
_DENIED = re.compile(r"AccessDenied|Unauthorized|NotAuthorized|Forbidden|^403$")
_PRIVATE = re.compile(r"arn:\S+|\d{12}|\bA[A-Z]{3}[A-Z0-9]{12,}\b")


def open_session(profile: str | None = None) -> Any:
    """A boto3 session with credentials, which are read, fetched or asked for.

    Profiles are read, roles assumed, programs run and sign-ins looked up here, before any
    other work is done.

    :param profile: Of the AWS configuration. Default: boto3's own search.
    :raises ValueError: with one sentence, for whatever is wrong with boto3, the profile or
        the source of the credentials.
    """
    try:
        import boto3
    except ImportError:
        raise ValueError(
            "boto3 must be installed to ask AWS: 'pip install boto3', or the extra [aws]"
        ) from None
    import getpass
    import warnings

    from botocore.exceptions import NoCredentialsError

    try:
        session = boto3.Session(profile_name=profile)
        with warnings.catch_warnings():
            # Without a terminal, getpass warns and reads the MFA code from standard input.
            warnings.simplefilter("error", getpass.GetPassWarning)
            credentials = session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            credentials.get_frozen_credentials()
    except Exception as error:  # A source of credentials can raise anything.
        raise ValueError(_source_message(error)) from None
    return session


def error_message(
    error: Exception, *, service: str = "AWS", region: str = "", action: str = ""
) -> str:
    """What a call or its credentials failed with.

    :param error: Raised by a client of boto3.
    :param service: What was asked, such as ``CloudFormation``.
    :param region: Where it was asked.
    :param action: What the credentials have to allow, such as
        ``cloudformation:DescribeStacks on 'mysite-cdn-prod'``. Default: the call's name.
    """
    from botocore import exceptions

    where = f"{service} in {region}" if region else service
    match error:
        case exceptions.ClientError():
            return _refusal(error, where, action)
        case exceptions.NoCredentialsError():
            return (
                "AWS credentials must be given, such as by --profile, AWS_ACCESS_KEY_ID or "
                "the machine's role, got none"
            )
        case exceptions.PartialCredentialsError():
            return (
                "AWS credentials must be complete, such as AWS_ACCESS_KEY_ID with "
                f"AWS_SECRET_ACCESS_KEY, but lack {error.kwargs['cred_var']}"
            )
        case exceptions.ProfileNotFound():
            return (
                "--profile or AWS_PROFILE must be one of those in the AWS configuration, such "
                f"as 'default': {without_identifiers(error)}"
            )
        case exceptions.InvalidRegionError():
            return f"the region must be a name such as 'us-east-1', got {region!r}"
        case exceptions.ConnectionError() | exceptions.HTTPClientError():
            return (
                f"{where} must be within reach, but gives no answer "
                f"({type(error).__name__}): look at the region, the network and "
                "AWS_ENDPOINT_URL"
            )
    # LoginError: since botocore 1.41.
    login = getattr(exceptions, "LoginError", exceptions.SSOError)
    sign_in = (exceptions.TokenRetrievalError, exceptions.CredentialRetrievalError)
    if isinstance(error, (exceptions.SSOError, login, *sign_in)):
        return (
            "AWS credentials must be given, but their source gives none "
            f"({type(error).__name__}): sign in again, such as with 'aws sso login'"
        )
    return (
        f"AWS must be asked, but cannot be ({type(error).__name__}): "
        f"{without_identifiers(error)}"
    )


@contextlib.contextmanager
def as_value_error(service: str, action: str) -> Iterator[None]:
    """Explain what a call to AWS fails with.

    :raises ValueError: with the sentence of ``error_message()``, if the call fails.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        message = error_message(error, service=service, action=action)
        raise ValueError(message) from None


def error_code(error: Exception) -> str:
    """The code of an answer such as ``AccessDenied``; empty if AWS gave no answer."""
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def is_denied(error: Exception) -> bool:
    """Whether the credentials may not make the call."""
    return bool(_DENIED.search(error_code(error)))


def without_identifiers(text: object, *, longest: int = 200) -> str:
    """Foreign text on one short line, without ARNs, account ids and keys."""
    return _PRIVATE.sub("…", " ".join(str(text).split()))[:longest]


def _refusal(error: Any, where: str, action: str) -> str:
    code = error_code(error)
    for message, codes in _REFUSALS.items():
        if code in codes:
            return message
    if is_denied(error):
        return (
            f"the AWS credentials must allow {action or error.operation_name}, but AWS "
            "denies it: look at the account and at the policies"
        )
    message = error.response["Error"].get("Message", "")
    return f"{where} must answer, but says {code}: {without_identifiers(message)}"


def _source_message(error: Exception) -> str:
    """What went wrong before there were credentials."""
    import getpass

    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, BotoCoreError | ClientError):
        return error_message(error)
    if isinstance(error, EOFError | getpass.GetPassWarning):
        return (
            "AWS credentials must be given without an MFA code when there is no terminal to "
            "type it in, but the profile names an mfa_serial: sign in first, and name a "
            "profile that needs no code"
        )
    # Not what a program has printed, which may be a key.
    file = getattr(error, "filename", None)
    what = type(error).__name__ + (f": {without_identifiers(file)}" if file else "")
    return (
        f"AWS credentials must be given, but their source fails ({what}): correct "
        "credential_process, web_identity_token_file and the other settings of the profile"
    )
