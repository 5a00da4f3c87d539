"""A child's record is one aggregate, though its entries stand apart by what they are about."""

from uuid import uuid4

import pytest
from eventsourcing.domain import ProgrammingError

from sightline.ledger.child import Child
from sightline.ledger.child_clocks import Clocks
from sightline.ledger.child_episodes import Episodes
from sightline.ledger.child_matches import Matches
from sightline.ledger.child_ties import Ties
from sightline.ledger.root import Entry
from tests.builders_ledger import AT

PARTS = (Episodes, Ties, Clocks, Matches)


def test_every_entry_of_every_part_is_one_of_the_childs_own() -> None:
    for part in PARTS:
        entries = [name for name, kind in vars(part).items() if isinstance(kind, type) and issubclass(kind, Entry)]
        assert entries
        for name in entries:
            assert issubclass(vars(Child)[name], Child.Event)
            assert issubclass(vars(Child)[name], vars(part)[name])


def test_only_the_childs_own_entry_can_be_recorded_not_the_parts() -> None:
    child = Child.opened(uuid4(), step="step", at=AT)
    with pytest.raises(ProgrammingError, match="already registered"):
        child.note(Clocks.ClockStruck, step="step", timestamp=AT, clock="recall_answer", ref="l-1")
    assert [type(entry) for entry in child.collect()] == [Child.Opened]
    child.note(Child.ClockStruck, step="step", timestamp=AT, clock="recall_answer", ref="l-1")
    assert child.struck == {("recall_answer", "l-1")}
    assert [type(entry) for entry in child.collect()] == [Child.ClockStruck]


def test_everything_public_that_a_child_holds_is_a_dictionary_or_a_set() -> None:
    """Joined records share it: `people.rejoin` knows how to unite these two, and nothing else."""
    held = {name: what for name, what in vars(Child.opened(uuid4(), step="step", at=AT)).items() if name[0] != "_"}
    assert {"episodes", "involved", "running", "unclear", "answered_recalls"} <= held.keys()
    assert {type(what) for what in held.values()} == {dict, set}
