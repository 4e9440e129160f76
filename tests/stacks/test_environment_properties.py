"""Whatever stands in cdk.json ends in an environment or in one sentence."""

from __future__ import annotations

import copy
import json
import tempfile

import pytest
from environments import BUCKET, MAXIMAL, MINIMAL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from stacks.environment import Environment

# Otherwise it writes what it knows of Unicode into the checkout.
set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
# No folder of examples, no clock, and the same examples for everybody.
FAST = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    # A busy machine is no failure.
    suppress_health_check=[HealthCheck.too_slow],
)
LONGEST_SENTENCE = 1200

ODD_TEXTS = st.sampled_from(
    (
        "",
        " ",
        ".",
        "..",
        "\n",
        "a\nb",
        "www.example.com\n",
        "\0",
        "\ud800",
        "é.example",
        "例え.テスト",
        "\u2028",
        "\u202e",
        "١٢٣",
        "٣.example",
        "*",
        "null",
        "true",
        "0",
        "-1",
        "1e9",
        "{{resolve:ssm:x}}",
        "${AWS::AccountId}",
        "x" * 300,
        "x." * 5000 + "y",
        "a-" * 2000,
        "https://" + "x" * 5000,
        "arn:" + ":" * 3000,
    )
)
TEXTS = st.one_of(ODD_TEXTS, st.text(max_size=20))
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from((80, 443, 65536, 10**9, 10**12, 10**40, -(10**40))),
    st.floats(),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=6,
)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


TROUBLE = {
    "huge number": 10**13,
    "negative number": -1,
    "fraction": 0.5,
    "infinity": float("inf"),
    "flag": True,
    "nothing": None,
    "empty": {},
    "number in an object": {"a": 1},
    "nothing in a list": [None],
    "line break": "a\nb",
    "private key": "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE",
    "huge text": "y" * 100_000,
    "huge list": list(range(50_000)),
    "huge key": {"k" * 90_000: 1},
    "nested": nested(2000),
}


def places(value, path=()):
    """The path of every value in an environment, its keys and indices."""
    yield path
    if isinstance(value, dict):
        inner = value.items()
    else:
        inner = enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def mutate(environment, path, what, value, key=""):
    """Drop or replace the value at a path, or add a key to the object there."""
    mutated = {"": copy.deepcopy(environment)}
    parent, last = mutated, ""
    for step in path:
        parent, last = parent[last], step
    if what == "add" and isinstance(parent[last], dict):
        parent[last][key] = value
    elif what == "drop" and path:
        del parent[last]
    else:
        parent[last] = value
    return mutated[""]


@st.composite
def mutated_environments(draw):
    environment = draw(st.sampled_from((MINIMAL, MAXIMAL, BUCKET)))
    for _ in range(draw(st.integers(1, 3))):
        if not isinstance(environment, dict):
            break
        path = draw(st.sampled_from(tuple(places(environment))))
        what = draw(st.sampled_from(("drop", "add", "replace", "replace")))
        environment = mutate(environment, path, what, draw(VALUES), draw(TEXTS))
    return environment


def check_sentence(context):
    """Read a context: an environment comes back, or a sentence that has a place."""
    try:
        return Environment.all_from_context(context)
    except ValueError as error:
        sentence = str(error)
    assert sentence.startswith(("environments", "site ", "the name of environments"))
    assert sentence.isprintable(), "one line, and nothing that could hide a part of it"
    assert "Traceback" not in sentence
    assert "MHcCAQEE" not in sentence, "a private key must not end up in a log"
    assert len(sentence) <= LONGEST_SENTENCE
    return None


@FAST
@given(VALUES)
def test_any_json_ends_in_a_sentence(value):
    check_sentence({"site": "mysite", "environments": value})


@FAST
@given(st.dictionaries(st.sampled_from(("site", "environments", "sites")), VALUES))
def test_any_context_ends_in_a_sentence(context):
    check_sentence(context)


@FAST
@given(st.dictionaries(TEXTS, st.just(MINIMAL), max_size=3), TEXTS)
def test_any_name_ends_in_a_sentence(environments, site):
    check_sentence({"site": site, "environments": environments})
    check_sentence({"site": "mysite", "environments": environments})


@FAST
@given(mutated_environments())
def test_a_mistake_anywhere_in_an_environment_ends_in_a_sentence(environment):
    check_sentence({"site": "mysite", "environments": {"prod": environment}})


@pytest.mark.parametrize("value", TROUBLE.values(), ids=TROUBLE)
@pytest.mark.parametrize("environment", [MAXIMAL, BUCKET], ids=["maximal", "bucket"])
def test_trouble_anywhere_in_an_environment_ends_in_a_sentence(environment, value):
    for path in places(environment):
        mutated = mutate(environment, path, "replace", value)
        check_sentence({"site": "mysite", "environments": {"prod": mutated}})


@pytest.mark.parametrize("key", ["k" * 90_000, "a\nb", "a.b", "", "\u202e"])
def test_an_odd_key_anywhere_is_shown_safely(key):
    check_sentence({"site": "mysite", "environments": {key: {key: {key: 1}}}})
    for path in places(MAXIMAL):
        mutated = mutate(MAXIMAL, path, "add", 1, key)
        check_sentence({"site": "mysite", "environments": {"prod": mutated}})


@pytest.mark.parametrize("value", [MINIMAL, MAXIMAL, BUCKET])
def test_what_the_mutations_start_from_is_right(value):
    (read,) = check_sentence({"site": "mysite", "environments": {"prod": value}})
    assert read.name == "prod"
    assert json.loads(json.dumps(value)) == value
