"""What our tables beside the ledger promise, on every database that a hub may run on."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from sightline.kernel.errors import Corrupt
from sightline.kernel.ports import Database, Row, Session, Value
from tests.builders_ledger import OnPostgres, OnSqlite, Settings, a_ledger, at_once

TABLE = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, number BIGINT, sealed BLOB)"
PUT = "INSERT INTO things VALUES (?, ?, ?)"
MANY: list[tuple[int | None, bytes | None]] = [
    (0, b""), (-1, None), (None, b"\x00\xff"), (2**31, b"'"), (-(2**63), b"\\"), (2**63 - 1, bytes(range(256)))
]  # fmt: skip


class Burst(Exception):
    """Something of ours that fails inside a transaction."""


def everything(session: Session) -> list[Row]:
    """The whole table."""
    return session.execute("SELECT name, number, sealed FROM things ORDER BY name")


class DatabaseContract:
    """Each database inherits these."""

    @pytest.fixture
    def database(self, store: Settings) -> Iterator[Database]:
        with a_ledger(store) as ledger:
            with ledger.database.transaction() as session:
                session.execute(TABLE)
            yield ledger.database

    @pytest.fixture
    def other(self, store: Settings, database: Database) -> Iterator[Database]:
        """The same database as another process has it open."""
        with a_ledger(store) as ledger:
            assert ledger.database is not database
            yield ledger.database

    def put(self, database: Database, *rows: tuple[Value, ...]) -> None:
        """Write rows in a transaction of their own."""
        with database.transaction() as session:
            session.execute_many(PUT, rows)

    def rows(self, database: Database) -> list[Row]:
        """What stands in the table."""
        with database.reading() as session:
            return everything(session)

    # ---------------------------------------------------------------------------------------------------- transactions

    def test_what_is_committed_is_there_for_all(self, database: Database, other: Database) -> None:
        self.put(database, ("a", 1, b"x"))
        assert self.rows(other) == [("a", 1, b"x")]

    def test_an_error_undoes_all_that_was_written(self, database: Database, other: Database) -> None:
        def fail() -> None:
            with database.transaction() as session:
                session.execute(PUT, ("a", 1, b"x"))
                raise Burst

        with pytest.raises(Burst):
            fail()
        assert self.rows(database) == self.rows(other) == []
        self.put(database, ("b", 2, b""))
        assert len(self.rows(other)) == 1

    def test_a_refused_row_undoes_all_that_was_written_and_is_corrupt(self, database: Database) -> None:
        self.put(database, ("a", 1, b"x"))
        with pytest.raises(Corrupt, match="row_taken"):
            self.put(database, ("b", 1, b""), ("a", 2, b"y"))
        with pytest.raises(Corrupt, match="row_taken"), database.transaction() as session:
            session.execute(PUT, ("a", 2, b"y"))
        assert self.rows(database) == [("a", 1, b"x")]

    def test_a_transaction_sees_what_it_wrote_and_nobody_else_does(self, database: Database, other: Database) -> None:
        with database.transaction() as session:
            session.execute(PUT, ("a", 1, b""))
            assert len(everything(session)) == 1
            assert self.rows(other) == []

    def test_writers_at_once_wait_for_each_other(self, database: Database, other: Database) -> None:
        self.put(database, ("a", 0, b""))

        def count(writer: Database) -> None:
            for _ in range(10):
                with writer.transaction() as session:
                    session.execute("UPDATE things SET number = number + 1 WHERE name = 'a'")

        assert at_once([partial(count, writer) for writer in (database, other) * 2]) == [None] * 4
        assert self.rows(database) == [("a", 40, b"")]

    def test_who_reads_before_writing_does_not_lose_to_a_writer_in_between(
        self, database: Database, other: Database
    ) -> None:
        """The winner of a compare and set is told so, the loser too; neither sees an error of the database."""
        self.put(database, ("a", 0, b""))

        def move(writer: Database) -> bool:
            with writer.transaction() as session:
                everything(session)
                return bool(session.execute("UPDATE things SET number = 1 WHERE number = 0 RETURNING name"))

        assert sorted(at_once([partial(move, writer) for writer in (database, other) * 2])) == [False] * 3 + [True]  # type: ignore[type-var]  # an error in the list fails the comparison, as it should

    # --------------------------------------------------------------------------------------------------------- reading

    def test_a_reading_sees_one_state_while_another_writes(self, database: Database, other: Database) -> None:
        self.put(database, ("a", 1, b""))
        with database.reading() as session:
            before = everything(session)
            self.put(other, ("b", 2, b""))
            assert everything(session) == before
        assert len(self.rows(database)) == 2

    def test_a_reading_does_not_wait_for_a_writer(self, database: Database, other: Database) -> None:
        written, looked = threading.Event(), threading.Event()

        def write() -> None:
            with database.transaction() as session:
                session.execute(PUT, ("a", 1, b""))
                written.set()
                assert looked.wait(10)

        def look() -> None:
            assert written.wait(10)
            assert self.rows(database) == self.rows(other) == []
            looked.set()

        at_once([write, look])
        assert len(self.rows(other)) == 1

    def test_a_reading_cannot_write_and_the_next_transaction_can(self, database: Database) -> None:
        for _ in range(3):
            with pytest.raises(Exception, match=r"read-?only"), database.reading() as session:
                session.execute(PUT, ("a", 1, b""))
        self.put(database, ("a", 1, b""))
        assert len(self.rows(database)) == 1

    # ------------------------------------------------------------------------------------------------------- statements

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(("é \N{SNOWMAN} ' % %s ? \\ \n", None, None), id="text of any kind, and nothing"),
            pytest.param(("", 0, b""), id="empty"),
            pytest.param(("x" * 100_000, 2**63 - 1, bytes(range(256)) * 4096), id="large"),
            pytest.param(("least", -(2**63), b"\x00"), id="least"),
        ],
    )
    def test_values_come_back_as_they_were(self, database: Database, value: tuple[Value, ...]) -> None:
        self.put(database, value)
        found = self.rows(database)
        assert found == [value]
        assert [type(v) for v in found[0]] == [type(v) for v in value]
        with database.reading() as session:
            assert session.execute("SELECT number FROM things WHERE name = ?", value[:1]) == [value[1:2]]

    def test_rows_are_tuples_and_statements_without_rows_give_none(self, database: Database) -> None:
        with database.transaction() as session:
            assert session.execute(PUT, ("a", 1, b"")) == []
            assert session.execute("UPDATE things SET number = 2") == []
            assert session.execute("SELECT name FROM things WHERE number = 9") == []
            assert isinstance(everything(session)[0], tuple)

    def test_parameters_may_be_any_sequence(self, database: Database) -> None:
        with database.transaction() as session:
            session.execute(PUT, ["a", 1, b""])
            session.execute_many(PUT, iter([("b", 2, b""), ("c", 3, b"")]))
        assert [row[0] for row in self.rows(database)] == ["a", "b", "c"]

    def test_many_of_nothing_is_nothing(self, database: Database) -> None:
        with database.transaction() as session:
            session.execute_many(PUT, [])
        assert self.rows(database) == []

    def test_many_rows_hold_what_one_does(self, database: Database) -> None:
        rows = [(f"n{n}", value, body) for n, (value, body) in enumerate(MANY)]
        self.put(database, *rows)
        with database.reading() as session:
            assert [tuple(row) for row in everything(session)] == rows

    def test_of_many_rows_one_that_is_there_already_keeps_all_out(self, database: Database) -> None:
        self.put(database, ("b", 1, b""))
        with pytest.raises(Corrupt, match="row_taken"):
            self.put(database, ("a", 1, b""), ("b", 2, b""), ("c", 3, b""))
        assert self.rows(database) == [("b", 1, b"")]

    def test_of_many_rows_those_that_are_there_may_be_left(self, database: Database) -> None:
        self.put(database, ("b", 1, b""))
        with database.transaction() as session:
            session.execute_many(f"{PUT} ON CONFLICT (name) DO NOTHING", [("a", 1, b""), ("b", 2, b""), ("a", 3, b"")])
        assert self.rows(database) == [("a", 1, b""), ("b", 1, b"")]

    def test_a_number_may_stand_in_the_statement_for_many_rows(self, database: Database) -> None:
        with database.transaction() as session:
            session.execute_many("INSERT INTO things VALUES (?, 7, ?)", [("a", b"x"), ("b", b"y")])
        assert self.rows(database) == [("a", 7, b"x"), ("b", 7, b"y")]

    def test_conflicts_are_settled_and_told(self, database: Database) -> None:
        update = f"{PUT} ON CONFLICT (name) DO UPDATE SET number = excluded.number RETURNING number"
        ignore = f"{PUT} ON CONFLICT (name) DO NOTHING RETURNING number"
        with database.transaction() as session:
            assert session.execute(update, ("a", 1, b"first")) == [(1,)]
            assert session.execute(update, ("a", 2, b"second")) == [(2,)]
            assert session.execute(ignore, ("a", 3, b"third")) == []
            session.execute_many(update, [("a", 4, b""), ("a", 5, b"")])
        assert self.rows(database) == [("a", 5, b"first")]

    def test_a_conflict_may_be_settled_on_a_condition(self, database: Database) -> None:
        later = f"{PUT} ON CONFLICT (name) DO UPDATE SET number = excluded.number WHERE things.number < excluded.number"
        with database.transaction() as session:
            session.execute_many(later, [("a", 2, b""), ("a", 1, b""), ("a", 3, b""), ("a", 2, b"")])
        assert self.rows(database) == [("a", 3, b"")]

    def test_texts_are_ordered_by_their_bytes(self, database: Database) -> None:
        names = ["b", "B", "a-1", "a_1", "a1", "é", "z", "", "\N{SNOWMAN}", "10", "9"]
        self.put(database, *((name, 0, b"") for name in names))
        assert [row[0] for row in self.rows(database)] == sorted(names)
        with database.reading() as session:
            assert session.execute("SELECT MAX(name), MIN(name) FROM things WHERE name < ?", ("b",)) == [("a_1", "")]

    def test_patterns_groups_and_limits_read_alike(self, database: Database) -> None:
        self.put(database, ("alert.a_due", 1, b""), ("alert.adue", 1, b""), ("alert.b_due", 2, b""))
        with database.reading() as session:
            like = session.execute("SELECT name FROM things WHERE name LIKE 'alert.%_due' ORDER BY name")
            groups = session.execute(
                "SELECT number, MAX(name), COUNT(*) FROM things GROUP BY number ORDER BY number LIMIT ? OFFSET ?",
                (5, 0),
            )
            marks = session.execute("SELECT name FROM things WHERE name IN (?,?) ORDER BY name", ("alert.adue", "x"))
        assert like == [("alert.a_due",), ("alert.adue",), ("alert.b_due",)]
        assert groups == [(1, "alert.adue", 2), (2, "alert.b_due", 1)]
        assert marks == [("alert.adue",)]

    def test_the_latest_of_each_is_found_as_the_views_ask(self, database: Database) -> None:
        self.put(database, ("a", 1, b"old"), ("b", 1, b"new"), ("c", 2, b"only"))
        with database.reading() as session:
            latest = session.execute(
                "SELECT t.number, t.sealed FROM things t JOIN (SELECT number, MAX(name) AS name FROM things"
                " WHERE number < ? GROUP BY number) x ON x.name = t.name ORDER BY t.number",
                (9,),
            )
        assert latest == [(1, b"new"), (2, b"only")]

    # ------------------------------------------------------------------------------------------------------ definitions

    def test_ledgers_may_be_opened_by_several_processes_at_once(self, store: Settings) -> None:
        def start() -> int:
            with a_ledger(store) as ledger:
                return ledger.head()

        assert at_once([start] * 4) == [0] * 4

    def test_tables_may_be_made_again_and_by_several_processes_at_once(
        self, database: Database, other: Database
    ) -> None:
        def define(maker: Database, name: str) -> None:
            with maker.transaction() as session:
                session.execute(TABLE.replace("things", name))
                session.execute(f"CREATE INDEX IF NOT EXISTS {name}_number ON {name} (number, name)")

        for name in ("one", "two", "three", "four", "five"):
            assert at_once([partial(define, maker, name) for maker in (database, other) * 2]) == [None] * 4


class TestDatabaseOnSqlite(OnSqlite, DatabaseContract):
    """One file."""


class TestDatabaseOnPostgres(OnPostgres, DatabaseContract):
    """One database."""
