"""From an agency's producer to a desk's consumer, by way of every worker; and what no message can do to the next one."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import TopicPartition

from sightline.audit.verify import verify_folder
from sightline.formats import base64url, jwe
from sightline.formats.feed import START as EMPTY
from sightline.formats.feed import FeedEntry, check_chain
from sightline.formats.topic_names import SUBMISSIONS, feed_topic, receipts_topic, submissions_topic
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.outbox import retell
from tests.builders_distributed import Works, admits_as, consuming, has_topics_of, waits_for
from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    ORIGIN,
    POLICE,
    SCHOOL,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_ppn1,
    a_withdrawal,
    an_involvement,
    missing_now,
)

CANARY = "Zephyrine-Quillfeather"
"""A name that nothing else could hold by chance."""
PLAIN = {"relevant": True, "may_help": True}
DESKS = (POLICE, CSC, MASH, HEALTH, SCHOOL, CHARITY)


# -------------------------------------------------------------------------------------------------------- there and back


def test_a_sealed_report_comes_out_as_a_receipt_and_as_feed_entries(area: Works) -> None:
    event = area.signs(POLICE, "missing.reported", missing_now(a_child(given_name=CANARY)))
    area.posts(POLICE, event)
    area.answers(event)
    (receipt,) = area.receipts("hampshire-police")
    assert (receipt.outcome, receipt.number) == ("accepted", 1)
    ((key, value),) = area.read("agency.hampshire-police", receipts_topic(AgencyId("hampshire-police")))
    with area.hub.database.reading() as session:
        assert session.execute("SELECT body FROM receipts WHERE id = ?", (key.decode(),)) == [(value,)]
    view = area.hub.view.item(MASH, receipt.items[0])
    assert view.state == "disclosed"
    assert CANARY in json.dumps(dict(view.body), default=str)
    for desk in (POLICE, MASH, CSC):
        assert [entry["seq"] for entry in area.feed(desk)] == list(range(1, 1 + len(area.feed(desk))))
        assert area.feed(desk)


def test_the_feed_on_the_broker_is_the_feed_over_http(area: Works) -> None:
    for desk in DESKS:
        page = area.hub.feeds.page(desk, after=0)
        entries = [
            FeedEntry(seq=e["seq"], leaf=e["leaf"], leaf_hash=e["hash"], kind=e["kind"]) for e in area.feed(desk)
        ]
        assert tuple(entries) == page.entries
        assert check_chain(entries, after=0, before=EMPTY) == page.running


def test_a_refusal_is_an_answer_like_any_other(area: Works) -> None:
    correction = {"reason_code": "new_information", "correction": "It was a Thursday.", "item": "i-unknown"}
    event = area.signs(CHARITY, "item.corrected", correction)
    area.posts(CHARITY, event)
    area.answers(event)
    (receipt,) = area.receipts("youth-trust")
    assert (receipt.outcome, receipt.reasons[0].code) == ("refused", "unknown_item")


def test_messages_that_nobody_can_read_do_not_hold_up_the_next(area: Works) -> None:
    before, after = (area.signs(HEALTH, "missing.reported", missing_now(a_child(serial))) for serial in (11, 12))
    area.posts(HEALTH, before)
    source = b"/agencies/exampleton-health/safeguarding/records"
    with area.node.producer("agency.exampleton-health") as producer:
        for value in (b"", b"\xff\xfe\x00", b"e.....", b"{" * 5000, b"x" * 360_000, None):
            producer.send(
                submissions_topic(AgencyId("exampleton-health")),
                value,
                key=source,
                headers=[("content-type", b"\xff\xff")],
            ).get(timeout=15)
    area.posts(HEALTH, after)
    area.answers(before, after)
    assert len(area.receipts("exampleton-health")) == 2
    log = area.workers["record"].log.read_text()
    turned_away = [line for line in map(json.loads, log.splitlines()) if line["event"] == "turned away"]
    assert len(turned_away) == 6
    assert all(line["digest"] and "size" in line for line in turned_away)


def test_an_event_that_came_a_hundred_times_is_recorded_once(area: Works) -> None:
    event = area.signs(MASH, "missing.reported", missing_now(a_child(20)))
    area.posts(MASH, *[event] * 100)
    last = area.signs(MASH, "missing.reported", missing_now(a_child(21)))
    area.posts(MASH, last)
    area.answers(event, last)
    assert [receipt.outcome for receipt in area.receipts("hampshire-mash")] == ["accepted"] * 2


def test_an_event_that_is_not_sealed_is_taken_for_the_childs_sake(area: Works) -> None:
    event = area.signs(CSC, "missing.reported", missing_now(a_child(30)))
    area.posts(CSC, event, sealed=False)
    area.answers(event)
    assert '"not sealed"' in area.workers["record"].log.read_text()


def test_a_topic_that_was_deleted_and_made_again_is_told_again(area: Works) -> None:
    topic, before = feed_topic(MASH), area.feed(MASH)
    area.makes_anew(topic)
    retell(area.hub.database, MASH)
    waits_for(area.is_settled)
    assert area.feed(MASH) == before
    with pytest.raises(Refused, match="not_told_so_far"):
        retell(area.hub.database, MASH, after=10_000)


def test_each_worker_says_how_it_is(area: Works) -> None:
    for name, worker in area.workers.items():
        with urllib.request.urlopen(f"{worker.health}/readyz", timeout=5) as answer:
            assert json.load(answer) == {
                "status": "ready", "worker": name, "trouble": "", "corrupt": False, "standing_by": False
            }  # fmt: skip
        with urllib.request.urlopen(f"{worker.health}/metrics", timeout=5) as answer:
            page = answer.read().decode()
        assert "sightline_line_alive 1.0" in page
        assert "sightline_worker_lag 0.0" in page


# ------------------------------------------------------------------------------------------------------- the other mode


@pytest.fixture(scope="module")
def beside(area: Works, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """An embedded hub with the same desks and keys."""
    hub = embedded(tmp_path_factory.mktemp("embedded"), origin=ORIGIN)
    for desk in area.keys:
        admits_as(hub, desk, area.keys[desk])
    yield hub
    hub.close()


def test_the_same_events_lead_to_the_same_decisions_in_both_modes(area: Works, beside: Hub) -> None:
    """Ids are drawn by chance and times are the recorder's, so decisions are compared by what they say, event by event."""
    child, start = a_child(40, is_looked_after=False, trafficking_status="suspected"), area.hub.ledger.head()
    steps: list[tuple[DeskId, str, dict[str, Any], dict[str, Any]]] = [
        (POLICE, "missing.reported", missing_now(child, to=[SCHOOL], urgency="urgent"), {}),
        (CSC, "consent.recorded", a_consent(child, consent_purpose="assessment"), {}),
        (CSC, "flag.raised", a_flag(child, "safe_word_set", to=[CHARITY], sharing=PLAIN), {"purpose": "assessment"}),
        (POLICE, "ppn1.issued", a_ppn1(child, "missing_not_returned", to=[CSC]), {}),
        (SCHOOL, "involvement.opened", an_involvement(child, "school_place"), {}),
        (HEALTH, "cpi.submitted", a_cpi(child, a_child(41)), {}),
        (CSC, "consent.withdrawn", a_withdrawal(child, consent_purpose="assessment"), {}),
    ]
    with beside.database.reading() as session:
        known = session.execute("SELECT COUNT(*) FROM leaves")[0][0]
    for desk, kind, data, envelope in steps:
        event = area.signs(desk, kind, data, **envelope)
        area.posts(desk, event)
        area.answers(event)
        assert beside.submit([event])[0].outcome == "accepted"
        beside.settle()
    ours, theirs = said(area.hub, after=start), said(beside, first=known)
    assert len(ours) > 40
    assert ours == theirs
    assert any(leaf["typ"] == "recall" for leaf in map(orjson.loads, theirs))


