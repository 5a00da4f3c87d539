"""PostgreSQL for an area or a region: the library's recorder and our tables in one schema."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing import postgres as library
from eventsourcing.persistence import IntegrityError, InterfaceError, InternalError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DataCorrupted, IdleInTransactionSessionTimeout, IndexCorrupted, InternalError_
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Identifier

from sightline.adapters.postgres_bounds import ANSWER_S, Unanswered, bind, connecting
from sightline.adapters.postgres_many import Shapes, insert_all
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ports import Row, Session, Value

MODULE = "sightline.adapters.postgres"
"""What ``PERSISTENCE_MODULE`` names to choose this store."""

ANSWER = "ANSWER_TIMEOUT"
"""The library's settings take ours beside their own: seconds that one answer may take."""

_PLACE = ("dbname", "host", "port", "user", "password")
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")

_IDLE_IN_TRANSACTION_S = 20.0
"""After that the server ends a transaction whose owner does nothing: one that was paused holds the ledger's lock."""

_DEFINING = 7_396_107
"""Advisory lock held while tables are made: ``IF NOT EXISTS`` alone fails when two processes start at once."""

_MAKES = re.compile(r"\s*CREATE (?:TABLE|INDEX) IF NOT EXISTS (\w+)")

_LOST = frozenset({None, "57P01", "57P02", "57P03", "08006"})
"""SQLSTATE of a connection that is gone; none where the server could not say so any more."""


def settings_of(dsn: str) -> dict[str, str]:
    """The library's settings for a database address (a URL or ``name=value`` pairs, libpq 34.1.1).

    Raises Refused ``database_address`` for one that leaves something out or asks for what would be ignored: a hub must
    not take its database from the environment, nor drop its TLS.
    """
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    except psycopg.ProgrammingError as exc:
        raise Refused("database_address", "the address of the database is not well formed") from exc
    found = {"port": "5432", **found}
    missing, ignored = set(_PLACE) - found.keys(), found.keys() - {*_PLACE, *_TLS}
    if missing or ignored:
        raise Refused("database_address", f"missing: {sorted(missing)}, not supported: {sorted(ignored)}")
    return {"PERSISTENCE_MODULE": MODULE} | {f"POSTGRES_{name.upper()}": value for name, value in found.items()}


class PostgresSession:
    """One open PostgreSQL transaction, as the stages see it."""

    def __init__(self, cursor: Cursor[Any], shapes: Shapes) -> None:
        """`shapes`: what is known of tables, kept with the connections that they are found by."""
        self._cursor = cursor
        self._shapes = shapes

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; its rows as tuples."""
        statement, defines = _native(sql)
        if defines:
            if self._has(defines):
                return []
            self._cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_DEFINING,))
        self._cursor.execute(statement, tuple(params))
        return self._cursor.fetchall() if self._cursor.description else []

    def _has(self, name: str) -> bool:
        """Whether that table or index is there. Looked up, since ``IF NOT EXISTS`` asks first whether one may make it:

        the role of a hub may not (infra/postgres/roles.sql).
        """
        self._cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (name,))
        return bool((self._cursor.fetchone() or (False,))[0])

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row, or one for all where that comes to the same."""
        listed = [tuple(row) for row in rows]
        if not insert_all(self._cursor, sql, listed, self._shapes):
            self._cursor.executemany(_native(sql)[0], listed)


