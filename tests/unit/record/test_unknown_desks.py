"""A desk that the hub does not know: operators' words about it are refused, senders who name it are told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.agency.keys import generate, make_registration
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from tests.builders_hub import POLICE, SCHOOL, Town, a_missing, a_town, sends, source_of

NOBODY = DeskId("north-police/nobody")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path / "hub")
    yield town
    town.hub.close()


@pytest.mark.parametrize(("desk", "standing"), [(NOBODY, "suspended"), (POLICE, "resting")])
def test_no_standing_is_given_to_a_desk_nobody_knows_nor_one_that_there_is_not(
    town: Town, desk: DeskId, standing: str
) -> None:
    head = town.hub.ledger.head()
    with pytest.raises(Refused) as refused:
        town.hub.admin.change_standing(desk, standing)
    assert (refused.value.code, town.hub.ledger.head()) == ("unknown_desk", head)


def test_no_key_is_registered_to_a_desk_that_was_never_opened(town: Town) -> None:
    request = make_registration(generate(NOBODY), sources=[source_of(NOBODY)], types=["*"], now=town.clock.now())
    head = town.hub.ledger.head()
    with pytest.raises(Refused) as refused:
        town.hub.admin.register_key(request)
    assert (refused.value.code, town.hub.ledger.head()) == ("unknown_desk", head)


def test_a_sender_learns_which_desks_that_it_named_nobody_knows(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL, NOBODY], exclude=[NOBODY, "north-police"]))
    assert sent.receipt is not None
    found = [(one.code, one.pointer) for one in sent.receipt.defects]
    assert found == [("unknown_desk", "/to/1"), ("unknown_desk", "/exclude/0")]
