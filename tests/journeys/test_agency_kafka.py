"""A partner over a real broker: sealed submissions and their receipts, its feed over a restart, and no other's topics."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from sightline.adapters.clock import SystemClock
from sightline.agency.check import check_receipts
from sightline.agency.follow import load_cursor
from sightline.agency.keys import save_key
from sightline.entrypoints.desk_folder import DeskFolder
from sightline.formats.feed import FeedEntry
from sightline.formats.jwe import is_sealed
from sightline.formats.receipt import read_receipt
from sightline.formats.topic_names import feed_topic, receipts_topic, submissions_topic
from sightline.kernel.ids import DeskId, agency_of
from tests.builders_agency import a_desk_folder, an_entry, as_told, hash_of, published_keys
from tests.builders_http import served, wait_until
from tests.builders_hub import Town, a_child, a_missing, a_town, feed, missing_now, signs, source_of
from tests.builders_kafka import Node
from tests.journeys.test_agency_cli import Said, sightline

SENDING, FOLLOWING, PROVING = DeskId("solent/sending"), DeskId("solent/following"), DeskId("solent/proving")
RECEIPTS, SOURCE = receipts_topic(agency_of(SENDING)), source_of(SENDING).encode()
CAST = {SENDING: ("police", "police_missing_persons"), PROVING: ("mash", "mash")}
SOLENT, RELAY, RECORD = "agency.solent", "hub.relay", "hub.record"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(kafka_server: Path) -> Node:
    node = Node(folder=kafka_server)
    node.has_topics()
    return node


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = a_town(tmp_path_factory.mktemp("town"), cast=CAST)
    yield town
    town.hub.close()


@dataclass(kw_only=True)
class StandIn:
    """Does for one hub what its `record` and `relay` workers do: takes submissions, and tells each new receipt once."""

    node: Node
    town: Town
    alter: Callable[[bytes], list[bytes]] = lambda receipt: [receipt]
    """What is told in place of a receipt."""
    is_away: bool = False
    told: int = 0
    """Receipts that the broker has."""
    taken: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Keys and values that came."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _ready: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def working(self) -> Iterator["StandIn"]:
        """Until the end of the block. It begins with what comes from now on."""
        thread = threading.Thread(target=self._work, name="stand-in")
        thread.start()
        try:
            assert self._ready.wait(20), "the stand-in did not get in"
            yield self
        finally:
            self._stopping.set()
            thread.join(20)

    def _work(self) -> None:
        settings = {"group_id": None, "enable_auto_commit": False, "bootstrap_timeout_ms": 8000}
        with (
            closing(KafkaConsumer(**self.node.access(RECORD).settings, **settings)) as consumer,
            self.node.producer(RELAY) as producer,
        ):
            sent = submissions_topic(agency_of(SENDING))
            parts = [TopicPartition(sent, part) for part in consumer.partitions_for_topic(sent)]
            consumer.assign(parts)
            for part, end in consumer.end_offsets(parts).items():
                consumer.seek(part, end)
            self._ready.set()
            while not self._stopping.wait(0.01):
                for records in [] if self.is_away else consumer.poll(timeout_ms=50).values():
                    self._take(producer, [(record.key, record.value) for record in records])

    def _take(self, producer: Any, came: list[tuple[bytes, bytes]]) -> None:
        self.taken += came
        for answer in self.town.hub.submit([value for _, value in came]):
            if answer.receipt and answer.outcome != "repeated":
                for value in self.alter(answer.receipt):
                    producer.send(RECEIPTS, value, key=answer.receipt_id.encode()).get(timeout=15)
                self.told += 1


@pytest.fixture
def hub(node: Node, town: Town) -> Iterator[StandIn]:
    with StandIn(node=node, town=town).working() as working:
        yield working


@dataclass(frozen=True, kw_only=True)
class Partner:
    """One desk's folder, and its commands over the broker."""

    node: Node
    town: Town
    own: DeskFolder

    def signs(self, name: str, form: dict[str, Any] | None = None) -> Path:
        """An event that waits to be sent."""
        data = form or missing_now(a_child(1))
        compact = signs(self.town, self.own.desk, "missing.reported", data, id=name)
        return self.own.add_event(name, compact)

    def runs(self, command: str, *arguments: object, user: str = SOLENT, password: Path | None = None) -> Said:
        """A command of the partner's, over the broker."""
        secret = password or self.node.folder / "secrets" / f"{user}.password"
        login = ("--kafka", self.node.address, "--user", user, "--password-file", secret)
        return self.runs_as(login, command, *arguments)

    def runs_as(self, login: tuple[object, ...], command: str, *arguments: object) -> Said:
        """The same, logged in another way."""
        ca = self.node.folder / "ca.pem"
        return sightline("agency", command, self.own.path, *arguments, *login, "--ca", ca, "--json")

    def follows(self, url: str) -> Said:
        """Read, proving it at the hub. What is signed to read with holds for a minute: the hub's clock must be ours."""
        self.town.clock.set(SystemClock().now())
        return self.runs("follow", "--hub", url)

    def submits(self, *arguments: object, **how: Any) -> Said:
        """Send; the hub's keys came by another way."""
        keys = published_keys(self.town.hub, self.own.path / "from-the-hub.json")
        return self.runs("submit", *arguments, "--hub-keys", keys, **how)