SAID = ("typ", "desk", "eff", "classes", "withheld", "told", "rules", "basis", "obl", "pur", "pol", "edn", "by", "kind")


def said(hub: Hub, *, after: int = 0, first: int = 0) -> list[bytes]:
    """What the decisions say that stand after that position, or from that number on; in the register's order."""
    with hub.database.reading() as session:
        rows = session.execute(
            "SELECT body FROM leaves WHERE cause > ? AND n >= ? AND typ IN ('decision', 'recall') ORDER BY n",
            (after, first),
        )
    leaves = [orjson.loads(bytes(body)) for (body,) in rows]
    return [orjson.dumps({name: leaf[name] for name in SAID if name in leaf}) for leaf in leaves]


# --------------------------------------------------------------------------------------------------------- the evidence


def test_the_register_verifies_and_everything_can_be_decided_again(area: Works) -> None:
    events = [area.signs(POLICE, "missing.reported", missing_now(a_child(serial))) for serial in range(60, 65)]
    area.posts(POLICE, *events)
    area.answers(*events)
    area.settles()
    report = verify_folder(area.settings.export, vkey=area.hub.vkey)
    assert (report.exit_code, report.findings) == (0, ())
    replayed = area.hub.replay()
    assert replayed.exit_code == 0, replayed.differences
    # Each was considered for police, MASH and children's services at least, whatever else this hub has decided.
    assert replayed.leaves >= 3 * len(events)


