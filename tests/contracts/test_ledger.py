"""What the ledger promises about reading, on every store that a hub may run on."""

import itertools
from uuid import UUID, uuid4

import pytest

from sightline.ledger.child import Child
from sightline.ledger.matter import Matter
from sightline.ledger.store import Collision, Ledger, Placed
from tests.builders_ledger import (
    AT,
    LedgerUnderTest,
    OnPostgres,
    OnSqlite,
    Settings,
    a_ledger,
    a_matter,
    claimed,
    claims,
    some_entries,
)

STEP_SIZES = (1, 3, 2, 7, 1)


def names_of(placed: list[Placed]) -> list[tuple[UUID, int]]:
    """Stream and version of each entry."""
    return [(p.entry.originator_id, p.entry.originator_version) for p in placed]


class LedgerContract(LedgerUnderTest):
    """Each store inherits these."""

    def test_entries_are_read_in_the_order_in_which_they_were_appended(self, ledger: Ledger) -> None:
        first, second = some_entries(notes=2), some_entries(notes=1)
        ledger.append(first)
        ledger.append(second)
        assert [p.entry for p in ledger.read(0, 100)] == [*first, *second]
        assert [p.entry for p in ledger.read(ledger.read(0, 2)[-1].position, 2)] == [first[2], second[0]]

    def test_an_empty_ledger_has_nothing_and_its_head_is_0(self, ledger: Ledger) -> None:
        assert (ledger.read(0, 10), ledger.read_steps(0, 10), ledger.head()) == ([], [], 0)

    def test_appending_nothing_is_nothing(self, ledger: Ledger) -> None:
        ledger.append([])
        assert ledger.head() == 0

    def test_positions_only_grow_even_after_a_lost_race(self, ledger: Ledger) -> None:
        taken = uuid4()
        for number in range(4):
            ledger.append(some_entries(taken if number == 0 else None, notes=number))
            with pytest.raises(Collision):
                ledger.append([*some_entries(), *some_entries(taken)])
        positions = [p.position for p in ledger.read(0, 100)]
        assert len(positions) == 1 + 2 + 3 + 4
        assert all(a < b for a, b in itertools.pairwise([0, *positions]))
        assert ledger.head() == positions[-1]

    def test_entries_are_read_by_kind(self, ledger: Ledger) -> None:
        ledger.append(some_entries(notes=2))
        ledger.append(some_entries(notes=1))
        found = ledger.read(0, 100, topics=[Matter.ClockStruck.TOPIC])
        assert [p.entry.originator_version for p in found] == [2, 3, 2]

    def test_entries_outlast_the_process(self, ledger: Ledger, store: Settings) -> None:
        entries = some_entries(notes=3)
        ledger.append(entries, also=claims("one"))
        ledger.close()
        with a_ledger(store) as again:
            assert [p.entry for p in again.read(0, 100)] == entries
            assert claimed(again) == [("one", b"\x00\xff")]

    def test_each_streams_version_is_that_of_its_last_entry(self, ledger: Ledger) -> None:
        short, longer = some_entries(), some_entries(notes=3)
        ledger.append([*short, *longer])
        last = {entries[-1].originator_id: entries[-1].originator_version for entries in (short, longer)}
        assert ledger.streams.versions([*last, uuid4()]) == last
        assert ledger.streams.versions([]) == {}

    def test_an_aggregate_catches_up_with_what_was_added_since(self, ledger: Ledger) -> None:
        stream = uuid4()
        assert ledger.caught_up(stream, None) is None
        ledger.append(some_entries(stream, notes=1))
        held = ledger.caught_up(stream, None)
        added = ledger.load([stream])[stream]
        added.note(Matter.ClockStruck, step="s", timestamp=AT, clock="recall_answer", ref="l-1")
        ledger.append(added.collect())
        assert ledger.caught_up(stream, held) is held
        assert held is not None
        assert vars(held) == vars(ledger.load([stream])[stream])

    def test_many_streams_are_loaded_as_they_stand(self, ledger: Ledger) -> None:
        streams = [uuid4() for _ in range(1100)]
        ledger.append(
            [entry for number, stream in enumerate(streams) for entry in some_entries(stream, notes=number % 3)]
        )
        found = ledger.load([*streams, uuid4(), streams[0]])
        assert {stream: matter.version for stream, matter in found.items()} == {
            stream: 1 + number % 3 for number, stream in enumerate(streams)
        }
        assert ledger.load([]) == {}

    def test_entries_are_found_by_name(self, ledger: Ledger) -> None:
        matter, child = a_matter(notes=3), uuid4()
        ledger.append([*matter.collect(), *Child.opened(child, step="step", at=AT).collect()])
        wanted = [(matter.id, 3), (child, 1), (matter.id, 1), (matter.id, 3), (matter.id, 5), (uuid4(), 1)]
        found = ledger.entries(wanted)
        assert found.keys() == {(matter.id, 3), (child, 1), (matter.id, 1)}
        assert isinstance(found[child, 1], Child.Opened)
        assert ledger.entries([]) == {}

    def test_many_entries_are_found_by_name(self, ledger: Ledger) -> None:
        matter = a_matter(notes=1200)
        ledger.append(matter.collect())
        names = [(matter.id, version) for version in range(1, 1202)]
        assert ledger.entries(names).keys() == set(names)

    @pytest.fixture
    def steps(self, ledger: Ledger) -> list[list[tuple[UUID, int]]]:
        """Steps of several sizes: the names of the entries of each."""
        written = [some_entries(notes=size - 1, step=f"step {n}") for n, size in enumerate(STEP_SIZES)]
        for entries in written:
            ledger.append(entries)
        return [[(e.originator_id, e.originator_version) for e in entries] for entries in written]

    def test_no_step_is_parted_however_small_the_limit(
        self, ledger: Ledger, steps: list[list[tuple[UUID, int]]]
    ) -> None:
        for limit in range(1, sum(STEP_SIZES) + 3):
            position, found = 0, list[list[tuple[UUID, int]]]()
            while placed := ledger.read_steps(position, limit):
                position = placed[-1].position
                found += [names_of(list(of_one)) for _, of_one in itertools.groupby(placed, lambda p: p.entry.step)]
            assert found == steps, limit

    def test_no_more_is_read_than_the_limit_unless_one_step_is_larger(
        self, ledger: Ledger, steps: list[list[tuple[UUID, int]]]
    ) -> None:
        after = ledger.read(0, 6)[-1].position
        assert names_of(ledger.read_steps(0, 5)) == [*steps[0], *steps[1]]
        assert names_of(ledger.read_steps(after, 3))[:7] == steps[3]


class TestLedgerOnSqlite(OnSqlite, LedgerContract):
    """One file."""


class TestLedgerOnPostgres(OnPostgres, LedgerContract):
    """One database."""
