"""What only SQLite must be told: to be durable on every connection, and to say in our words what went wrong."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters.sqlite import Recorder
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.ledger.store import Ledger
from tests.builders_ledger import Settings, a_ledger, a_matter, some_entries, sqlite_settings

FULL = 2


@pytest.fixture
def store(tmp_path: Path) -> Settings:
    return sqlite_settings(tmp_path)


@pytest.fixture
def ledger(store: Settings) -> Iterator[Ledger]:
    with a_ledger(store) as ledger:
        yield ledger


def pragmas(ledger: Ledger, *, connections: int) -> list[tuple[Any, ...]]:
    """How durable each of so many connections is, all taken from the pool at once: one that writes, others that read."""
    recorder = ledger.recorder
    assert isinstance(recorder, Recorder)
    with ExitStack() as stack:
        cursors = [
            stack.enter_context(recorder.datastore.get_connection(commit=number == 0)).cursor().sqlite_cursor
            for number in range(connections)
        ]
        assert len({id(cursor.connection) for cursor in cursors}) == connections
        return [
            tuple(cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode"))
            for cursor in cursors
        ]


def test_every_connection_is_durable_also_after_the_file_was_opened_again(store: Settings) -> None:
    for _ in range(2):
        with a_ledger(store) as ledger:
            ledger.append(some_entries())
            assert pragmas(ledger, connections=12) == [(FULL, "wal")] * 12


def test_the_guard_sees_a_connection_that_is_not_durable(ledger: Ledger) -> None:
    with ledger.recorder.datastore.get_connection(commit=False) as connection:  # type: ignore[attr-defined]  # the adapter's
        connection.cursor().execute("PRAGMA synchronous=NORMAL")
    assert pragmas(ledger, connections=3) != [(FULL, "wal")] * 3


def test_many_streams_are_loaded_in_one_query(ledger: Ledger) -> None:
    streams = [a_matter(notes=1) for _ in range(100)]
    ledger.append([entry for matter in streams for entry in matter.collect()])
    asked: list[str] = []
    with ledger.recorder.datastore.get_connection(commit=False) as connection:  # type: ignore[attr-defined]  # the adapter's
        connection.cursor().sqlite_cursor.connection.set_trace_callback(asked.append)
    assert len(ledger.load([matter.id for matter in streams])) == 100
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_a_file_that_another_process_holds_is_unavailable(store: Settings, ledger: Ledger) -> None:
    with a_ledger({**store, "SQLITE_LOCK_TIMEOUT": "1"}) as impatient:
        with ledger.database.transaction() as held:
            held.execute("CREATE TABLE held (n BIGINT)")
            with pytest.raises(Unavailable, match="database_unavailable"):
                impatient.append(some_entries())
        impatient.append(some_entries())
    assert ledger.head() == 1


def test_a_full_disk_is_unavailable_and_keeps_what_was_there(ledger: Ledger) -> None:
    ledger.append(some_entries())
    with ledger.database.transaction() as session:
        pages = session.execute("PRAGMA page_count")[0][0]
        session.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(Unavailable, match="database_unavailable"):
        ledger.append(some_entries(notes=3000))
    assert len(ledger.read(0, 10)) == 1


def test_a_damaged_file_is_corrupt(store: Settings) -> None:
    with a_ledger(store) as ledger:
        ledger.append(some_entries(notes=500))
    path = Path(store["SQLITE_DBNAME"])
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with a_ledger(store) as ledger, pytest.raises(Corrupt, match="database_damaged"):
        ledger.read(0, 1000)


def test_what_is_wrong_with_a_statement_is_neither(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="no such table") as told, ledger.database.reading() as session:
        session.execute("SELECT 1 FROM nowhere")
    assert isinstance(told.value.__cause__, sqlite3.OperationalError)
