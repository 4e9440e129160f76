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
from django.core.management import call_command
from django.core.management.base import CommandError
from docs_support import ROOT
from pull_support import OUTPUTS, Aws, error, stack_in
from storage_support import set_up

from dj_cloudfront.__main__ import main
from dj_cloudfront.management.commands.cdn import Command
from dj_cloudfront.stack_outputs import pull
from local import processes

set_up()
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
def use(monkeypatch):
    """Set variables for AWS, or take them away."""

    def with_these(variables):
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return with_these


@pytest.fixture
def configure(use, tmp_path):
    """Write a configuration of AWS, which alone has credentials."""

    def write(text):
        path = tmp_path / "aws" / "config"
        path.parent.mkdir()
        path.write_text(text)
        none = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        use({"AWS_CONFIG_FILE": str(path), "HOME": str(tmp_path), **none})

    return write


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
    assert pulled.written
    assert pulled.message == (
        "wrote MediaDomainName, StaticDistributionId, StaticDomainName of mysite-cdn-prod "
        f"to {output}"
    )


def test_the_same_values_in_another_form_are_no_difference(output):
    text = json.dumps({"mysite-cdn-prod": dict(reversed(OUTPUTS.items()))})
    output.write_text(text)
    pulled = pull(output, stack="mysite-cdn-prod")
    assert not pulled.written
    assert pulled.message.endswith("is what mysite-cdn-prod deployed; nothing to write")
    assert output.read_text() == text


def test_other_stacks_in_the_file_stay_and_outputs_that_are_gone_go(output):
    other = {"a-cdn-dev": {"StaticDomainName": "d9.cloudfront.net"}}
    gone = {**OUTPUTS, "MediaDnsTarget": "d2.cloudfront.net", "MediaDomainName": "old"}
    output.write_text(json.dumps({**other, "mysite-cdn-prod": gone}))
    pulled = pull(output, stack="mysite-cdn-prod")
    assert list(pulled.differences) == ["MediaDnsTarget", "MediaDomainName"]
    pull(output, stack="mysite-cdn-staging")
    written = json.loads(output.read_text())
    assert list(written) == ["a-cdn-dev", "mysite-cdn-prod", "mysite-cdn-staging"]
    assert written["a-cdn-dev"] == other["a-cdn-dev"]
    assert written["mysite-cdn-prod"] == OUTPUTS


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


@pytest.mark.parametrize(
    ("held", "named"),
    [
        ("{}", "StaticDomainName"),
        ('{"mysite-cdn-staging": {}}', "StaticDomainName"),
        (
            '{"mysite-cdn-staging": {"MediaDomainName": "old"}}',
            "MediaDomainName, StaticDomainName",
        ),
    ],
)
def test_a_check_writes_nothing_and_names_what_differs(held, named, output):
    output.write_text(held)
    pulled = pull(output, stack="mysite-cdn-staging", check=True)
    assert pulled.error == (
        f"{output} must hold what mysite-cdn-staging deployed, but differs in {named}: pull "
        "without --check"
    )
    assert output.read_text() == held


def plain_command(*options):
    return main(["pull", *options])


def django_command(*options):
    try:
        call_command(Command(sys.stdout, sys.stderr), "pull", *options)
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


