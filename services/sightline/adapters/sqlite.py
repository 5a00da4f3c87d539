"""SQLite for one machine: the library's recorder with `synchronous=FULL`, and our tables in the same file."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from eventsourcing import sqlite as library
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from sightline.kernel.ports import Row, Session, Value

MODULE = "sightline.adapters.sqlite"
"""What ``PERSISTENCE_MODULE`` names to choose this store."""

_IN_CHUNK = 400
"""Streams asked for in one statement: well below SQLite's bound on parameters."""


class _Pool(SQLiteConnectionPool):
    """Connections that survive a power cut: the library sets WAL but leaves `synchronous` at its default."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA cache_size=-32768")
        return connection


class _Datastore(SQLiteDatastore):
    def __init__(self, db_name: str, **settings: Any) -> None:
        super().__init__(db_name, **settings)
        self.pool.close()
        self.pool = _Pool(db_name=db_name, lock_timeout=settings.get("lock_timeout"))


class SqliteSession:
    """One open SQLite transaction, as the stages see it."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._cursor.row_factory = None

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; its rows as tuples."""
        return self._cursor.execute(sql, params).fetchall()

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row."""
        self._cursor.executemany(sql, rows)


class SqliteDatabase:
    """Our tables beside the ledger's, in one file, under the library's own writer lock."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        self._datastore = datastore

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write; committed on a normal exit."""
        with self._datastore.transaction(commit=True) as cursor:
            yield SqliteSession(_raw(cursor))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read only; one consistent state."""
        with self._datastore.transaction(commit=False) as cursor:
            yield SqliteSession(_raw(cursor))


class Recorder(SQLiteApplicationRecorder):
    """The library's recorder, plus rows of ours in the same transaction and several streams in one query."""

    @property
    def database(self) -> SqliteDatabase:
        """Our tables in this file."""
        return SqliteDatabase(self.datastore)

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        returned = super()._insert_events(c, stored_events)
        also = cast("Callable[[Session], None] | None", kwargs.get("also"))
        if also is not None:
            also(SqliteSession(_raw(c).connection.cursor()))
        return returned

    def select_streams(self, ids: Sequence[UUID]) -> list[StoredEvent]:
        """All events of those streams, in order of stream and version."""
        found: list[StoredEvent] = []
        with self.datastore.transaction(commit=False) as c:
            for start in range(0, len(ids), _IN_CHUNK):
                chunk = [i.hex for i in ids[start : start + _IN_CHUNK]]
                marks = ",".join("?" * len(chunk))
                c.execute(
                    "SELECT originator_id, originator_version, topic, state FROM stored_events"  # noqa: S608  # only question marks are put in
                    f" WHERE originator_id IN ({marks}) ORDER BY originator_id, originator_version",
                    chunk,
                )
                found += [_stored(row) for row in c.fetchall()]
        return found

    def select_entries(self, names: Sequence[tuple[UUID, int]]) -> list[StoredEvent]:
        """The events of those names."""
        found: list[StoredEvent] = []
        with self.datastore.transaction(commit=False) as c:
            for start in range(0, len(names), _IN_CHUNK):
                chunk = names[start : start + _IN_CHUNK]
                marks = ",".join(["(?,?)"] * len(chunk))
                c.execute(
                    "SELECT originator_id, originator_version, topic, state FROM stored_events"  # noqa: S608  # only question marks are put in
                    f" WHERE (originator_id, originator_version) IN (VALUES {marks})",
                    [v for stream, version in chunk for v in (stream.hex, version)],
                )
                found += [_stored(row) for row in c.fetchall()]
        return found


class Factory(library.SQLiteFactory):
    """What the library builds from its settings when ``PERSISTENCE_MODULE`` names this module."""

    application_recorder_class = Recorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.datastore.close()
        self.datastore = _Datastore(self.datastore.pool.db_name, lock_timeout=60)


def _raw(cursor: SQLiteCursor) -> sqlite3.Cursor:
    return cursor.sqlite_cursor if isinstance(cursor, SQLiteCursor) else cursor


def _stored(row: Any) -> StoredEvent:
    return StoredEvent(originator_id=UUID(row[0]), originator_version=row[1], topic=row[2], state=row[3])
