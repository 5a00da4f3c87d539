"""What the relay publishes: numbers without a gap, and receipts under the names that the hub gives them again by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.formats.feed import entry_json
from sightline.formats.strict_json import parse_object
from sightline.kernel.errors import Corrupt
from sightline.kernel.ids import agency_of
from sightline.runtime.outbox import FEED, RECEIPTS, Letter, Outbox
from tests.builders_hub import MASH, POLICE, Town, a_child, a_missing, copied, feed, rows, sends, signs, submits


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = copied(tmp_path / "hub")
    yield town
    town.hub.close()


def letters(town: Town, name: str, limit: int = 500) -> list[Letter]:
    """What waits for the topic of that position."""
    outbox = Outbox(database=town.hub.database, directory=town.hub.directory)
    return [letter for run in outbox.runs(limit=limit) if run.name == name for letter in run.letters]


def test_a_receipts_key_is_its_name_accepted_or_refused(town: Town) -> None:
    sent = submits(
        town,
        signs(town, POLICE, "missing.reported", a_missing()),
        signs(town, POLICE, "missing.reported", {"nothing": "of use"}),
        signs(town, POLICE, "missing.reported", a_missing(a_child(2))),
    )
    assert {one.answer.outcome for one in sent} == {"accepted", "refused"}
    found = letters(town, RECEIPTS + agency_of(POLICE))
    assert found == [(one.answer.receipt_id.encode(), one.answer.receipt) for one in sent]


def test_an_entrys_key_is_its_desk(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    found = letters(town, FEED + MASH)
    assert [(key.decode(), parse_object(value)) for key, value in found] == [
        (MASH, dict(entry_json(entry))) for entry in feed(town, MASH)
    ]


def test_a_number_that_is_missing_stops_its_topic(town: Town) -> None:
    submits(town, *(signs(town, POLICE, "missing.reported", a_missing(a_child(serial))) for serial in range(3)))
    rows(town, "DELETE FROM receipts WHERE agency = ? AND number = 2", agency_of(POLICE))
    with pytest.raises(Corrupt, match="numbers_missing"):
        letters(town, RECEIPTS + agency_of(POLICE))
