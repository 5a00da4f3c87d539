"""SQLite for one machine: the library's recorder with `synchronous=FULL`, and our tables in the same file."""

import re
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, cast
from uuid import UUID

from eventsourcing import sqlite as library
from eventsourcing.persistence import ConnectionUnavailableError, IntegrityError, PersistenceError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ports import Row, Session, Value
from sightline.kernel.rows import chunks, evened, marks, select_in

MODULE = "sightline.adapters.sqlite"
"""What ``PERSISTENCE_MODULE`` names to choose this store."""

_STATEMENTS = 64
"""Compiled statements that a connection keeps."""
_ROWS = 128
"""Rows put in by one statement: with the dozen columns of our widest table far below SQLite's bound on parameters."""
_PLACES = re.compile(r"VALUES (\((?:\?,)*\?\))")
_PATIENCE_S = 60
"""How long a writer waits for another."""
_ASK_AGAIN_S = 0.001

_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class _Transaction(SQLiteTransaction):
    def __init__(self, connection: SQLiteConnection, *, commit: bool, patience_s: float) -> None:
        super().__init__(connection, commit=commit)
        self._patience_s = patience_s

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        if self.commit:
            # A writer waits for the file here. Having read first, it could not wait: what it read would be out of date.
            _begin_writing(cursor, self._patience_s)
        else:
            cursor.execute("BEGIN")
        return cursor


def _begin_writing(cursor: SQLiteCursor, patience_s: float) -> None:
    """Wait for the file, asking often: two processes write it.

    SQLite's own way of waiting asks ever more seldom, up to ten times a second: the file then stands idle, or the other
    one, who has just let it go, takes it again and again.
    """
    deadline = time.monotonic() + patience_s
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_ASK_AGAIN_S)
            else:
                return
    finally:
        cursor.execute(f"PRAGMA busy_timeout={int(patience_s * 1000)}")


class _Connection(SQLiteConnection):
    def __init__(self, connection: sqlite3.Connection, *, max_age: float | None, patience_s: float) -> None:
        super().__init__(connection, max_age)
        self._patience_s = patience_s

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit, patience_s=self._patience_s) as cursor, cursor:
            yield cursor


class _Pool(SQLiteConnectionPool):
    """Connections that survive a power cut: the library sets WAL but leaves `synchronous` at its default."""

    def _create_connection(self) -> SQLiteConnection:
        patience_s = self.lock_timeout or _PATIENCE_S
        # Our own, for the library's keep one statement: whatever is run would be compiled anew each time.
        file = sqlite3.connect(
            self.db_name,
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            cached_statements=_STATEMENTS,
            timeout=patience_s,
        )
        file.row_factory = sqlite3.Row
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
        # Kibibytes. Whenever another connection has written, SQLite drops what it kept: more helps nobody.
        file.execute("PRAGMA cache_size=-1024")
        # A batch writes some megabytes: checkpointing after each would write every page twice, at once.
        file.execute("PRAGMA wal_autocheckpoint=8000")
        return _Connection(file, max_age=self.max_age, patience_s=patience_s)


class _Datastore(SQLiteDatastore):
    def __init__(self, db_name: str, **settings: Any) -> None:
        super().__init__(db_name, **settings)
        self.pool.close()
        self.pool = _Pool(db_name=db_name, lock_timeout=settings.get("lock_timeout"))

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with faults(), super().transaction(commit=commit) as cursor:
            yield cursor


@contextmanager
def faults() -> Iterator[None]:
    """A file that is busy or full is `Unavailable`, a damaged one `Corrupt`; what is wrong with a statement stays."""
    try:
        yield
    except (PersistenceError, sqlite3.Error) as exc:
        # The low byte: the rest says more closely what it was (SQLite, "Result and Error Codes").
        code = getattr(exc.__cause__ or exc, "sqlite_errorcode", -1) & 0xFF
        if code in _PASSING or isinstance(exc, ConnectionUnavailableError):
            raise Unavailable("database_unavailable", type(exc).__name__) from exc
        if code in _DAMAGED:
            raise Corrupt("database_damaged", "SQLite found its file damaged") from exc
        raise


