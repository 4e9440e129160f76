"""Whom DNS asks for a hosted zone: a DNS server on this machine is asked, byte for byte."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager

import pytest
from preflight_support import Recorded, asked, stands, target_of

from cdn_review.preflight.domains import nameservers as module
from cdn_review.preflight.domains.nameservers import nameservers, own_resolvers

SERVERS = ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")
COMPRESSED = b"\xc0\x0c"
NOTHING = b""


def name(text):
    return b"".join(bytes([len(one)]) + one.encode() for one in text.split(".")) + b"\0"


def message(question, *servers, code=0, owner=COMPRESSED):
    """An answer to a question as RFC 1035 has it."""
    number = question[:2]
    head = number + struct.pack("!5H", 0x8180 | code, 1, len(servers), 0, 0)
    records = [
        owner + struct.pack("!2HIH", 2, 1, 60, len(name(one))) + name(one)
        for one in servers
    ]
    return head + question[12:] + b"".join(records)


@contextmanager
def dns(answer):
    """A DNS server whose answer to a question is ``answer(question)``, once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)

        def serve():
            question, peer = server.recvfrom(512)
            server.sendto(answer(question), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()
        thread.join(5)


def asks(answer, domain="example.com"):
    with dns(answer) as resolver:
        return nameservers(domain, [resolver])


def test_the_servers_of_a_domain_are_told():
    assert asks(lambda question: message(question, *SERVERS)) == {*SERVERS}


def test_a_domain_that_does_not_exist_has_none():
    assert asks(lambda question: message(question, code=3)) == set()


@pytest.mark.parametrize(
    "answer",
    [
        lambda question: message(question, *SERVERS, code=2),
        lambda question: (
            b"\0\0" + message(question, *SERVERS)[2:]
            if question[:2] != b"\0\0"
            else NOTHING
        ),
        lambda question: message(question, *SERVERS)[:40],
        lambda question: message(question, *SERVERS, owner=b"\xc0\x1d"),
        lambda question: NOTHING,
    ],
    ids=[
        "refused",
        "another question's",
        "cut",
        "names that lead to themselves",
        "none",
    ],
)
def test_an_answer_that_is_none_says_nothing(answer):
    assert asks(answer) is None


def test_without_a_resolver_nothing_is_known(tmp_path):
    assert nameservers("example.com", []) is None
    assert own_resolvers(tmp_path / "none") == []


def test_the_resolvers_are_those_of_this_machine(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# ours\nsearch example.com\nnameserver 192.0.2.1\nnameserver ::1\n"
    )
    assert own_resolvers(path) == [("192.0.2.1", 53), ("::1", 53)]


def checked(monkeypatch, answer):
    record = {"HostedZoneId": "Z1", "Name": "static.example.com", "Type": "A"}
    wanted = target_of({"R": {"Type": "AWS::Route53::RecordSet", "Properties": record}})
    zone = {
        "HostedZone": {"Id": "Z1", "Name": "example.com.", "CallerReference": "1"},
        "DelegationSet": {"NameServers": [f"{one}." for one in SERVERS]},
    }
    free = {"ResourceRecordSets": [], "IsTruncated": False, "MaxItems": "100"}
    aws = Recorded(
        *stands(),
        ("route53", "get_hosted_zone", zone),
        ("route53", "list_resource_record_sets", free),
    )
    with dns(answer) as resolver:
        monkeypatch.setattr(module, "own_resolvers", lambda: [resolver])
        return asked("hosted zone", wanted, aws)


def test_a_zone_that_dns_asks_passes(monkeypatch):
    results = checked(monkeypatch, lambda question: message(question, SERVERS[1]))
    assert [level for level, _ in results] == ["PASS"]


def test_a_zone_that_dns_does_not_ask_is_a_warning(monkeypatch):
    other = "ns.registrar.example"
    results = checked(monkeypatch, lambda question: message(question, other))
    assert [level for level, _ in results] == ["PASS", "WARN"]
    assert f"DNS asks {other} for example.com" in results[1][1]


def test_a_domain_of_nobody_is_a_warning(monkeypatch):
    results = checked(monkeypatch, lambda question: message(question, code=3))
    assert results[1][0] == "WARN"
    assert "DNS asks nobody" in results[1][1]


def test_dns_that_gives_no_answer_is_passed_over(monkeypatch):
    results = checked(monkeypatch, lambda question: message(question, code=5))
    assert [level for level, _ in results] == ["PASS"]
