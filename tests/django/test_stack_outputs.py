"""``pull`` against the local AWS, which checks signatures and policies here.

What it cannot be brought to comes from an endpoint with one answer: a session that has expired,
a stack that is still in work, throttling, an answer that is none.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.core.management.color import no_style
from docs_support import ROOT
from pull_support import OUTPUTS, Aws, error, stack_in

from dj_cloudfront.__main__ import main
from dj_cloudfront.commands import pull as subcommand
from dj_cloudfront.commands.console import Console
from dj_cloudfront.stack_outputs import pull
from local import processes

DOCUMENTED = (ROOT / "docs" / "settings.md").read_text("utf-8")
FOREIGN = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/queue"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with Aws(tmp_path_factory.mktemp("aws")) as running:
        running.create("mysite-cdn-prod")
        running.create("mysite-cdn-staging", {"StaticDomainName": "d2.cloudfront.net"})
        running.create("mysite-cdn-tokyo", region="ap-northeast-1")
        running.create("queue", FOREIGN)
        yield running


@pytest.fixture(autouse=True)
def variables(aws, monkeypatch):
    """This process reaches the local AWS, as its owner, or nothing."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        if name.startswith("AWS_") or name == "NO_PROXY":
            monkeypatch.setenv(name, value)


@pytest.fixture
def output(tmp_path):
    return tmp_path / "cdn-outputs.json"


@pytest.fixture
def free_port():
    return processes.free_port(None, what="the port")


@pytest.fixture
def use(monkeypatch):
    """Set variables for AWS, or take them away."""

    def with_these(variables):
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return with_these


def sentence(output, **options):
    """What a pull fails with: one line that names no account and no key."""
    before = output.read_bytes() if output.exists() else None
    with pytest.raises(ValueError) as raised:
        pull(output, **{"stack": "mysite-cdn-prod", **options})
    text = str(raised.value)
    assert "\n" not in text
    assert not re.search(r"\d{12}|arn:|AKIA", text)
    assert (output.read_bytes() if output.exists() else None) == before
    files = [path for path in output.parent.iterdir() if path.is_file()]
    assert [path for path in files if path != output] == []
    return text


# -- what is pulled


def test_the_outputs_of_the_stack_are_written(output):
    pulled = pull(output, stack="mysite-cdn-prod")
    assert json.loads(output.read_text()) == {"mysite-cdn-prod": OUTPUTS}
    assert pulled.is_written
    assert pulled.message == (
        "wrote MediaDomainName, StaticDistributionId, StaticDomainName of mysite-cdn-prod "
        f"to {output}"
    )


def test_a_second_pull_touches_nothing(output):
    pull(output, stack="mysite-cdn-prod")
    before = output.stat()
    pulled = pull(output, stack="mysite-cdn-prod")
    after = output.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not pulled.is_written
    assert pulled.message.endswith("is what mysite-cdn-prod deployed; nothing to write")


def test_the_same_values_in_another_form_are_no_difference(output):
    text = json.dumps({"mysite-cdn-prod": dict(reversed(OUTPUTS.items()))})
    output.write_text(text)
    assert not pull(output, stack="mysite-cdn-prod").is_written
    assert output.read_text() == text


def test_other_stacks_in_the_file_stay(output):
    other = {"a-cdn-dev": {"StaticDomainName": "d9.cloudfront.net"}}
    output.write_text(json.dumps(other))
    pull(output, stack="mysite-cdn-prod")
    pull(output, stack="mysite-cdn-staging")
    written = json.loads(output.read_text())
    assert list(written) == ["a-cdn-dev", "mysite-cdn-prod", "mysite-cdn-staging"]
    assert written["a-cdn-dev"] == other["a-cdn-dev"]


def test_what_the_stack_no_longer_puts_out_goes(output):
    gone = {**OUTPUTS, "MediaDnsTarget": "d2.cloudfront.net", "MediaDomainName": "old"}
    output.write_text(json.dumps({"mysite-cdn-prod": gone}))
    pulled = pull(output, stack="mysite-cdn-prod")
    assert list(pulled.differences) == ["MediaDnsTarget", "MediaDomainName"]
    assert json.loads(output.read_text()) == {"mysite-cdn-prod": OUTPUTS}


def test_the_only_stack_of_the_file_needs_no_name(output):
    output.write_text('{"mysite-cdn-staging": {}}')
    assert pull(output).stack == "mysite-cdn-staging"


@pytest.mark.parametrize(
    ("text", "held"), [("{}", "none"), ('{"b": {}, "a": {}}', "a, b"), (None, "none")]
)
def test_fails_when_no_stack_is_named_and_not_one_in_the_file(text, held, output):
    if text is not None:
        output.write_text(text)
    assert sentence(output, stack=None) == (
        f"--stack must be given, such as 'mysite-cdn-prod', because {output} holds {held}"
    )


