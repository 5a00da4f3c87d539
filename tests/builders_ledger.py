"""Builders for stores: where a ledger is kept, entries for it, and one more process that has it open."""

import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest

from sightline.adapters import postgres, sqlite
from sightline.kernel.errors import SightlineError
from sightline.kernel.ports import Row, Session
from sightline.ledger.matter import Matter
from sightline.ledger.root import Entry
from sightline.ledger.store import Ledger

AT = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)

Settings = dict[str, str]
T = TypeVar("T")


class LedgerUnderTest:
    """What a contract of the ledger asks its store for. Beside the ledger stands one table with unique names."""

    @pytest.fixture
    def ledger(self, store: Settings) -> Iterator[Ledger]:
        with a_ledger(store) as ledger:
            with ledger.database.transaction() as session:
                session.execute("CREATE TABLE IF NOT EXISTS claims_of_test (name TEXT PRIMARY KEY, digest BLOB)")
            yield ledger

    @pytest.fixture
    def other(self, store: Settings, ledger: Ledger) -> Iterator[Ledger]:
        """The same ledger as another process has it open."""
        assert ledger.head() == 0
        with a_ledger(store) as other:
            yield other


class OnSqlite:
    """A contract's store: one SQLite file."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Settings:
        return sqlite_settings(tmp_path)


class OnPostgres:
    """A contract's store: one PostgreSQL database."""

    @pytest.fixture
    def store(self, postgres_dsn: str) -> Settings:
        return {**postgres.settings_of(postgres_dsn), "POSTGRES_POOL_SIZE": "1"}


def sqlite_settings(folder: Path) -> Settings:
    """The library's settings for a file in that folder."""
    return {"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": str(folder / "ledger.sqlite")}


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """The address of an empty database of its own on that server, gone afterwards."""
    name = f"t_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", server)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def a_ledger(store: Settings) -> Iterator[Ledger]:
    """A ledger with connections of its own, as each process has. Two over one store are two processes."""
    ledger = Ledger(env=store)
    try:
        yield ledger
    finally:
        ledger.close()


def a_matter(stream: UUID | None = None, *, notes: int = 0, step: str = "step") -> Matter:
    """A matter with so many entries after its first, none of them collected."""
    matter = Matter.opened(stream or uuid4(), step=step, at=AT)
    noted(matter, notes, step=step)
    return matter


def noted(matter: Matter, count: int = 1, *, step: str = "step") -> Matter:
    """The matter with so many more entries."""
    for number in range(count):
        matter.note(Matter.ClockStruck, step=step, timestamp=AT, clock="possible_match", ref=str(number))
    return matter


def some_entries(stream: UUID | None = None, *, notes: int = 0, step: str = "step") -> list[Entry]:
    """The entries of a new matter."""
    return a_matter(stream, notes=notes, step=step).collect()


def at_once(works: Sequence[Callable[[], T]]) -> list[T | SightlineError]:
    """Run each in a thread of its own, begun together; what each gave, or the error of ours that it ended with."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T | SightlineError:
        start.wait()
        try:
            return work()
        except SightlineError as exc:
            return exc

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def lost(outcomes: Sequence[object]) -> list[type]:
    """The kinds of error that some ended with."""
    return [type(one) for one in outcomes if isinstance(one, SightlineError)]


def claims(*names: str) -> Callable[[Session], None]:
    """Rows that take unique names, as an event's source and id are taken."""

    def also(session: Session) -> None:
        for name in names:
            session.execute("INSERT INTO claims_of_test VALUES (?, ?)", (name, b"\x00\xff"))

    return also


def claimed(ledger: Ledger) -> list[Row]:
    """The names taken."""
    with ledger.database.reading() as session:
        return session.execute("SELECT name, digest FROM claims_of_test ORDER BY name")
