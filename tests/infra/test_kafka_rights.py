"""What the broker lets each do: as topics.yaml says, and nothing else. Seen from outside, as its users see it."""

import json
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    GroupAuthorizationFailedError,
    KafkaError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from tests.builders_kafka import Node

KENT, COUNCIL = "agency.kent", "agency.kent-council"
SUBMISSIONS = "sightline.submissions.kent"
OTHERS = "sightline.submissions.kent-council"


@pytest.fixture(scope="module")
def node(kafka_server: Path) -> Node:
    node = Node(folder=kafka_server)
    applied = node.topics("apply")
    assert applied.returncode == 0, applied.stderr
    return node


@contextmanager
def logged_in(**settings: Any) -> Iterator[Any]:
    """An administrator's client with these settings, whoever that is."""
    client = KafkaAdminClient(**settings, bootstrap_timeout_ms=6000, request_timeout_ms=6000)
    try:
        yield client
    finally:
        client.close()


def test_an_agency_sends_submissions(node: Node) -> None:
    node.send(KENT, SUBMISSIONS)


@pytest.mark.parametrize(
    "topic",
    ["sightline.receipts.kent", "sightline.feed.kent.missing", "sightline.feed.kent.bureau"],
)
def test_an_agency_reads_its_own_answers_in_a_group_of_its_own(node: Node, topic: str) -> None:
    node.send("hub.relay", topic, b"for kent")
    assert b"for kent" in node.read(KENT, topic, group="agency.kent.laptop")


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(SUBMISSIONS, id="what it sent itself"),
        pytest.param(OTHERS, id="what another sent"),
        pytest.param("sightline.receipts.kent-council", id="another's receipts"),
        pytest.param("sightline.feed.kent-council.duty", id="another's feed"),
        pytest.param("sightline.receipts.no-such-agency", id="what is not there"),
    ],
)
def test_an_agency_reads_nothing_else(node: Node, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        node.read(KENT, topic)


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("sightline.receipts.kent", id="its own receipts"),
        pytest.param("sightline.feed.kent.missing", id="its own feed"),
        pytest.param("sightline.feed.kent-council.duty", id="another's feed"),
        pytest.param(OTHERS, id="another's submissions"),
        pytest.param("sightline.submissions.more", id="what is not there"),
        pytest.param("__consumer_offsets", id="the broker's own"),
    ],
)
def test_an_agency_writes_nothing_else(node: Node, topic: str) -> None:
    with pytest.raises(AuthorizationError):
        node.send(KENT, topic)


@pytest.mark.parametrize("group", ["agency.kent-council.laptop", "agency.kent-councillaptop", "hub.record", "mine"])
def test_an_agency_takes_part_in_no_group_but_its_own(node: Node, group: str) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        node.read(KENT, "sightline.receipts.kent", group=group)


def test_an_agency_is_not_told_how_much_another_sent(node: Node) -> None:
    node.send(COUNCIL, OTHERS)
    with node.consumer(KENT) as consumer:
        own, others = (TopicPartition(topic, 0) for topic in (SUBMISSIONS, OTHERS))
        assert consumer.end_offsets([own])[own] >= 0
        # The library asks again and again, and says why only in its log.
        with pytest.raises((TopicAuthorizationFailedError, KafkaTimeoutError)):
            consumer.end_offsets([others], timeout_ms=3000)


def test_an_agency_sees_no_name_of_another(node: Node) -> None:
    with logged_in(**node.access(KENT).settings) as client:
        seen = set(client.list_topics())
        assert seen == {
            SUBMISSIONS,
            "sightline.receipts.kent",
            "sightline.feed.kent.missing",
            "sightline.feed.kent.bureau",
        }
        assert client.list_groups() == [] or all("kent." in str(group) for group in client.list_groups())


def test_an_agency_administers_nothing(node: Node) -> None:
    with logged_in(**node.access(KENT).settings) as client:
        with pytest.raises(AuthorizationError):
            client.create_topics({"sightline.feed.kent.other": {"num_partitions": 1, "replication_factor": 1}})
        with pytest.raises(AuthorizationError):
            client.delete_topics([SUBMISSIONS])
        with pytest.raises(AuthorizationError):
            client.create_partitions({SUBMISSIONS: 60})


def test_the_record_worker_reads_submissions_and_writes_none(node: Node) -> None:
    node.send(COUNCIL, OTHERS)
    node.read("hub.record", OTHERS, group="hub.record")
    for topic in (SUBMISSIONS, "sightline.receipts.kent"):
        # It may write nowhere, so it is not even given a producer's number.
        with pytest.raises(KafkaError, match="AuthorizationFailed"):
            node.send("hub.record", topic)