class PostgresDatabase:
    """Our tables beside the ledger's, on the library's own connections."""

    def __init__(self, datastore: "Datastore") -> None:
        self._datastore = datastore

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write; committed on a normal exit. Raises Unavailable, and Corrupt ``row_taken``."""
        try:
            with self._session() as session:
                yield session
        except IntegrityError as exc:
            raise Corrupt("row_taken", "a row that must be new is there already") from exc

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
            yield PostgresSession(cursor, self._datastore.shapes)


class Recorder(PostgresApplicationRecorder):
    """The library's recorder, plus rows of ours in the same transaction and several streams in one query."""

    @property
    def database(self) -> PostgresDatabase:
        """Our tables in this schema."""
        return PostgresDatabase(cast("Datastore", self.datastore))

    @property
    def _shapes(self) -> Shapes:
        return cast("Datastore", self.datastore).shapes

    def create_table(self) -> None:
        """Make the ledger's table, type and function, one process after another."""
        with self.datastore.get_connection() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_DEFINING,))
            try:
                super().create_table()
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_DEFINING,))

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Events, then our rows, in one transaction; the positions of the events.

        Not in the library's way, which sends our rows ahead unread: here `also` may read what it wrote, and the table's
        lock is taken first, so that two writers whose rows cross wait for each other instead of blocking each other.
        """
        also = cast("Callable[[Session], None] | None", kwargs.get("also"))
        with self.datastore.get_connection() as connection, connection.transaction():
            positions = self._insert_all(connection, stored_events) if stored_events else []
            if also is not None:
                with connection.cursor(row_factory=tuple_row) as ours:
                    also(PostgresSession(ours, self._shapes))
        return positions

    def _insert_all(self, connection: Connection[DictRow], stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        with connection.cursor() as cursor:
            self._insert_stored_events(cursor, stored_events)
            return self._fetch_ids_after_insert_events(cursor, stored_events) or []

    def select_streams(self, ids: Sequence[UUID]) -> list[StoredEvent]:
        """All events of those streams, in the ledger's order."""
        statement = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.{}"
            " WHERE originator_id = ANY(%s) ORDER BY notification_id"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        return self._select(statement, (list(ids),))

    def each_stream(self, ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """The events of those streams, one stream after the other."""
        statement = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.{}"
            " WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        return iter(self._select(statement, (list(ids),)))

    def select_entries(self, names: Sequence[tuple[UUID, int]]) -> list[StoredEvent]:
        """The events of those names."""
        statement = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {}.{} JOIN"
            " unnest(%s::uuid[], %s::bigint[]) AS named(stream, version)"
            " ON originator_id = stream AND originator_version = version"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        return self._select(statement, ([s for s, _ in names], [v for _, v in names]))

    def versions(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """The latest version of each stream."""
        statement = SQL(
            "SELECT stream, (SELECT MAX(originator_version) FROM {}.{} WHERE originator_id = stream)"
            " FROM unnest(%s::uuid[]) AS named(stream)"
        ).format(Identifier(self.datastore.schema), Identifier(self.events_table_name))
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statement, (list(ids),))
            return {row[0]: int(row[1]) for row in cursor.fetchall() if row[1] is not None}

    def _select(self, statement: Any, params: Sequence[Any]) -> list[StoredEvent]:
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(statement, params)
            return [
                StoredEvent(originator_id=r[0], originator_version=r[1], topic=r[2], state=bytes(r[3]))
                for r in cursor.fetchall()
            ]


class Datastore(PostgresDatastore):
    """The library's connections, with its faults told apart as ours, and commits that last.

    An `Unavailable` from here is not tried again in place, as the library would for minutes: the stages' callers do.
    """

    def __init__(self, theirs: PostgresDatastore, tls: dict[str, str], answer_s: float = ANSWER_S) -> None:
        """`answer_s`: how long one answer of the server may take."""
        self.shapes: Shapes = {}
        known, pool = cast("dict[str, Any]", theirs.pool.kwargs), theirs.pool
        super().__init__(
            **{name: known[name] for name in _PLACE},
            connect_timeout=min(pool.timeout, answer_s),
            idle_in_transaction_session_timeout=max(theirs.idle_in_transaction_session_timeout, _IDLE_IN_TRANSACTION_S),
            pool_size=pool.min_size,
            max_overflow=pool.max_size - pool.min_size,
            conn_max_age=pool.max_lifetime,
            lock_timeout=theirs.lock_timeout,
            schema=theirs.schema,
            get_password_func=pool.get_password_func,
        )
        cast("dict[str, Any]", self.pool.kwargs).update(tls | connecting(answer_s))
        bind(self.pool, answer_s)

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """Prepare each new connection: what commits is on disk, whatever the server's default."""
        prepare = super().after_connect_func()

        def after_connect(connection: Connection[Any]) -> None:
            prepare(connection)
            connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
            )
            # What we gave up waiting for must not stay in the queue for a lock (PostgreSQL 14 or later).
            connection.execute(
                "SELECT set_config(name, '5s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"
            )

        return after_connect

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """A connection of the pool. Raises Unavailable (also for a lost race between transactions) and Corrupt."""
        try:
            with super().get_connection() as connection:
                yield connection
        except (OperationalError, InterfaceError) as exc:
            if getattr(exc.__cause__, "sqlstate", None) in _LOST and not isinstance(exc.__cause__, Unanswered):
                # Where one connection died with the server the others did: none of them is to fail a call of its own.
                self.pool.check()
            raise Unavailable("database_unavailable", type(exc.__cause__ or exc).__name__) from exc
        except InternalError as exc:
            if isinstance(exc.__cause__, DataCorrupted | IndexCorrupted):
                raise Corrupt("database_damaged", "the server found its files damaged") from exc
            if isinstance(exc.__cause__, IdleInTransactionSessionTimeout):
                raise Unavailable("database_unavailable", "the transaction stood idle and was ended") from exc
            if isinstance(exc.__cause__, InternalError_):
                # XX000 is what a file that may not grow becomes. Nothing was committed.
                raise Unavailable("database_fault", "the server met a fault of its own") from exc
            raise


class Factory(library.PostgresFactory):
    """What the library builds from its settings when ``PERSISTENCE_MODULE`` names this module."""

    application_recorder_class = Recorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        if self.datastore.enable_db_functions:
            raise Corrupt("setting_refused", "POSTGRES_ENABLE_DB_FUNCTIONS drops the rows that must commit with events")
        tls = {name: self.env.get(f"POSTGRES_{name.upper()}") for name in _TLS}
        answer_s = float(self.env.get(f"POSTGRES_{ANSWER}", "") or ANSWER_S)
        self.datastore = Datastore(self.datastore, {name: value for name, value in tls.items() if value}, answer_s)


@lru_cache(maxsize=512)
def _native(sql: str) -> tuple[bytes, str]:
    """The statement as psycopg takes it, and the table or index that it makes if there is none; empty for others.

    Texts are compared byte by byte as in SQLite: an order by the server's language would differ from hub to hub.
    """
    native = sql.replace("%", "%%").replace("?", "%s")
    makes = _MAKES.match(native)
    if native.lstrip().startswith("CREATE"):
        native = re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', re.sub(r"\bBLOB\b", "BYTEA", native))
    return native.encode(), makes[1] if makes else ""
