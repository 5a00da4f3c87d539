"""What the ledger promises to writers that come at the same time, and about rows that stand beside entries."""

import threading
from functools import partial
from uuid import uuid4

import pytest

from sightline.kernel.ports import Row, Session
from sightline.ledger.matter import Matter
from sightline.ledger.store import Collision, Ledger, Placed
from tests.builders_ledger import (
    LedgerUnderTest,
    OnPostgres,
    OnSqlite,
    a_matter,
    at_once,
    claimed,
    claims,
    lost,
    noted,
    some_entries,
)


class Burst(Exception):
    """Something of ours that fails inside the accepting transaction."""


class WritersContract(LedgerUnderTest):
    """Each store inherits these."""

    def test_two_writers_of_one_stream_cannot_both_win(self, ledger: Ledger, other: Ledger) -> None:
        matter = a_matter()
        ledger.append(matter.collect())
        ours, theirs = ledger.load([matter.id])[matter.id], other.load([matter.id])[matter.id]
        assert isinstance(ours, Matter)
        assert isinstance(theirs, Matter)
        other.append(noted(theirs, step="theirs").collect())
        with pytest.raises(Collision):
            ledger.append([*noted(ours, step="ours").collect(), *some_entries()], also=claims("one"))
        assert [p.entry.step for p in ledger.read(0, 100)] == ["step", "theirs"]
        assert claimed(ledger) == []

    def test_two_writers_of_one_unique_row_cannot_both_win(self, ledger: Ledger, other: Ledger) -> None:
        other.append(some_entries(step="theirs"), also=claims("one"))
        with pytest.raises(Collision):
            ledger.append(some_entries(step="ours"), also=claims("two", "one"))
        assert [p.entry.step for p in ledger.read(0, 100)] == ["theirs"]
        assert [row[0] for row in claimed(ledger)] == ["one"]

    def test_rows_without_entries_collide_alike(self, ledger: Ledger, other: Ledger) -> None:
        ledger.append([], also=claims("one"))
        with pytest.raises(Collision):
            other.append([], also=claims("one"))
        assert (len(claimed(ledger)), ledger.head()) == (1, 0)

    def test_of_writers_at_once_exactly_one_takes_a_version(self, ledger: Ledger, other: Ledger) -> None:
        for stream in [uuid4() for _ in range(8)]:
            outcomes = at_once([partial(writer.append, some_entries(stream)) for writer in (ledger, other) * 2])
            assert lost(outcomes) == [Collision] * 3
        assert len(ledger.read(0, 100)) == 8

    def test_of_writers_at_once_exactly_one_takes_a_row(self, ledger: Ledger, other: Ledger) -> None:
        for name in "abcdefgh":
            works = [partial(writer.append, some_entries(), also=claims(name)) for writer in (ledger, other) * 2]
            assert lost(at_once(works)) == [Collision] * 3
        assert len(claimed(ledger)) == len(ledger.read(0, 100)) == 8

    def test_writers_whose_rows_cross_do_not_block_each_other(self, ledger: Ledger, other: Ledger) -> None:
        """The same rows in another order: the loser hears of a collision, not of a deadlock a second later."""
        for turn in range(4):
            names = [f"{turn} {number}" for number in range(50)]
            one = partial(ledger.append, some_entries(), also=claims(*names))
            two = partial(other.append, some_entries(), also=claims(*reversed(names)))
            assert lost(at_once([one, two])) == [Collision]
        assert len(claimed(ledger)) == 200

    def test_a_reader_never_passes_over_an_entry_that_is_still_being_written(
        self, ledger: Ledger, other: Ledger
    ) -> None:
        """Positions are given out in the order of commits: whoever sees 8 has seen 7, or it will never be there."""
        done, seen = threading.Event(), list[Placed]()

        def write(writer: Ledger) -> None:
            for _ in range(15):
                writer.append(some_entries(notes=2))

        def write_all() -> None:
            try:
                assert lost(at_once([partial(write, writer) for writer in (ledger, other, other)])) == []
            finally:
                done.set()

        def follow() -> None:
            while not done.is_set() or seen[-1].position != ledger.head():
                seen.extend(ledger.read(seen[-1].position if seen else 0, 10))

        at_once([write_all, follow])
        assert seen == ledger.read(0, 1000)
        assert len(seen) == 3 * 15 * 3

    def test_rows_commit_with_the_entries(self, ledger: Ledger, other: Ledger) -> None:
        ledger.append(some_entries(), also=claims("a", "b"))
        assert [row[0] for row in claimed(other)] == ["a", "b"]

    def test_an_error_beside_the_entries_leaves_neither(self, ledger: Ledger, other: Ledger) -> None:
        def fail(session: Session) -> None:
            claims("one")(session)
            raise Burst

        with pytest.raises(Burst):
            ledger.append(some_entries(notes=1), also=fail)
        assert (claimed(other), other.read(0, 10), other.head()) == ([], [], 0)
        ledger.append(some_entries(), also=claims("one"))
        assert len(other.read(0, 10)) == 1

    def test_rows_can_be_read_back_where_they_are_written(self, ledger: Ledger) -> None:
        told: list[list[Row]] = []

        def also(session: Session) -> None:
            claims("one")(session)
            session.execute_many("INSERT INTO claims_of_test VALUES (?, ?)", [("three", b"3"), ("two", b"2")])
            told.append(session.execute("SELECT name FROM claims_of_test ORDER BY name"))
            told.append(
                session.execute("UPDATE claims_of_test SET digest = ? WHERE name = ? RETURNING digest", (b"new", "two"))
            )
            told.append(session.execute("UPDATE claims_of_test SET digest = ? WHERE name = ?", (b"newer", "two")))

        ledger.append(some_entries(), also=also)
        assert told == [[("one",), ("three",), ("two",)], [(b"new",)], []]
        assert ("two", b"newer") in claimed(ledger)


class TestWritersOnSqlite(OnSqlite, WritersContract):
    """One file."""


class TestWritersOnPostgres(OnPostgres, WritersContract):
    """One database."""
