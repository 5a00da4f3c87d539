"""P1. Nothing accepted is lost or doubled: one signed receipt for each submission, stored in the accepting transaction."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.agency.keys import generate, make_registration
from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Refused, Unavailable
from tests.builders_hub import (
    BUREAU,
    CSC,
    HEALTH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_hub,
    a_missing,
    a_town,
    holds,
    reopened,
    rows,
    sends,
    signs,
    source_of,
    submits,
)


def count(town: Town, table: str) -> int:
    """How many rows a table has."""
    return int(rows(town, f"SELECT COUNT(*) FROM {table}")[0][0])


def entries(town: Town) -> int:
    """How many entries the ledger has."""
    return len(town.hub.ledger.read(0, 100_000))


def test_every_submission_is_answered_with_a_receipt_that_the_hub_signed(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    assert sent.receipt is not None
    assert (sent.receipt.outcome, sent.receipt.number) == ("accepted", 1)
    stored = rows(town, "SELECT body FROM receipts WHERE id = ?", sent.answer.receipt_id)
    assert bytes(stored[0][0]) == sent.answer.receipt


def test_the_same_event_again_gets_the_same_receipt_and_leaves_no_trace(town: Town) -> None:
    first = sends(town, POLICE, "missing.reported", a_missing())
    before = entries(town)
    for _ in range(3):
        (again,) = submits(town, first.event)
        assert again.answer.outcome == "repeated"
        assert again.answer.receipt == first.answer.receipt
    assert entries(town) == before
    assert count(town, "receipts") == 1
    town.hub.settle()
    holds(town)


def test_the_same_event_twice_in_one_batch_is_one(town: Town) -> None:
    event = signs(town, POLICE, "missing.reported", a_missing())
    first, second = submits(town, event, event)
    assert (first.answer.outcome, second.answer.outcome) == ("accepted", "repeated")
    assert first.answer.receipt == second.answer.receipt
    assert count(town, "items") == 1


def test_the_same_payload_signed_again_is_the_same_event(town: Town) -> None:
    data, time = a_missing(), town.clock.now()
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", data, id="one", time=time))
    other = generate(POLICE, "ES256")
    town.hub.admin.register_key(make_registration(other, sources=[source_of(POLICE)], types=["*"], now=time))
    town.keys[POLICE] = other
    (again,) = submits(town, signs(town, POLICE, "missing.reported", data, id="one", time=time))
    assert again.event != sent.event
    assert again.answer.receipt == sent.answer.receipt


def test_a_reused_id_with_another_payload_is_refused_and_the_first_one_stands(town: Town) -> None:
    first = sends(town, POLICE, "missing.reported", a_missing(), id="one")
    second = sends(town, POLICE, "missing.reported", a_missing(missing_risk="high"), id="one")
    assert second.refused == "id_reused"
    assert second.receipt is not None
    assert second.receipt.outcome == "refused"
    (again,) = submits(town, first.event)
    assert again.answer.receipt == first.answer.receipt
    holds(town)


def test_an_id_belongs_to_its_source(town: Town) -> None:
    assert sends(town, POLICE, "missing.reported", a_missing(), id="one").answer.outcome == "accepted"
    assert sends(town, SCHOOL, "missing.reported", a_missing(), id="one").answer.outcome == "accepted"


def test_a_refused_id_is_free_for_the_mended_event(town: Town) -> None:
    spoilt = a_missing()
    del spoilt["missing_since"]
    assert sends(town, POLICE, "missing.reported", spoilt, id="one").refused == "schema_missing_field"
    assert sends(town, POLICE, "missing.reported", a_missing(), id="one").answer.outcome == "accepted"


def test_an_agencys_receipts_are_numbered_without_a_gap_whatever_their_outcome(town: Town) -> None:
    bad = signs(town, BUREAU, "missing.reported", {"missing_category": "missing"})
    events = [signs(town, POLICE, "missing.reported", a_missing(a_child(n))) for n in range(1, 4)]
    sent = submits(town, events[0], bad, events[1], events[0], events[2])
    assert [s.answer.outcome for s in sent] == ["accepted", "refused", "accepted", "repeated", "accepted"]
    assert [s.receipt.number for s in sent if s.receipt] == [1, 2, 3, 1, 4]
    other = sends(town, CSC, "missing.reported", a_missing())
    assert other.receipt is not None
    assert other.receipt.number == 1


def test_a_receipt_tells_no_ledger_position(town: Town) -> None:
    sends(town, HEALTH, "cpi.submitted", a_cpi())
    first = sends(town, POLICE, "missing.reported", a_missing())
    assert first.receipt is not None
    assert first.receipt.number == 1


# ------------------------------------------------------------------------------------------------- broken on purpose


class Dropped(Exception):
    """The process ends here."""


def test_a_stop_before_the_accepting_transaction_loses_what_was_not_acknowledged_and_nothing_else(
    tmp_path: Path,
) -> None:
    armed: list[bool] = []

    def stop(step: str) -> None:
        if step == "record" and armed:
            raise Dropped

    town = a_town(tmp_path, on_step=stop)
    kept = sends(town, POLICE, "missing.reported", a_missing())
    armed.append(True)
    event = signs(
        town,
        POLICE,
        "missing.returned",
        {"child": kept.child, "returned_at": "2026-11-20T09:00:00Z", "harm_suffered": "no"},
    )
    with pytest.raises(Dropped):
        submits(town, event)
    town = reopened(town)
    assert count(town, "receipts") == count(town, "claims") == 1
    (sent,) = submits(town, event)
    assert sent.answer.outcome == "accepted"
    assert sent.receipt is not None
    assert sent.receipt.number == 2
    town.hub.settle()
    holds(town)
    town.hub.close()


def beaten(folder: Path, rival: Callable[[Town], None]) -> Town:
    """A town whose hub, just before each of its accepting transactions, lets another hub of the same folder go first."""
    others: list[Town] = []

    def interfere(step: str) -> None:
        if step == "record" and others:
            rival(others.pop())

    town = a_town(folder, on_step=interfere)
    others.append(Town(hub=a_hub(folder, town.clock), clock=town.clock, folder=folder, keys=town.keys))
    return town


def test_two_hubs_that_take_the_same_event_at_once_give_one_receipt(tmp_path: Path) -> None:
    theirs: list[bytes] = []
    events: list[bytes] = []

    def rival(other: Town) -> None:
        theirs.append(submits(other, *events)[0].answer.receipt)
        other.hub.close()

    town = beaten(tmp_path, rival)
    events.append(signs(town, POLICE, "missing.reported", a_missing()))
    (ours,) = submits(town, *events)
    assert ours.answer.outcome == "repeated"
    assert ours.answer.receipt == theirs[0]
    assert count(town, "items") == count(town, "receipts") == 1
    town.hub.settle()
    holds(town)
    town.hub.close()


def test_two_hubs_that_meet_one_child_at_once_make_one_record_of_it(tmp_path: Path) -> None:
    def rival(other: Town) -> None:
        assert submits(other, signs(other, POLICE, "missing.reported", a_missing()))[0].answer.outcome == "accepted"
        other.hub.close()

    town = beaten(tmp_path, rival)
    (ours,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    assert ours.answer.outcome == "accepted"
    assert count(town, "child_refs") == 1
    assert [s[0] for s in rows(town, "SELECT number FROM receipts ORDER BY number")] == [1, 2]
    town.hub.settle()
    holds(town)
    town.hub.close()


def test_a_hub_that_always_comes_second_says_so_and_records_nothing(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    other = Town(hub=a_hub(tmp_path, town.clock), clock=town.clock, folder=tmp_path, keys=town.keys)

    def always_first(step: str) -> None:
        if step == "record":
            submits(other, signs(other, POLICE, "missing.reported", a_missing()))

    town = reopened(town, on_step=always_first)
    before = count(town, "receipts")
    event = signs(town, POLICE, "missing.reported", a_missing(missing_risk="high"))
    with pytest.raises(Unavailable) as told:
        submits(town, event)
    assert told.value.code == "contended"
    assert rows(town, "SELECT 1 FROM receipts WHERE number > ?", before + 5) == []
    town.hub.close()
    other.hub.close()


def test_a_receipt_swapped_for_another_is_found_by_whoever_holds_the_hubs_public_key(town: Town) -> None:
    first = sends(town, POLICE, "missing.reported", a_missing())
    second = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    assert first.receipt is not None
    rows(town, "UPDATE receipts SET body = ? WHERE id = ?", second.answer.receipt, first.answer.receipt_id)
    (again,) = submits(town, first.event)
    swapped = read_receipt(again.answer.receipt, town.hub.hub_keys)
    assert swapped.payload != first.receipt.payload  # signed by the hub, yet about another payload
    forged = second.answer.receipt[:-8] + first.answer.receipt[-8:]
    with pytest.raises(Refused) as why:
        read_receipt(forged, town.hub.hub_keys)
    assert why.value.code == "bad_signature"


def test_a_deleted_receipt_leaves_a_gap_in_its_agencys_numbers(town: Town) -> None:
    sent = [sends(town, POLICE, "missing.reported", a_missing(a_child(n))) for n in range(1, 4)]
    rows(town, "DELETE FROM receipts WHERE id = ?", sent[1].answer.receipt_id)
    assert [n for (n,) in rows(town, "SELECT number FROM receipts ORDER BY number")] == [1, 3]