@pytest.mark.parametrize("held", [None, {}, {"MediaDomainName": "old"}])
def test_a_check_writes_nothing_and_names_what_differs(held, output):
    if held is not None:
        output.write_text(json.dumps({"mysite-cdn-staging": held}))
    before = output.read_bytes() if output.exists() else None
    pulled = pull(output, stack="mysite-cdn-staging", check=True)
    named = (
        ["StaticDomainName"] if not held else ["MediaDomainName", "StaticDomainName"]
    )
    assert pulled.error == (
        f"{output} must hold what mysite-cdn-staging deployed, but differs in "
        f"{', '.join(named)}: pull without --check"
    )
    assert (output.read_bytes() if output.exists() else None) == before


def plain_command(output, *options):
    return main(
        ["pull", "--stack", "mysite-cdn-prod", "--output", str(output), *options]
    )


def django_command(output, *options):
    streams = {"stdout": OutputWrapper(sys.stdout), "stderr": OutputWrapper(sys.stderr)}
    console = Console(**streams, style=no_style(), as_json="--json" in options)
    parser = CommandParser()
    subcommand.add_arguments(parser)
    given = vars(parser.parse_args(["--stack", "mysite-cdn-prod", *options]))
    try:
        subcommand.run(console, **{**given, "output": str(output)})
    except CommandError as error:
        streams["stderr"].write(f"error: {error}")
        return 1
    return 0


@pytest.mark.parametrize("command", [plain_command, django_command])
def test_a_command_says_what_happened(command, output, capsys):
    assert command(output, "--check") == 1
    assert capsys.readouterr().err.startswith(f"error: {output} must hold what")
    assert command(output) == 0
    assert capsys.readouterr().out.startswith("wrote MediaDomainName, ")
    assert command(output, "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] is False
    assert command(output, "--check") == 0
    assert command(output, "--region", "x y") == 1
    assert capsys.readouterr().err.startswith("error: the region must be a name")


@pytest.mark.parametrize("command", [plain_command, django_command])
def test_a_command_warns_of_an_update_that_was_rolled_back(
    command, output, use, capsys
):
    with stack_in("UPDATE_ROLLBACK_COMPLETE") as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert command(output) == 0
    said = capsys.readouterr()
    assert said.err.startswith("the last update of mysite-cdn-prod failed and was")
    assert said.out.startswith("wrote ")


# -- where it is


def test_the_region_of_the_machine_is_not_that_of_the_stack(output, use):
    use({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"})
    assert pull(output, stack="mysite-cdn-prod").region == "us-east-1"


def test_another_region_is_asked_when_it_is_named(output):
    assert pull(output, stack="mysite-cdn-tokyo", region="ap-northeast-1").is_written


def test_fails_when_the_stack_is_in_another_region(output):
    assert sentence(output, stack="mysite-cdn-tokyo") == (
        "--stack must be one that is deployed in us-east-1, such as 'mysite-cdn-prod', "
        "'mysite-cdn-staging', got 'mysite-cdn-tokyo': deploy it, or name its region with "
        "--region"
    )
    assert sentence(output, region="eu-west-3") == (
        "--stack must be one that is deployed in eu-west-3, got 'mysite-cdn-prod': deploy it, "
        "or name its region with --region"
    )


def test_a_stack_that_is_not_there_takes_no_file_away(output):
    output.write_text('{"mysite-cdn-gone": {"StaticDomainName": "d1.cloudfront.net"}}')
    assert "deployed in us-east-1" in sentence(output, stack=None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("1st", "'1st'"),
        ("mysite_cdn", "'mysite_cdn'"),
        ("prod\n", "'prod'"),
        ("arn:aws:cloudformation:us-east-1:111122223333:stack/mysite/1", "'…'"),
    ],
)
def test_fails_when_the_name_is_none_of_a_stack(name, shown, output):
    assert sentence(output, stack=name) == (
        f"--stack must be the name of a stack, such as 'mysite-cdn-prod', got {shown}"
    )


def test_fails_when_the_stack_is_somebody_elses(output):
    assert sentence(output, stack="queue") == (
        "--stack must be a stack with the output StaticDomainName or MediaDomainName, such as "
        "'mysite-cdn-prod', but 'queue' has QueueUrl: name a stack of dj-cloudfront"
    )


# -- in which state it is


def test_a_stack_that_failed_from_the_first_has_nothing_to_pull(aws, output):
    assert aws.create("failed-cdn-prod", broken=True) == "ROLLBACK_COMPLETE"
    assert sentence(output, stack="failed-cdn-prod") == (
        "the stack 'failed-cdn-prod' must be complete, such as UPDATE_COMPLETE, got "
        "ROLLBACK_COMPLETE: deploy it again first"
    )


def test_after_a_failed_update_the_one_before_it_counts(aws, output):
    # Where no other test lists the stacks.
    there = {"region": "eu-north-1"}
    before = {"StaticDomainName": "before.cloudfront.net"}
    aws.create("updated-cdn-prod", before, **there)
    after = {"StaticDomainName": "after.cloudfront.net"}
    status = aws.update("updated-cdn-prod", after, broken=True, **there)
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    pulled = pull(output, stack="updated-cdn-prod", **there)
    assert json.loads(output.read_text()) == {"updated-cdn-prod": before}
    assert pulled.warning == (
        "the last update of updated-cdn-prod failed and was rolled back: these are the "
        "outputs from before it"
    )
    assert pull(output, stack="mysite-cdn-prod").warning is None


_WAIT, _DEPLOY = "wait for its end and pull again", "deploy it again first"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("CREATE_IN_PROGRESS", _WAIT),
        ("UPDATE_ROLLBACK_IN_PROGRESS", _WAIT),
        ("REVIEW_IN_PROGRESS", _WAIT),
        ("UPDATE_FAILED", _DEPLOY),
        ("UPDATE_ROLLBACK_FAILED", _DEPLOY),
    ],
)
def test_fails_when_the_stack_is_not_complete(status, hint, output, use):
    with stack_in(status) as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert sentence(output).endswith(f"got {status}: {hint}")


