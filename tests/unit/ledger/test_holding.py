"""What is kept from batch to batch is what would be read: as it stands now, whoever else has written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.ledger.child import Child
from sightline.ledger.holding import Held
from sightline.ledger.people import People, load, rejoin
from sightline.ledger.root import Recorded
from sightline.ledger.store import Ledger
from tests.builders_ledger import AT, a_ledger, sqlite_settings

RECORDS = tuple(UUID(int=n) for n in range(1, 5))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with a_ledger(sqlite_settings(tmp_path)) as ledger:
        ledger.append([entry for record in RECORDS for entry in Child.opened(record, step="s", at=AT).collect()])
        yield ledger


def noted(child: Recorded, relation: str) -> list[Any]:
    """The entries of one more flag on that record."""
    child.note(Child.FlagRaised, step="s", timestamp=AT, flag="suspected_exploiter", about=relation)
    return child.collect()


def state(streams: dict[UUID, Recorded]) -> dict[UUID, dict[str, Any]]:
    return {stream: {**vars(one)} for stream, one in streams.items()}


def test_what_nobody_has_added_to_is_not_read_again(ledger: Ledger) -> None:
    held = Held(ledger)
    first = held.load(RECORDS[:2], {})
    held.keep(first, {})
    again = held.load(RECORDS[:2], {})
    assert all(again[record] is first[record] for record in RECORDS[:2])


def test_what_another_has_added_to_is_read_again(ledger: Ledger) -> None:
    held = Held(ledger)
    held.keep(held.load(RECORDS[:2], {}), {})
    ledger.append(noted(ledger.load(RECORDS[:1])[RECORDS[0]], "parent"))
    assert state(held.load(RECORDS[:2], {})) == state(ledger.load(RECORDS[:2]))


def test_what_is_handed_out_and_not_kept_leaves_nothing_behind(ledger: Ledger) -> None:
    held = Held(ledger)
    held.keep(held.load(RECORDS[:1], {}), {})
    noted(held.load(RECORDS[:1], {})[RECORDS[0]], "parent")  # Never stored.
    assert state(held.load(RECORDS[:1], {})) == state(ledger.load(RECORDS[:1]))


def test_a_record_with_entries_that_nobody_collected_is_not_kept(ledger: Ledger) -> None:
    held = Held(ledger)
    one = held.load(RECORDS[:1], {})
    one[RECORDS[0]].note(Child.FlagRaised, step="s", timestamp=AT, flag="safe_word_set", about="")
    held.keep(one, {})
    assert state(held.load(RECORDS[:1], {})) == state(ledger.load(RECORDS[:1]))


def test_no_more_is_held_than_was_said_however_long_the_histories(ledger: Ledger) -> None:
    held = Held(ledger, room=12_000)
    for relation in ("parent", "carer", "sponsor"):
        ledger.append(noted(ledger.load(RECORDS[:1])[RECORDS[0]], relation))
    first = held.load(RECORDS, {})
    held.keep(first, {})
    again = held.load(RECORDS, {})
    assert [again[record] is first[record] for record in RECORDS] == [False, True, True, True]


GROUPINGS: tuple[tuple[tuple[UUID, ...], ...], ...] = (
    (),
    (RECORDS[:2],),
    (RECORDS[:3],),
    (RECORDS[:2], RECORDS[2:]),
    ((RECORDS[1], RECORDS[0]),),
)


def people_of(grouping: tuple[tuple[UUID, ...], ...]) -> People:
    return {record: members for members in grouping for record in members}


def regroup(ledger: Ledger, held: Held, before: People, after: People, *, together: bool) -> None:
    """As a ruling does: records are joined and parted, by who holds them or by another."""
    streams = held.load(RECORDS, before) if together else load(ledger, RECORDS, before)
    children: Any = streams
    groups = {record: frozenset(before.get(record, (record,))) for record in RECORDS}
    alone: Any = ledger.load(RECORDS)
    entries = []
    for members in dict.fromkeys(after.get(record, (record,)) for record in RECORDS):
        if frozenset(members) == groups[members[0]]:
            continue
        rejoin(children, alone, dict(groups), list(members))
        for record in members:
            said = {"records": [one.hex for one in members], "category": "none", "risk": "none_recorded"}
            children[record].note(Child.Joined, step="s", timestamp=AT, **said)
            entries += children[record].collect()
    ledger.append(entries)
    if together:
        held.keep(streams, before)


MOVES = st.one_of(
    st.tuples(st.just("note"), st.sampled_from(range(4)), st.booleans()),
    st.tuples(st.just("group"), st.sampled_from(range(len(GROUPINGS))), st.booleans()),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=12))
def test_whatever_is_joined_parted_and_noted_by_whom_ever_what_is_held_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, int, bool]]
) -> None:
    with a_ledger(sqlite_settings(tmp_path_factory.mktemp("held"))) as ledger:
        ledger.append([entry for record in RECORDS for entry in Child.opened(record, step="s", at=AT).collect()])
        held, people = Held(ledger), people_of(())
        for number, (kind, which, ours) in enumerate(moves):
            if kind == "group":
                after = people_of(GROUPINGS[which])
                regroup(ledger, held, people, after, together=ours)
                people = after
                continue
            streams = (held.load if ours else lambda wanted, p: load(ledger, wanted, p))([RECORDS[which]], people)
            ledger.append(noted(streams[RECORDS[which]], f"relation-{number}"))
            if ours:
                held.keep(streams, people)
        found = held.load(RECORDS, people)
        assert state(found) == state(load(ledger, RECORDS, people))
        held.keep(found, people)
        assert state(held.load(RECORDS, people)) == state(load(ledger, RECORDS, people))