def test_a_childs_name_is_in_no_file_of_the_brokers_and_in_no_log(area: Works) -> None:
    """The broker's files are read as they are: entries are not compressed."""
    event = area.signs(POLICE, "missing.reported", missing_now(a_child(50, given_name=CANARY)))
    area.posts(POLICE, event)
    area.answers(event)
    logs = Path(area.node.folder, "data") if Path(area.node.folder, "data").exists() else area.node.folder
    files = [path for path in logs.rglob("*") if path.is_file() and path.stat().st_size]
    raw = b"".join(path.read_bytes() for path in files)
    assert SUBMISSIONS.encode() in raw or any(SUBMISSIONS in str(path) for path in files)
    assert b"eyJ" in raw
    assert not [spelling for spelling in (CANARY.encode(), *in_base64(CANARY.encode())) if spelling in raw]
    assert CANARY not in area.logs()


def in_base64(word: bytes) -> list[bytes]:
    """What a word becomes within base64url, wherever it begins: what the letters beside it touch is cut off."""
    return [
        base64url.encode(bytes(shift) + word)[-(-shift * 8 // 6) : (shift + len(word)) * 8 // 6] for shift in range(3)
    ]


def test_a_name_that_is_hidden_by_base64_would_be_found() -> None:
    for shift in range(3):
        hidden = base64url.encode(b"x" * shift + CANARY.encode() + b'","y":1')
        assert any(spelling in hidden for spelling in in_base64(CANARY.encode()))


def test_an_agency_that_joins_is_read_without_a_restart(area: Works) -> None:
    """Whoever may write there: who sent it is what the signature says."""
    declared = area.node.folder / "agencies.yaml"
    before = declared.read_text()
    has_topics_of(area.node, [DeskId("newcomer/desk")])
    event = area.signs(HEALTH, "missing.reported", missing_now(a_child(60)))
    with area.node.producer("agency.newcomer") as producer:
        sealed = jwe.seal(event, area.hub.intake_key)
        producer.send(submissions_topic(AgencyId("newcomer")), sealed, key=b"any").get(timeout=15)
    area.answers(event)
    declared.write_text(before)
    assert area.node.topics("apply", "--allow-delete").returncode == 0


def test_what_was_taken_is_committed_for_the_group(area: Works) -> None:
    with consuming(area.node, "hub.record", group="hub.record") as consumer:
        topics = [topic for topic in consumer.topics() if topic.startswith(SUBMISSIONS)]
        partitions = [TopicPartition(topic, n) for topic in topics for n in consumer.partitions_for_topic(topic)]
        ends = consumer.end_offsets(partitions)
        waits_for(lambda: all((consumer.committed(p) or 0) == ends[p] for p in partitions if ends[p]))


def test_workers_end_in_order_when_they_are_told_to(area: Works) -> None:
    """The last of this file: it stops them."""
    assert set(area.stop().values()) == {0}
    assert "line stopped" not in area.logs()
