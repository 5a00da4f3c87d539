"""P12, its refusal half: a proven sender hears of a refusal; urgent ones reach the area's MASH and police as a bare notice."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sightline.formats import base64url
from sightline.ledger.notices import URGENT_TYPES
from sightline.view.notices import Notice
from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_cpi,
    a_flag,
    a_missing,
    admits,
    can_read,
    passes,
    rows,
    sends,
    signs,
    submits,
)

SPOILT: dict[str, Any] = {
    "child": {"given_name": "Perrin"},
    "missing_since": "2026-11-20T08:30:00Z",
    "missing_category": "missing",
}
"""A report that names no child well enough: refused, though a child may be missing."""


def told(town: Town) -> dict[str, list[Notice]]:
    """What each desk is told of refusals."""
    return {desk: town.hub.notices.of(desk) for desk in CAST}


def test_a_proven_sender_is_told_at_once_with_the_reason(town: Town) -> None:
    sent = sends(town, SCHOOL, "missing.reported", SPOILT, id="mr-1")
    assert sent.refused == "schema_missing_field"
    (notice,) = town.hub.notices.of(SCHOOL)
    assert (notice.type, notice.sender, notice.reference, notice.code) == (
        "missing.reported",
        SCHOOL,
        "mr-1",
        "schema_missing_field",
    )
    assert sent.receipt is not None
    assert [why.code for why in sent.receipt.reasons] == ["schema_missing_field"]


def test_the_areas_mash_and_police_hear_of_an_urgent_one_no_more_than_that_they_should_telephone(town: Town) -> None:
    sends(town, SCHOOL, "missing.reported", SPOILT, id="mr-1")
    notices = told(town)
    assert {desk for desk, heard in notices.items() if heard} == {SCHOOL, MASH, POLICE}
    for desk in (MASH, POLICE):
        (notice,) = notices[desk]
        assert (notice.type, notice.sender, notice.reference) == ("missing.reported", SCHOOL, "mr-1")
        assert notice.code == "telephone"


@pytest.mark.parametrize("event_type", sorted(URGENT_TYPES))
def test_every_urgent_type_is_told_of_whatever_stage_refused_it(town: Town, event_type: str) -> None:
    by_schema = submits(town, signs(town, POLICE, event_type, {"nothing": "of use"}))
    assert by_schema[0].refused.startswith("schema_")
    assert [notice.type for notice in town.hub.notices.of(MASH)] == [event_type]


def test_a_refusal_by_the_record_stage_is_told_of_too(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing({"ref": "c-nosuchchild"}), id="mr-2")
    (notice,) = town.hub.notices.of(MASH)
    assert (notice.reference, notice.code) == ("mr-2", "telephone")
    assert town.hub.notices.of(POLICE)[0].code == "unknown_child"


def test_what_is_not_urgent_stays_between_the_hub_and_its_sender(town: Town) -> None:
    sends(town, CHARITY, "cpi.submitted", {"is_non_urgent": True})
    assert {desk for desk, heard in told(town).items() if heard} == {CHARITY}


def test_the_notice_holds_nothing_that_the_sender_wrote_of_the_child(town: Town) -> None:
    spoilt = a_missing(a_child(given_name="Canaryname"))
    del spoilt["missing_since"]
    sends(town, SCHOOL, "missing.reported", spoilt)
    for (table,) in rows(town, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in rows(town, f"SELECT * FROM {table}"):
            assert not any(b"Canaryname" in (bytes(v) if isinstance(v, bytes) else str(v).encode()) for v in row)


def test_a_notice_needs_neither_engine_nor_leaf(town: Town) -> None:
    submits(town, signs(town, SCHOOL, "missing.reported", SPOILT))
    assert town.hub.notices.of(MASH)
    assert town.hub.register.reader.head() is None


def test_another_areas_mash_is_not_told(town: Town) -> None:
    herts = admits(town, "herts-mash/desk", "mash", "mash", areas=["hertfordshire"])
    sends(town, SCHOOL, "missing.reported", SPOILT)
    assert town.hub.notices.of(herts) == []


def test_many_refusals_elsewhere_do_not_crowd_out_the_areas_own(town: Town) -> None:
    elsewhere = admits(town, "herts-police/missing", "police", "police_missing_persons", areas=["hertfordshire"])
    sends(town, SCHOOL, "missing.reported", SPOILT, id="ours")
    town.clock.advance(timedelta(minutes=1))
    submits(town, *[signs(town, elsewhere, "missing.reported", SPOILT, area="hertfordshire") for _ in range(250)])
    assert [notice.reference for notice in town.hub.notices.of(MASH)] == ["ours"]


def test_the_refused_bytes_are_kept_for_thirty_days_under_a_key_of_their_own(town: Town) -> None:
    sent = sends(town, SCHOOL, "missing.reported", SPOILT)
    (kept, until) = rows(town, "SELECT sealed, until FROM quarantine")[0]
    assert sent.event not in bytes(kept)
    assert until - int(town.clock.now().timestamp()) == 30 * 24 * 3600
    passes(town, days=29, hours=23)
    town.hub.strike.hourly()
    assert rows(town, "SELECT COUNT(*) FROM quarantine")[0][0] == 1
    passes(town, hours=1)
    town.hub.strike.hourly()
    assert rows(town, "SELECT COUNT(*) FROM quarantine")[0][0] == 0


def test_a_refusal_is_a_ledger_entry_without_a_word_of_what_was_sent(town: Town) -> None:
    sends(town, SCHOOL, "missing.reported", SPOILT, id="mr-1")
    (placed,) = town.hub.ledger.read(0, 1000, ("agency.submission_refused.v2",))
    entry: Any = placed.entry
    assert (entry.desk, entry.code, entry.type, entry.event_id) == (
        SCHOOL,
        "schema_missing_field",
        "missing.reported",
        "mr-1",
    )


# ------------------------------------------------------------------------------------------------- broken on purpose


def unsigned(event: bytes) -> bytes:
    header, payload, signature = event.split(b".")
    return b".".join([header, payload, base64url.encode(bytes(len(base64url.decode(signature))))])


def test_what_nobody_proved_to_have_sent_tells_nobody_anything(town: Town) -> None:
    (sent,) = submits(town, unsigned(signs(town, SCHOOL, "missing.reported", SPOILT)))
    assert sent.refused == "bad_signature"
    assert sent.receipt is None
    assert not any(told(town).values())
    assert rows(town, "SELECT COUNT(*) FROM quarantine")[0][0] == 0
    assert town.hub.ledger.read(0, 1000, ("agency.submission_refused.v2",)) == []


def test_a_flood_of_unsigned_bytes_fills_nothing(town: Town) -> None:
    before = town.hub.ledger.head()
    event = unsigned(signs(town, SCHOOL, "missing.reported", a_missing()))
    for _ in range(5):
        submits(town, *[event] * 50)
    assert town.hub.ledger.head() == before
    assert rows(town, "SELECT COUNT(*) FROM receipts")[0][0] == 0


def test_a_suspended_sender_is_refused_and_no_longer_reads_notices_while_the_mash_is_told(town: Town) -> None:
    town.hub.admin.change_standing(SCHOOL, "suspended")
    sent = sends(town, SCHOOL, "missing.reported", a_missing())
    assert sent.refused == "desk_not_in_standing"
    assert town.hub.notices.of(SCHOOL) == []
    assert [notice.code for notice in town.hub.notices.of(MASH)] == ["telephone"]


def test_one_refused_event_in_a_batch_harms_none_of_the_others(town: Town) -> None:
    batch: list[tuple[Any, str, Mapping[str, Any]]] = [
        (POLICE, "missing.reported", a_missing()),
        (SCHOOL, "missing.reported", SPOILT),
        (CSC, "flag.raised", a_flag({"ref": "c-nosuchchild"}, "conflict", desk=str(BUREAU))),
        (CHARITY, "cpi.submitted", a_cpi()),
    ]
    sent = submits(town, *[signs(town, *one) for one in batch])
    town.hub.settle()
    assert [one.answer.outcome for one in sent] == ["accepted", "refused", "refused", "accepted"]
    assert can_read(town, MASH, sent[0].item)
    assert can_read(town, BUREAU, sent[3].item)


def test_a_notice_deleted_with_sql_can_be_missed_by_its_ledger_entry(town: Town) -> None:
    sends(town, SCHOOL, "missing.reported", SPOILT)
    rows(town, "DELETE FROM notices")
    refused = {placed.entry.step for placed in town.hub.ledger.read(0, 1000, ("agency.submission_refused.v2",))}
    assert refused - {row[0] for row in rows(town, "SELECT id FROM notices")}
