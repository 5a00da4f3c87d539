"""Readers: each token once, remembered as long as it could be used, and never forgotten early."""

from datetime import timedelta

import pytest

from sightline.entrypoints.api.readers import Spent
from sightline.entrypoints.api.streams import Streams
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId
from tests.builders import NOW

LIFE = timedelta(seconds=65)
DESK = DeskId("northshire-police/missing-persons")


@pytest.mark.parametrize("later", [timedelta(), LIFE / 2, LIFE], ids=["at once", "half-way", "at its end"])
def test_a_token_is_not_taken_twice_while_it_could_be_used(later: timedelta) -> None:
    spent = Spent()
    spent.spend("a", NOW + LIFE, NOW)
    with pytest.raises(Refused, match="token_replayed"):
        spent.spend("a", NOW + LIFE, NOW + later)


def test_a_token_is_forgotten_when_it_could_not_be_used_anyway() -> None:
    spent = Spent(most=1)
    spent.spend("a", NOW + LIFE, NOW)
    spent.spend("b", NOW + 2 * LIFE, NOW + LIFE + timedelta(seconds=1))


def test_a_full_memory_refuses_to_forget() -> None:
    spent = Spent(most=2)
    spent.spend("a", NOW + LIFE, NOW)
    spent.spend("b", NOW + LIFE, NOW)
    with pytest.raises(Unavailable):
        spent.spend("c", NOW + LIFE, NOW)
    with pytest.raises(Refused, match="token_replayed"):
        spent.spend("a", NOW + LIFE, NOW)


def test_a_desk_has_at_most_so_many_streams_and_all_desks_together_too() -> None:
    streams = Streams(of_a_desk=2, of_all=3)
    streams.take(DESK)
    streams.take(DESK)
    with pytest.raises(Refused, match="too_many_streams"):
        streams.take(DESK)
    other = DeskId("northshire-mash/desk")
    streams.take(other)
    with pytest.raises(Refused, match="too_many_streams"):
        streams.take(other)
    streams.give_back(DESK)
    streams.take(other)