class SqliteSession:
    """One open SQLite transaction, as the stages see it."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._cursor.row_factory = None

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; its rows as tuples."""
        return self._cursor.execute(_native(sql), params).fetchall()

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row; where rows are only put in, one for many of them.

        Each statement lets go of the interpreter's lock and waits for it again: row by row, a thread that writes beside
        a busy one would wait for it thousands of times in a batch.
        """
        places = _PLACES.search(sql)
        if places is None:
            self._cursor.executemany(sql, rows)
            return
        held = deque(rows)
        size = _ROWS
        while held:
            # Of powers of two alone: a connection keeps the statements that it ran last, and others would be hundreds.
            while size > len(held):
                size //= 2
            some = [held.popleft() for _ in range(size)]
            self._cursor.execute(sql.replace(places[1], marks(some, places[1]), 1), list(chain.from_iterable(some)))


class SqliteDatabase:
    """Our tables beside the ledger's, in one file, under the library's own writer lock."""

    def __init__(self, datastore: SQLiteDatastore) -> None:
        self._datastore = datastore

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write; committed on a normal exit. Raises Unavailable, and Corrupt ``row_taken``."""
        try:
            with self._datastore.transaction(commit=True) as cursor:
                yield SqliteSession(_raw(cursor))
        except IntegrityError as exc:
            raise Corrupt("row_taken", "a row that must be new is there already") from exc

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read only; one consistent state."""
        with self._datastore.transaction(commit=False) as cursor:
            session = SqliteSession(_raw(cursor))
            session.execute("PRAGMA query_only=1")
            try:
                yield session
            finally:
                session.execute("PRAGMA query_only=0")


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
        """All events of those streams, in the ledger's order."""
        asked = (
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id IN ({}) ORDER BY rowid"
        )
        with self.datastore.transaction(commit=False) as c:
            return [_stored(row) for row in select_in(_raw(c).execute, asked, [i.hex for i in ids])]

    def each_stream(self, ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """The events of those streams, one stream after the other; of one that is long never all in memory at once."""
        asked = (
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
            " WHERE originator_id IN ({}) ORDER BY originator_id, originator_version"
        )
        with self.datastore.transaction(commit=False) as c:
            for chunk in map(evened, chunks([i.hex for i in ids])):
                yield from map(_stored, _raw(c).execute(asked.format(marks(chunk)), chunk))

    def select_entries(self, names: Sequence[tuple[UUID, int]]) -> list[StoredEvent]:
        """The events of those names.

        ``(a, b) IN (VALUES ...)`` would read the whole table (SQLite 3.40); a cross join is never turned round.
        """
        found: list[StoredEvent] = []
        with self.datastore.transaction(commit=False) as c:
            for chunk in map(evened, chunks(names)):
                c.execute(
                    f"WITH wanted (stream, version) AS (VALUES {marks(chunk, '(?,?)')})"  # noqa: S608  # what is put in is question marks, one for each value; the values are parameters
                    " SELECT originator_id, originator_version, topic, state FROM wanted CROSS JOIN stored_events"
                    " ON originator_id = stream AND originator_version = version",
                    [v for stream, version in chunk for v in (stream.hex, version)],
                )
                found += [_stored(row) for row in c.fetchall()]
        return found

    def versions(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """The latest version of each stream; the index alone is asked, once for each."""
        found: dict[UUID, int] = {}
        with self.datastore.transaction(commit=False) as c:
            for chunk in map(evened, chunks(ids)):
                c.execute(
                    f"WITH wanted (stream) AS (VALUES {marks(chunk, '(?)')}) SELECT stream,"  # noqa: S608  # what is put in is question marks, one for each value; the values are parameters
                    " (SELECT MAX(originator_version) FROM stored_events WHERE originator_id = stream) FROM wanted",
                    [stream.hex for stream in chunk],
                )
                found |= {UUID(row[0]): int(row[1]) for row in c.fetchall() if row[1] is not None}
        return found


class Factory(library.SQLiteFactory):
    """What the library builds from its settings when ``PERSISTENCE_MODULE`` names this module."""

    application_recorder_class = Recorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.datastore.close()
        self.datastore = _Datastore(
            self.datastore.pool.db_name, lock_timeout=self.datastore.pool.lock_timeout or _PATIENCE_S
        )


def _native(sql: str) -> str:
    """In SQLite only ``INTEGER PRIMARY KEY`` is the row's own number; ``BIGINT`` would be an index beside it."""
    return sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY") if sql.startswith("CREATE TABLE") else sql


def _raw(cursor: SQLiteCursor) -> sqlite3.Cursor:
    return cursor.sqlite_cursor if isinstance(cursor, SQLiteCursor) else cursor


def _stored(row: Any) -> StoredEvent:
    return StoredEvent(originator_id=UUID(row[0]), originator_version=row[1], topic=row[2], state=row[3])