def test_a_stack_that_only_cleans_up_is_complete(output, use):
    with stack_in("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert pull(output, stack="mysite-cdn-prod").is_written


# -- who asks


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
            "AWS credentials must be given, such as by --profile, AWS_ACCESS_KEY_ID or the "
            "machine's role, got none",
        ),
        (
            {"AWS_SECRET_ACCESS_KEY": None},
            "must be complete, such as AWS_ACCESS_KEY_ID with",
        ),
        (
            {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE123456789", "AWS_SECRET_ACCESS_KEY": "x"},
            "but AWS does not know them: look at --profile",
        ),
        ({"AWS_PROFILE": "prod"}, "--profile or AWS_PROFILE must be one of those"),
        ({"AWS_DEFAULT_PROFILE": "p"}, "--profile or AWS_PROFILE must be one of those"),
        (
            {"AWS_ENDPOINT_URL": "localhost"},
            "AWS must be asked, but cannot be (ValueError): Invalid",
        ),
    ],
)
def test_fails_when_a_variable_is_missing_or_wrong(given, said, output, use):
    use(given)
    assert said in sentence(output)


def test_fails_when_the_secret_key_is_another_ones(aws, output, use):
    use({**aws.key("mistyped"), "AWS_SECRET_ACCESS_KEY": "x"})
    found = sentence(output)
    assert "AWS refuses the signature: look at the secret key" in found


def test_fails_when_the_session_has_expired(output, use):
    said = "The security token included in the request is expired"
    with error("ExpiredToken", said, 403) as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert sentence(output) == (
            "the AWS credentials must still be valid, but have expired: sign in again, such "
            "as with 'aws sso login'"
        )


def test_fails_when_the_credentials_may_not_read_the_stack(aws, output, use):
    use(aws.key("nobody"))
    assert sentence(output) == (
        "the AWS credentials must allow cloudformation:DescribeStacks on 'mysite-cdn-prod' in "
        "us-east-1, but AWS denies it: look at the account and at the policies"
    )


def documented_policy():
    (text,) = re.findall(r'^```json\n(\{\s+"Version".*?)^```', DOCUMENTED, re.M | re.S)
    return text


def test_the_documented_policy_allows_a_pull_and_no_other(aws, output, use):
    policy = json.loads(documented_policy().replace("111122223333", "000000000000"))
    use(aws.key("release", policy))
    assert pull(output, stack="mysite-cdn-prod").is_written
    assert "AWS denies it" in sentence(output, stack="mysite-cdn-staging")
    assert "AWS denies it" in sentence(output, stack="queue")


