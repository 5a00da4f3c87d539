"""Keys of children and areas in a PostgreSQL database of their own, outside the ledger's and its backups, each wrapped.

Destroying a row destroys everything sealed under that key, everywhere (P9). The database is apart, not a schema of the
ledger's: backups and replicas are made of whole databases, and a key that stands in one cannot be destroyed.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg_pool import ConnectionPool, PoolTimeout

from sightline.adapters.postgres import settings_of
from sightline.adapters.postgres_bounds import ANSWER_S, bind, connecting
from sightline.adapters.wrapping import TABLE, Wrapping
from sightline.kernel.errors import Corrupt, Unavailable

_TABLE = TABLE.replace("BLOB", "BYTEA").encode()
_DEFINING = 7_396_109
"""Advisory lock held while the table is made."""
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InternalError_,
    psycopg.errors.IdleInTransactionSessionTimeout,
    PoolTimeout,
)
"""A disk without room is an `OperationalError`, a file that may not grow an `InternalError_` (XX000)."""


class PostgresVault:
    """A key vault in one database. `wrapping` maps the name of each wrapping key to its 32 bytes; the last wraps."""

    def __init__(self, dsn: str, wrapping: Mapping[str, bytes], *, timeout_s: float = ANSWER_S) -> None:
        """`dsn`: the database's address. Raises Refused ``database_address``, Unavailable ``vault_unavailable``."""
        settings_of(dsn)
        self._wrapping = Wrapping(wrapping)
        self._lock = threading.Lock()
        self._pool = ConnectionPool(
            dsn,
            min_size=1,
            max_size=4,
            timeout=timeout_s,
            kwargs=connecting(timeout_s),
            # One that died with the server is replaced here, and fails no call of ours.
            check=ConnectionPool.check_connection,
            open=False,
        )
        bind(self._pool, timeout_s)
        try:
            self._pool.open()
            self._define()
        except BaseException:
            self._pool.close()
            raise

    def open(self, names: Sequence[str]) -> dict[str, bytes]:
        """The keys of those names that exist. Raises Corrupt for one that does not open."""
        with self._lock:
            found = self._wrapping.held(names)
        missing = [name for name in dict.fromkeys(names) if name not in found]
        if missing:
            with self._connected() as connection:
                rows = connection.execute(
                    "SELECT name, under, wrapped FROM keys WHERE name = ANY(%s)", (missing,)
                ).fetchall()
            found |= {name: self._wrapping.opened(name, under, bytes(wrapped)) for name, under, wrapped in rows}
            with self._lock:
                self._wrapping.keep(found)
        return found

    def store(self, keys: Mapping[str, bytes]) -> None:
        """Keep new keys, durably before this returns."""
        if not keys:
            return
        # In one order for all: two that store the same names at once wait for each other, and never for both.
        rows = [self._wrapping.row(name, keys[name]) for name in sorted(keys)]
        with self._connected() as connection:
            connection.execute("SET LOCAL synchronous_commit = on")
            connection.execute(
                "INSERT INTO keys SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[])"
                " ON CONFLICT (name) DO NOTHING",
                tuple(list(column) for column in zip(*rows, strict=True)),
            )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _define(self) -> None:
        """Make the table where it is not there; a role that may not is not asked to (infra/postgres/vault.sql)."""
        with self._connected() as connection:
            there = connection.execute("SELECT to_regclass('keys') IS NOT NULL").fetchone()
            if there is None or not there[0]:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_DEFINING,))
                connection.execute(_TABLE)

    @contextmanager
    def _connected(self) -> Iterator[Connection[Any]]:
        """A connection and one transaction on it. Raises Unavailable and Corrupt ``vault_damaged``."""
        try:
            with self._pool.connection() as connection, connection.transaction():
                yield connection
        except _PASSING as exc:
            raise Unavailable("vault_unavailable", type(exc).__name__) from exc
        except psycopg.DatabaseError as exc:
            raise Corrupt("vault_damaged", type(exc).__name__) from exc