@pytest.mark.parametrize("command", [plain_command, django_command])
def test_a_command_says_what_happened(command, output, use, capsys):
    given = ("--stack", "mysite-cdn-prod", "--output", str(output))
    assert command(*given, "--check") == 1
    assert capsys.readouterr().err.startswith(f"error: {output} must hold what")
    assert command(*given) == 0
    assert capsys.readouterr().out.startswith("wrote MediaDomainName, ")
    assert command(*given, "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] is False
    assert command(*given, "--region", "x y") == 1
    assert capsys.readouterr().err.startswith("error: the region must be a name")
    with stack_in("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS") as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert command(*given, "--check") == 0
    said = capsys.readouterr()
    assert said.err.startswith("the last update of mysite-cdn-prod failed and was")
    assert said.out.endswith("nothing to write\n")


# -- where it is


def test_the_region_of_the_machine_is_not_that_of_the_stack(output, use):
    use({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"})
    assert pull(output, stack="mysite-cdn-prod").region == "us-east-1"


def test_fails_when_the_stack_is_in_another_region(output):
    output.write_text('{"mysite-cdn-tokyo": {"StaticDomainName": "d1.cloudfront.net"}}')
    assert sentence(output, stack=None) == (
        "--stack must be one that is deployed in us-east-1, such as 'mysite-cdn-prod', got "
        "'mysite-cdn-tokyo': deploy it, or name its region with --region"
    )
    assert pull(output, region="ap-northeast-1").written


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


@pytest.mark.parametrize(
    ("statuses", "hint"),
    [
        (
            "CREATE UPDATE_ROLLBACK REVIEW",
            "_IN_PROGRESS: wait for its end and pull again",
        ),
        ("UPDATE UPDATE_ROLLBACK", "_FAILED: deploy it again first"),
        ("ROLLBACK", "_COMPLETE: deploy it again first"),
    ],
)
def test_fails_when_the_stack_is_not_complete(statuses, hint, output, use):
    for status in statuses.split():
        with stack_in(status + hint.partition(":")[0]) as endpoint:
            use({"AWS_ENDPOINT_URL": endpoint.url})
            assert sentence(output).endswith(f"got {status}{hint}")


# -- who asks


NO_KEY = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
UNKNOWN = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE123456789", "AWS_SECRET_ACCESS_KEY": "x"}
NO_PROFILE = "--profile or AWS_PROFILE must be one of those"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (NO_KEY, "credentials must be given, such as by --profile, .*, got none$"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "complete, such as AWS_ACCESS_KEY_ID with"),
        (UNKNOWN, "but AWS does not know them: look at --profile"),
        ({"AWS_PROFILE": "prod"}, rf"^{NO_PROFILE} .* \(prod\)"),
        ({"AWS_DEFAULT_PROFILE": "p"}, rf"^{NO_PROFILE} .* \(p\)"),
        ({"AWS_ENDPOINT_URL": "localhost"}, r"cannot be \(ValueError\): Invalid"),
    ],
)
def test_fails_when_a_variable_is_missing_or_wrong(given, said, output, use):
    use(given)
    assert re.search(said, sentence(output))


def test_fails_when_the_secret_key_is_another_ones(aws, output, use):
    use({**aws.key("mistyped"), "AWS_SECRET_ACCESS_KEY": "x"})
    found = sentence(output)
    assert "AWS refuses the signature: look at the secret key" in found


def test_fails_when_the_session_has_expired(output, use):
    with error("ExpiredToken", "The security token is expired", 403) as endpoint:
        use({"AWS_ENDPOINT_URL": endpoint.url})
        assert "but have expired: sign in again, such as with" in sentence(output)


def test_fails_when_the_credentials_may_not_read_the_stack(aws, output, use):
    use(aws.key("nobody"))
    assert sentence(output) == (
        "the AWS credentials must allow cloudformation:DescribeStacks on 'mysite-cdn-prod' in "
        "us-east-1, but AWS denies it: look at the account and at the policies"
    )


def test_the_documented_policy_allows_a_pull_and_no_other(aws, output, use):
    (text,) = re.findall(r'^```json\n(\{\s+"Version".*?)^```', DOCUMENTED, re.M | re.S)
    use(aws.key("release", json.loads(text.replace("111122223333", "000000000000"))))
    assert pull(output, stack="mysite-cdn-prod").written
    for other in ("mysite-cdn-staging", "queue"):
        assert "AWS denies it" in sentence(output, stack=other)


def test_a_profile_is_taken_from_the_configuration(output, configure):
    keys = "aws_access_key_id = 000000000000\naws_secret_access_key = local\n"
    configure(f"[profile site]\n{keys}")
    assert pull(output, stack="mysite-cdn-prod", profile="site").written


SSO = """
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = release"""
PROCESS = "\ncredential_process ="
ROLE = "\nrole_arn = arn:aws:iam::111122223333:role/release"
TOKEN = f"{ROLE}\nweb_identity_token_file ="


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SSO, "their source gives none (SSOTokenLoadError): sign in again, such as"),
        (f"{PROCESS} sh -c 'echo AKIAEXAMPLE123456789 >&2; exit 1'", "gives none ("),
        (
            f"{TOKEN} /nonexistent/token",
            "their source fails (FileNotFoundError: /nonexistent/token)",
        ),
        (
            f"{PROCESS} /nonexistent/it --secret hunter2",
            "fails (FileNotFoundError: /nonexistent/it)",
        ),
        (f"{PROCESS} echo hunter2", "their source fails (JSONDecodeError)"),
        (ROLE, "but lack source_profile or credential_source"),
    ],
)
def test_fails_when_the_source_of_the_credentials_gives_none(
    source, said, output, configure
):
    configure(f"[profile site]{source}\n")
    found = sentence(output, profile="site")
    assert found.startswith("AWS credentials must be")
    assert said in found
    assert "hunter2" not in found


def test_fails_when_nobody_can_type_an_mfa_code(tmp_path, configure):
    configure(
        f"[profile site]{ROLE}\nsource_profile = keys\n"
        "mfa_serial = arn:aws:iam::111122223333:mfa/me\n"
        "[profile keys]\naws_access_key_id = x\naws_secret_access_key = y\n"
    )
    endless, writer = os.pipe()
    try:
        # A session of its own has no terminal.
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "dj_cloudfront",
                "pull",
                "--stack",
                "mysite-cdn-prod",
            ]
            + ["--profile", "site"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
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
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: AWS credentials must be given without an MFA code")
    assert not re.search(r"arn:|\d{12}", line)


# -- what is in between


def test_fails_when_nobody_listens(output, use):
    port = processes.free_port(None, what="the port")
    use({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
    assert sentence(output) == (
        "CloudFormation in us-east-1 must be within reach, but gives no answer "
        "(EndpointConnectionError): look at the region, the network and AWS_ENDPOINT_URL"
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