def test_what_may_not_be_listed_is_not_proposed(aws, output, use):
    anything = "arn:aws:cloudformation:us-east-1:000000000000:stack/*"
    allow = {"Effect": "Allow", "Action": "cloudformation:DescribeStacks"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": anything}]}
    use(aws.key("reader", policy))
    assert sentence(output, stack="mysite-cdn-qa") == (
        "--stack must be one that is deployed in us-east-1, got 'mysite-cdn-qa': deploy it, "
        "or name its region with --region"
    )


def test_a_profile_is_taken_from_the_configuration(tmp_path, output, use):
    configuration = tmp_path / "aws" / "credentials"
    configuration.parent.mkdir()
    configuration.write_text(
        "[site]\naws_access_key_id = 000000000000\naws_secret_access_key = local\n"
    )
    use(
        {
            "AWS_SHARED_CREDENTIALS_FILE": str(configuration),
            "AWS_ACCESS_KEY_ID": None,
            "AWS_SECRET_ACCESS_KEY": None,
        }
    )
    assert pull(output, stack="mysite-cdn-prod", profile="site").is_written


SSO = """\
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = release
"""
PROCESS = "credential_process = sh -c 'echo AKIAEXAMPLE123456789 >&2; exit 1'"


@pytest.mark.parametrize("source", [SSO, PROCESS], ids=["nobody signed in", "fails"])
def test_fails_when_the_source_of_the_credentials_gives_none(
    source, tmp_path, output, use
):
    path = tmp_path / "aws" / "config"
    path.parent.mkdir()
    path.write_text(f"[profile site]\n{source}")
    use(
        {
            "AWS_CONFIG_FILE": str(path),
            "AWS_ACCESS_KEY_ID": None,
            "AWS_SECRET_ACCESS_KEY": None,
            "HOME": str(tmp_path),
        }
    )
    assert re.fullmatch(
        r"AWS credentials must be given, but their source gives none \(\w+Error\): sign in "
        "again, such as with 'aws sso login'",
        sentence(output, profile="site"),
    )


ROLE = "role_arn = arn:aws:iam::111122223333:role/release"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            f"{ROLE}\nweb_identity_token_file = /nonexistent/token",
            "their source cannot be opened (/nonexistent/token: no such file or directory)",
        ),
        (
            "credential_process = /nonexistent/program --secret hunter2",
            "their source cannot be opened (/nonexistent/program: no such file or directory)",
        ),
        (
            "credential_process = echo hunter2",
            "their source answers in another form (JSONDecodeError)",
        ),
        (
            f"{ROLE}\nsource_profile = keys\nmfa_serial = arn:aws:iam::111122223333:mfa/me",
            "without an MFA code when there is no terminal to type it in",
        ),
        (ROLE, "but lack source_profile or credential_source"),
    ],
    ids=["no token", "no program", "no JSON", "MFA", "no source"],
)
def test_fails_when_the_source_of_the_credentials_is_broken(source, said, tmp_path):
    path = tmp_path / "config"
    path.write_text(
        f"[profile site]\n{source}\n"
        "[profile keys]\naws_access_key_id = x\naws_secret_access_key = y\n"
    )
    kept = {name: os.environ[name] for name in ("PATH", "AWS_ENDPOINT_URL")}
    command = ("pull", "--stack", "mysite-cdn-prod", "--profile", "site")
    endless, writer = os.pipe()
    try:
        # A session of its own has no terminal.
        done = subprocess.run(
            [sys.executable, "-m", "dj_cloudfront", *command],
            cwd=tmp_path,
            env={**kept, "AWS_CONFIG_FILE": str(path), "PYTHONPATH": str(ROOT)},
            stdin=endless,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=60,
        )
    finally:
        os.close(endless)
        os.close(writer)
    assert done.returncode == 1
    assert done.stderr.startswith("error: AWS credentials must be")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not re.search(r"hunter2|arn:|\d{12}", done.stderr)


def test_fails_when_the_configuration_is_damaged(tmp_path, output, use):
    path = tmp_path / "aws" / "config"
    path.parent.mkdir()
    path.write_text("[default\n")
    use({"AWS_CONFIG_FILE": str(path)})
    found = sentence(output)
    assert found.startswith("AWS must be asked, but cannot be (ConfigParseError): ")


def test_fails_when_there_is_no_such_profile(output):
    found = sentence(output, profile="prod")
    assert found.startswith("--profile or AWS_PROFILE must be one of those in the AWS")
    assert "(prod)" in found


# -- what is in between


def test_fails_when_nobody_listens(output, use, free_port):
    use({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port}"})
    assert sentence(output) == (
        "CloudFormation in us-east-1 must be within reach, but gives no answer "
        "(EndpointConnectionError): look at the region, the network and AWS_ENDPOINT_URL"
    )


@pytest.mark.parametrize("region", ["us east", "us-east-1.example.com/"])
def test_fails_when_the_region_is_none(region, output):
    assert sentence(output, region=region) == (
        f"the region must be a name such as 'us-east-1', got {region!r}"
    )


@pytest.mark.slow
def test_waits_while_it_is_throttled_and_then_says_so(output, use):
    with error("Throttling", "Rate exceeded for 111122223333") as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert sentence(output) == (
            "CloudFormation in us-east-1 must answer, but says Throttling: Rate exceeded for …"
        )
        assert endpoint.requests == 3


def test_an_error_of_many_lines_becomes_one(output, use):
    message = "first\n  second " + "x" * 500
    with error("InternalFailure", message) as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        found = sentence(output)
    assert "says InternalFailure: first second xxx" in found
    assert len(found) < 300
