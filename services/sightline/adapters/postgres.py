"""PostgreSQL for an area or a region: the library's recorder and our tables in one schema."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from eventsourcing import postgres as library
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Cursor
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from sightline.kernel.ports import Row, Session, Value

MODULE = "sightline.adapters.postgres"
"""What ``PERSISTENCE_MODULE`` names to choose this store."""


class PostgresSession:
    """One open PostgreSQL transaction, as the stages see it."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._cursor = cursor

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; its rows as tuples. ``BLOB`` in a definition is written ``BYTEA`` here."""
        self._cursor.execute(_native(sql), tuple(params))
        return [tuple(_plain(v) for v in row) for row in self._cursor.fetchall()] if self._cursor.description else []

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row."""
        self._cursor.executemany(_native(sql), [tuple(row) for row in rows])


class PostgresDatabase:
    """Our tables beside the ledger's, on the library's own connections."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        self._datastore = datastore

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write; committed on a normal exit."""
        with self._session() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read only; one consistent state."""
        with self._session() as session:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield session

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with (
            self._datastore.get_connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=tuple_row) as cursor,
        ):
            yield PostgresSession(cursor)


class Recorder(PostgresApplicationRecorder):
    """The library's recorder, plus rows of ours in the same transaction and several streams in one query."""

    @property
    def database(self) -> PostgresDatabase:
        """Our tables in this schema."""
        return PostgresDatabase(self.datastore)

    def _insert_events(self, curs: Cursor[Any], stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super()._insert_events(curs, stored_events)
        also = cast("Callable[[Session], None] | None", kwargs.get("also"))
        if also is not None:
            with curs.connection.cursor(row_factory=tuple_row) as ours:
                also(PostgresSession(ours))

    def select_streams(self, ids: Sequence[UUID]) -> list[StoredEvent]:
        """All events of those streams, in order of stream and version."""
        statement = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.{}"
            " WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        return self._select(statement, (list(ids),))

    def select_entries(self, names: Sequence[tuple[UUID, int]]) -> list[StoredEvent]:
        """The events of those names."""
        statement = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.{} JOIN"
            " unnest(%s::uuid[], %s::bigint[]) AS named(stream, version)"
            " ON originator_id = stream AND originator_version = version"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        return self._select(statement, ([s for s, _ in names], [v for _, v in names]))

    def _select(self, statement: Any, params: Sequence[Any]) -> list[StoredEvent]:
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statement, params)
            return [
                StoredEvent(originator_id=r[0], originator_version=r[1], topic=r[2], state=bytes(r[3]))
                for r in cursor.fetchall()
            ]


class Factory(library.PostgresFactory):
    """What the library builds from its settings when ``PERSISTENCE_MODULE`` names this module."""

    application_recorder_class = Recorder


def _native(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s").replace(" BLOB", " BYTEA")


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