@pytest.fixture
def partner(node: Node, town: Town, tmp_path: Path) -> Partner:
    return Partner(node=node, town=town, own=a_desk_folder(tmp_path / "desk", SENDING))


# ------------------------------------------------------------------------------------------------------------- sending


def test_a_report_goes_sealed_and_its_receipt_is_checked_and_kept(partner: Partner, hub: StandIn, town: Town) -> None:
    partner.signs("sealed-1")
    partner.signs("sealed-2", a_missing(a_child(2)))
    said = partner.submits()
    assert said.code == 0, said.err
    assert [(row["event"], row["outcome"]) for row in said.json] == [("sealed-1", "accepted"), ("sealed-2", "accepted")]
    assert said.json[0]["items"]
    assert {key for key, _ in hub.taken} == {SOURCE}
    for _, value in hub.taken:
        assert is_sealed(value)
        assert b"Oakapple" not in value
    assert all(read_receipt(one.receipt, town.hub.hub_keys).items for one in partner.own.kept())
    assert partner.own.waiting() == []
    assert (partner.submits().code, len(hub.taken)) == (0, 2)


def test_a_receipt_that_came_over_the_broker_is_compared_with_the_one_that_the_hub_gives(
    partner: Partner, hub: StandIn, town: Town
) -> None:
    partner.signs("named-1")
    partner.signs("named-2", a_missing(a_child(3)) | {"missing_since": None})
    assert partner.submits().code == 4
    kept = [one for one in partner.own.kept() if one.receipt]
    assert len(kept) == 2
    town.clock.set(SystemClock().now())
    with served(town) as over_http, over_http.client(SENDING) as client:
        assert list(check_receipts(kept, client, over_http.keys)) == []


def test_a_report_goes_by_a_certificate_as_it_does_by_a_password(partner: Partner, hub: StandIn, town: Town) -> None:
    access = partner.node.certified("solent")
    assert access.certificate
    login = ("--kafka", access.bootstrap, "--certificate", access.certificate.chain, "--key", access.certificate.key)
    keys = published_keys(town.hub, partner.own.path / "from-the-hub.json")
    partner.signs("certified-1")
    said = partner.runs_as(login, "submit", "--hub-keys", keys)
    assert (said.code, [row["outcome"] for row in said.json]) == (0, ["accepted"]), said.err


def test_sending_again_gets_the_first_receipt_though_the_broker_carries_it_once(partner: Partner, hub: StandIn) -> None:
    event = partner.signs("again-1")
    first = partner.submits()
    again = partner.submits(event)
    assert (again.code, again.json[0]["outcome"]) == (0, "repeated")
    assert again.json[0]["number"] == first.json[0]["number"]


def test_a_refusal_ends_with_4_and_keeps_the_hubs_receipt(partner: Partner, hub: StandIn) -> None:
    partner.signs("broken-1", a_missing(a_child(3)) | {"missing_since": None})
    said = partner.submits()
    assert (said.code, said.json[0]["outcome"], said.json[0]["pointer"]) == (4, "refused", "/missing_since")
    assert partner.own.waiting() == []
    assert "Oakapple" not in said.out + said.err


def test_a_receipt_that_does_not_come_in_time_is_fetched_the_next_time(partner: Partner, hub: StandIn) -> None:
    hub.is_away = True
    partner.signs("late-1")
    said = partner.submits("--wait", 0.5)
    assert (said.code, said.json[0]["outcome"], "not receipted yet" in said.err) == (6, "waiting", True)
    hub.is_away = False
    wait_until(lambda: hub.told == 1)
    said = partner.submits("--wait", 20)
    assert (said.code, said.json[0]["outcome"]) == (0, "accepted")
    assert len(hub.taken) == 1, "it was sent again although its receipt was there"


def test_a_receipt_that_was_altered_on_its_way_is_refused(partner: Partner, hub: StandIn) -> None:
    hub.alter = lambda receipt: [receipt[:-8] + b"AAAAAAAA"]
    partner.signs("altered-1")
    said = partner.submits("--wait", 2)
    assert (said.code, said.json[0]["outcome"], said.json[0]["code"]) == (4, "waiting", "bad_signature")
    assert [path.stem for path in partner.own.waiting()] == ["altered-1"]


def test_a_true_receipt_counts_whatever_else_is_said(partner: Partner, hub: StandIn) -> None:
    hub.alter = lambda receipt: [b"", b"rubbish", receipt[:-8] + b"AAAAAAAA", receipt]
    partner.signs("altered-2")
    said = partner.submits()
    assert (said.code, said.json[0]["outcome"]) == (0, "accepted")


# ----------------------------------------------------------------------------------------------------------- following