@pytest.mark.parametrize("topic", [SUBMISSIONS, "sightline.receipts.kent"])
def test_the_relay_writes_answers_and_reads_nothing(node: Node, topic: str) -> None:
    if topic == SUBMISSIONS:
        with pytest.raises(TopicAuthorizationFailedError):
            node.send("hub.relay", topic)
    with pytest.raises(TopicAuthorizationFailedError):
        node.read("hub.relay", topic)


# ------------------------------------------------------------------------------------------------------------- getting in


ATTEMPT = """
import json, logging, sys
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient
logging.basicConfig(level=logging.WARNING)  # On a busy machine the library complains of that as well.
KafkaAdminClient(**({"bootstrap_timeout_ms": 9000} | json.load(sys.stdin))).close()
print("in")
"""
"""Logging in, in a process of its own: where it fails, the library leaves sockets and a thread behind."""


REFUSED = "SaslAuthenticationFailedError|UnsupportedSaslMechanismError|socket disconnected"
"""The broker hangs up soon after its answer, and the library does not always read it first."""


def begin(settings: dict[str, Any]) -> subprocess.Popen[str]:
    """One attempt, running."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    attempt = subprocess.Popen([sys.executable, "-W", "ignore", "-c", ATTEMPT], text=True, **pipes)  # type: ignore[call-overload]  # the pipes are in a dict
    assert attempt.stdin is not None
    attempt.stdin.write(json.dumps(settings))
    attempt.stdin.close()
    attempt.stdin = None
    return attempt


def test_there_is_one_way_in(node: Node, tmp_path: Path) -> None:
    other = tmp_path / "ca.pem"
    other.write_text(ssl.get_server_certificate(("127.0.0.1", int(node.address.partition(":")[2]))))
    kent, admin = node.access(KENT).settings, node.access("admin").settings
    ways = {
        "a wrong password": (kent | {"sasl_plain_password": "hunter-two"}, REFUSED),
        "another agency's password": (kent | {"sasl_plain_password": node.access(COUNCIL).password}, REFUSED),
        "an unknown user": (kent | {"sasl_plain_username": "agency.nobody"}, REFUSED),
        "without TLS": (admin | {"security_protocol": "SASL_PLAINTEXT"}, "KafkaConnectionError"),
        "with nothing": ({"bootstrap_servers": admin["bootstrap_servers"]}, "KafkaConnectionError"),
        "with TLS alone": (admin | {"security_protocol": "SSL"}, "KafkaConnectionError"),
        "with the password in the clear": (admin | {"sasl_mechanism": "PLAIN"}, REFUSED),
        "by a weaker mechanism": (admin | {"sasl_mechanism": "SCRAM-SHA-256"}, REFUSED),
        "believing another authority": (admin | {"ssl_cafile": str(other)}, "CERTIFICATE_VERIFY_FAILED"),
        # However busy the machine is: the others have no more time than they need to be refused.
        "the password": (kent | {"bootstrap_timeout_ms": 60_000}, r"(?m)^in$"),
    }
    # All at once: each that is refused takes as long as the library tries.
    begun = {name: begin(settings) for name, (settings, _) in ways.items()}
    told = {name: attempt.communicate(timeout=90)[0] for name, attempt in begun.items()}
    assert {name for name, text in told.items() if text.endswith("in\n")} == {"the password"}
    for name, (_, why) in ways.items():
        assert re.search(why, told[name]), f"{name}: {told[name][:2000]}"


def test_no_password_shows_when_something_goes_wrong(node: Node, tmp_path: Path) -> None:
    (tmp_path / "admin.password").write_text("hunter-two")
    told = node.topics("wait", "--once", "--secrets", tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("infra/kafka/topics: broker_unavailable")
    assert "hunter-two" not in told.stdout + told.stderr + repr(node.access("admin", password="hunter-two"))


def test_a_broker_that_is_not_there_is_said_to_be_unavailable(node: Node) -> None:
    told = node.topics("plan", "--bootstrap", "127.0.0.1:1", "--timeout-s", "1")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("infra/kafka/topics: broker_unavailable")


def test_the_controller_speaks_to_nobody_without_its_certificate(node: Node) -> None:
    configured = (node.folder / "private" / "server.properties").read_text()
    port = int(configured.partition("controller.quorum.voters=1@127.0.0.1:")[2].partition("\n")[0])
    context = ssl.create_default_context(cafile=str(node.folder / "ca.pem"))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, pytest.raises((OSError, EOFError)):
        refused_by(plain, context)


def refused_by(plain: socket.socket, context: ssl.SSLContext) -> None:
    """Speak without a certificate. With TLS 1.3 the refusal comes after the handshake, or nothing more does."""
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
        secured.sendall(bytes(4))
        if not secured.recv(1):
            raise EOFError


def test_the_port_is_open_on_loopback_alone(node: Node) -> None:
    assert node.address.startswith("127.0.0.1:")
    configured = (node.folder / "private" / "server.properties").read_text()
    assert "://127.0.0.1:" in configured
    assert "://:" not in configured
    assert "0.0.0.0" not in configured
