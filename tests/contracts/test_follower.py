"""What followers promise: a result and the new position, or neither; and of two followers one, on every database."""

import threading
from collections.abc import Iterator, Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.kernel.ports import Database, Session
from sightline.ledger.positions import TABLES, Overtaken, advance, position
from tests.builders_ledger import OnPostgres, OnSqlite, Settings, a_ledger, at_once, lost

NAME = "follower"
DONE = "CREATE TABLE IF NOT EXISTS done (follower TEXT, entry BIGINT, PRIMARY KEY (follower, entry))"


class Burst(Exception):
    """Something of ours that fails in the middle of a batch."""


class Follower:
    """Writes down each entry of a batch, from the position that it remembers."""

    def __init__(self, database: Database, name: str = NAME) -> None:
        self._database = database
        self._name = name
        self.at = self.stored()

    def stored(self) -> int:
        """The position in the database."""
        with self._database.reading() as session:
            return position(session, self._name)

    def take(self, upto: int) -> int:
        """Do the entries up to that one. Raises Overtaken."""
        with self._database.transaction() as session:
            advance(session, self._name, self.at, upto)
            self._write(session, range(self.at + 1, upto + 1))
        self.at = upto
        return upto

    def take_late(self, upto: int) -> None:
        """The same, with the position moved last."""
        with self._database.transaction() as session:
            self._write(session, range(self.at + 1, upto + 1))
            advance(session, self._name, self.at, upto)
        self.at = upto

    def done(self) -> list[int]:
        """The entries that were done."""
        with self._database.reading() as session:
            rows = session.execute("SELECT entry FROM done WHERE follower = ? ORDER BY entry", (self._name,))
        return [row[0] for row in rows]

    def _write(self, session: Session, entries: Sequence[int]) -> None:
        session.execute_many("INSERT INTO done VALUES (?, ?)", [(self._name, entry) for entry in entries])


class FollowerContract:
    """Each database inherits these."""

    @pytest.fixture
    def database(self, store: Settings) -> Iterator[Database]:
        with a_ledger(store) as ledger:
            with ledger.database.transaction() as session:
                for statement in (*TABLES, DONE):
                    session.execute(statement)
            yield ledger.database

    @pytest.fixture
    def other(self, store: Settings, database: Database) -> Iterator[Database]:
        """The same database as another process has it open."""
        with a_ledger(store) as ledger:
            assert ledger.database is not database
            yield ledger.database

    def test_a_follower_starts_at_0_and_moves_with_its_results(self, database: Database) -> None:
        follower = Follower(database)
        assert follower.at == 0
        follower.take(3)
        follower.take(5)
        assert (follower.stored(), follower.done()) == (5, [1, 2, 3, 4, 5])

    def test_a_follower_goes_on_after_a_restart(self, database: Database, store: Settings) -> None:
        Follower(database).take(3)
        with a_ledger(store) as again:
            follower = Follower(again.database)
            follower.take(4)
            assert (follower.stored(), follower.done()) == (4, [1, 2, 3, 4])

    def test_a_batch_that_fails_leaves_neither_result_nor_position(self, database: Database) -> None:
        def fail() -> None:
            with database.transaction() as session:
                advance(session, NAME, 0, 3)
                session.execute("INSERT INTO done VALUES (?, ?)", (NAME, 1))
                raise Burst

        with pytest.raises(Burst):
            fail()
        follower = Follower(database)
        assert (follower.at, follower.done()) == (0, [])
        follower.take(2)
        assert follower.done() == [1, 2]

    @pytest.mark.parametrize("start", [pytest.param(-1, id="before"), pytest.param(1, id="after")])
    def test_from_the_wrong_position_nothing_is_written(self, database: Database, start: int) -> None:
        follower = Follower(database)
        follower.take(3)
        follower.at += start
        with pytest.raises(Overtaken, match="another follower was first"):
            follower.take(9)
        assert (follower.stored(), follower.done()) == (3, [1, 2, 3])

    def test_being_overtaken_undoes_what_was_written_before(self, database: Database) -> None:
        follower = Follower(database)
        follower.at = 5
        with pytest.raises(Overtaken):
            follower.take_late(9)
        assert (follower.stored(), follower.done()) == (0, [])

    def test_a_stale_batch_that_overlaps_changes_nothing(self, database: Database, other: Database) -> None:
        """What the library's own tracking lets through: a consumer that lags, with a batch that reaches further."""
        stale, first = Follower(database), Follower(other)
        first.take(3)
        for upto in (2, 3, 4):
            with pytest.raises(Overtaken):
                stale.take(upto)
        assert (first.stored(), first.done()) == (3, [1, 2, 3])
        assert Follower(database).take(4) == 4

    def test_followers_of_other_names_do_not_meet(self, database: Database) -> None:
        one, two = Follower(database, "one"), Follower(database, "two")
        one.take(3)
        two.take(1)
        assert (one.stored(), two.stored(), Follower(database, "three").at) == (3, 1, 0)

    def test_of_followers_at_once_exactly_one_wins(self, database: Database, other: Database) -> None:
        for turn in range(1, 9):
            followers = [Follower(of) for of in (database, other) * 2]
            assert lost(at_once([partial(follower.take, turn * 3) for follower in followers])) == [Overtaken] * 3
        assert Follower(database).done() == list(range(1, 25))

    def test_one_that_comes_while_another_writes_waits_and_is_overtaken(
        self, database: Database, other: Database
    ) -> None:
        slow, fast = Follower(database), Follower(other)
        writing = threading.Event()

        def write_slowly() -> None:
            with database.transaction() as session:
                advance(session, NAME, slow.at, 3)
                writing.set()
                session.execute_many("INSERT INTO done VALUES (?, ?)", [(NAME, entry) for entry in (1, 2, 3)])

        def come() -> None:
            assert writing.wait(10)
            fast.take(2)

        assert lost(at_once([write_slowly, come])) == [Overtaken]
        assert (fast.stored(), fast.done()) == (3, [1, 2, 3])

    # The database is emptied for each example; the method is one contract's, run for each database.
    @settings(
        max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
    )
    @given(turns=st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.booleans()), max_size=12))
    def test_whatever_two_followers_do_each_entry_is_done_once_in_order(
        self, database: Database, other: Database, turns: list[tuple[bool, int, bool]]
    ) -> None:
        with database.transaction() as session:
            session.execute("DELETE FROM done")
            session.execute("DELETE FROM positions")
        pair = {False: Follower(database), True: Follower(other)}
        for which, count, restarts in turns:
            follower = pair[which]
            if restarts:
                follower.at = follower.stored()
            if follower.at == follower.stored():
                follower.take(follower.at + count)
            else:
                with pytest.raises(Overtaken):
                    follower.take(follower.at + count)
        assert pair[False].done() == list(range(1, pair[True].stored() + 1))


class TestFollowerOnSqlite(OnSqlite, FollowerContract):
    """One file."""


class TestFollowerOnPostgres(OnPostgres, FollowerContract):
    """One database."""