def tells(node: Node, desk: DeskId, *entries: FeedEntry) -> None:
    """The relay writes these entries."""
    with node.producer(RELAY) as producer:
        for value in as_told(*entries):
            producer.send(feed_topic(desk), value)
        producer.flush()


def test_a_feed_is_followed_over_a_restart_without_gap_or_repeat_until_there_is_a_gap(
    node: Node, town: Town, tmp_path: Path
) -> None:
    partner = Partner(node=node, town=town, own=a_desk_folder(tmp_path / "desk", FOLLOWING))
    tells(node, FOLLOWING, *(an_entry(seq) for seq in (1, 2, 3)))
    assert followed(partner) == [1, 2, 3]
    # The relay died before it noted what it had told, and tells it again.
    tells(node, FOLLOWING, *(an_entry(seq) for seq in (2, 3, 4, 5)))
    assert followed(partner) == [4, 5]
    assert followed(partner) == []
    cursor = load_cursor(partner.own.cursor, FOLLOWING)
    assert (cursor.seq, cursor.running) == (5, hash_of(*(an_entry(seq) for seq in range(1, 6))))
    tells(node, FOLLOWING, an_entry(7))
    said = partner.runs("follow")
    assert (said.code, "feed_gap" in said.err) == (1, True)
    assert load_cursor(partner.own.cursor, FOLLOWING) == cursor


def followed(partner: Partner) -> list[int]:
    """Numbers of what is new."""
    said = partner.runs("follow")
    assert said.code == 0, said.err
    assert "entries only" in said.err
    return [json.loads(line)["seq"] for line in said.out.splitlines()]


def test_with_the_hub_beside_the_broker_all_is_proven_and_goes_on_over_http(
    node: Node, town: Town, tmp_path: Path
) -> None:
    partner = Partner(node=node, town=town, own=a_desk_folder(tmp_path / "desk", PROVING))
    save_key(partner.own.path / "key.jwk", town.keys[PROVING])

    town.clock.set(SystemClock().now())
    with served(town) as hub:
        for serial in (11, 12, 13):
            hub.sends(SENDING, "missing.reported", missing_now(a_child(serial)))
        whole = feed(town, PROVING)
        # The broker is a little behind: the hub itself tells the rest.
        tells(node, PROVING, *whole[:2])
        said = partner.follows(hub.url)
        assert (said.code, "entries only" in said.err) == (0, False), said.err
        told = [json.loads(line) for line in said.out.splitlines()]
        assert [one["leaf"] for one in told] == [entry.leaf for entry in whole]
        assert all(one["item"]["body"] for one in told)
        assert load_cursor(partner.own.cursor, PROVING).heartbeat

        tells(node, PROVING, *whole[1:])
        town.clock.set(SystemClock().now())
        over_http = sightline("agency", "follow", partner.own.path, "--hub", hub.url, "--json")
        assert (over_http.code, over_http.out, partner.follows(hub.url).out) == (0, "", "")

        tells(node, PROVING, an_entry(len(whole) + 1, leaf="l-nobody"))
        said = partner.follows(hub.url)
        assert (said.code, "feed_rolled_back" in said.err) == (1, True)
        hub.sends(SENDING, "missing.reported", missing_now(a_child(14)))
        said = partner.follows(hub.url)
        assert (said.code, "feed_fork" in said.err) == (1, True)


# -------------------------------------------------------------------------------------------------------- getting in


def test_another_agencys_topics_are_refused_by_the_broker(partner: Partner, node: Node, town: Town) -> None:
    partner.signs("stranger-1")
    for said in (partner.submits(user="agency.kent"), partner.runs("follow", user="agency.kent")):
        assert (said.code, "broker_refused" in said.err) == (4, True)
        assert said.out == ""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_wrong_password_is_said_soon_and_not_shown(partner: Partner, tmp_path: Path) -> None:
    """The library leaves sockets behind when it does not get in: hence the filter."""
    wrong = tmp_path / "password"
    wrong.write_text("hunter-two")
    said = partner.runs("follow", password=wrong)
    assert (said.code, "did not accept the log-in of agency.solent" in said.err) == (5, True)
    assert "hunter-two" not in said.out + said.err


def test_a_broker_that_is_not_there_or_not_the_one_is_said_at_once(partner: Partner, tmp_path: Path) -> None:
    secret = partner.node.folder / "secrets" / f"{SOLENT}.password"
    asked = ("agency", "follow", partner.own.path, "--password-file", secret)
    nobody = sightline(*asked, "--kafka", "127.0.0.1:9", "--ca", partner.node.folder / "ca.pem")
    assert (nobody.code, "does not answer" in nobody.err) == (5, True)
    incomplete = sightline(*asked, "--kafka", partner.node.address)
    assert (incomplete.code, "--ca" in incomplete.err) == (2, True)


def test_without_the_hubs_keys_nothing_is_sent(partner: Partner) -> None:
    partner.signs("keyless-1")
    said = partner.runs("submit")
    assert (said.code, "no_hub_keys" in said.err) == (4, True)
