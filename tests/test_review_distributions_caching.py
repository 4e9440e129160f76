"""What is fetched again, for how long it stays, and what the origin gets to see."""

from __future__ import annotations

from review_distributions_support import policy, template, told

CLOSED = template()
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def key(*names, cookies="none", **policies):
    own = policy(
        "CachePolicy",
        ParametersInCacheKeyAndForwardedToOrigin={
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": list(names)},
            "CookiesConfig": {"CookieBehavior": cookies},
        },
    )
    return template({"CachePolicyId": {"Ref": "P"}, **policies}, P=own)


def test_a_header_in_the_key_starts_the_cache_anew():
    (line,) = told(key("Origin"), key("Origin", "Accept"))
    assert line.startswith("the cache key gains the header 'Accept' (every cached file")
    assert told(key("Origin", "Accept"), key("accept", "ORIGIN")) == []


def test_a_key_of_nearly_everything_stays_cold():
    (line,) = told(key("Origin"), key("Origin", cookies="all"))
    assert line.startswith("the cookies in the cache key are all instead of none (")
    assert line.endswith("stays low if hardly two requests are alike)")


def test_a_header_that_moves_out_of_the_key_still_reaches_the_origin():
    forwarded = {"OriginRequestPolicyId": "59781a5b-3903-41f3-afcb-af62929ccde1"}
    lines = told(key("Origin", "Accept"), key("Accept", **forwarded))
    assert len(lines) == 1 and "loses the header 'Origin'" in lines[0]


def test_what_is_sent_beside_the_key_is_told_with_its_danger():
    lines = told(CLOSED, template({"OriginRequestPolicyId": ALL_VIEWER}))
    danger = "(an answer for one visitor can be cached for others)"
    assert (
        f"the origin is sent all cookies, which the cache key lacks {danger}" in lines
    )
    assert any("distribution's names" in line for line in lines)
    but_host = template(
        {"OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac"}
    )
    assert not any("distribution's names" in line for line in told(CLOSED, but_host))


def test_a_cache_that_is_switched_off_is_one_line():
    off = template({"CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"})
    assert told(key("Origin"), off) == [
        "nothing is cached any more (the origin answers every request)"
    ]
    (line,) = told(off, key("Origin"))
    assert line.startswith("files are cached (365 days at most")


def test_another_unseen_policy_is_said_to_be_one():
    lines = told(CLOSED, template({"CachePolicyId": "theirs"}))
    assert len(lines) == 1 and "'theirs'" in lines[0] and "cannot be seen" in lines[0]


def errors(**seconds):
    codes = [
        {"ErrorCode": int(code[1:]), "ErrorCachingMinTTL": ttl}
        for code, ttl in seconds.items()
    ]
    return template(config={"CustomErrorResponses": codes})


def test_errors_of_the_same_change_share_a_line():
    lines = told(errors(e404=0, e503=5), errors(e404=600, e403=600, e503=5))
    assert [line.split(" at least")[0] for line in lines] == [
        "answers '403' stay 10 minutes",
        "answers '404' stay 10 minutes",
    ]
    assert told(CLOSED, errors(e404=10)) == []
