"""A PostgreSQL that is there and does not answer: said within the time that was set, and gone on with by itself."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest

from sightline.adapters import postgres
from sightline.adapters.postgres_vault import PostgresVault
from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import Database, Session
from sightline.ledger.store import Ledger
from tests.builders_ledger import a_ledger

pytestmark = pytest.mark.slow

ANSWER_S = 1.0


@pytest.fixture
def ledger(postgres_dsn: str) -> Iterator[Ledger]:
    with a_ledger(postgres.settings_of(postgres_dsn) | {"POSTGRES_ANSWER_TIMEOUT": str(ANSWER_S)}) as ledger:
        yield ledger


@contextmanager
def frozen(server: str) -> Iterator[None]:
    """All of the server's processes that are somebody's connection to a test's database."""
    with psycopg.connect(server, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname LIKE 't\\_%' AND backend_type = 'client backend'"
        ).fetchall()
    pids = [pid for (pid,) in rows]
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def all_its_connections_are_used(ask: Callable[[], object]) -> None:
    """One that is made meanwhile does answer."""
    for _ in range(20):
        ask()


def answers_again(database: Database) -> bool:
    """Within a few calls: what the freeze broke is made anew."""
    for _ in range(20):
        with suppress(Unavailable):
            return number(database) == 7
    return False


def number(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute("SELECT 7")[0][0])


def test_a_server_that_is_frozen_is_named_and_gone_on_with(ledger: Ledger, postgres_server: str) -> None:
    assert number(ledger.database) == 7
    with frozen(postgres_server), pytest.raises(Unavailable, match="database_unavailable"):
        all_its_connections_are_used(lambda: number(ledger.database))
    assert answers_again(ledger.database)


def test_a_vault_that_is_frozen_is_named_and_gone_on_with(postgres_dsn: str, postgres_server: str) -> None:
    with closing(PostgresVault(postgres_dsn, {"one": bytes(32)}, timeout_s=ANSWER_S)) as vault:
        with frozen(postgres_server), pytest.raises(Unavailable, match="vault_unavailable"):
            all_its_connections_are_used(lambda: vault.open(["child:none"]))
        assert vault.open(["child:none"]) == {}


def test_a_lock_that_somebody_holds_is_not_waited_for_for_ever(ledger: Ledger, postgres_dsn: str) -> None:
    """Another worker was paused within its transaction: those that wait say so, and the server ends it soon."""
    with ledger.database.transaction() as session:
        session.execute("CREATE TABLE IF NOT EXISTS held (n BIGINT)")
        session.execute("INSERT INTO held VALUES (0)")
    with psycopg.connect(postgres_dsn) as paused:
        paused.execute("UPDATE held SET n = 1")
        with pytest.raises(Unavailable, match="database_unavailable"), ledger.database.transaction() as waiting:
            waiting.execute("UPDATE held SET n = 2")
        paused.rollback()
    with ledger.database.transaction() as session:
        session.execute("UPDATE held SET n = 3")
        assert session.execute("SELECT n FROM held") == [(3,)]
        assert session.execute("SELECT current_setting('idle_in_transaction_session_timeout')") == [("20s",)]


def test_a_transaction_that_the_server_ended_for_standing_idle_is_tried_again(
    ledger: Ledger, postgres_server: str
) -> None:
    with pytest.raises(Unavailable, match="database_unavailable"), ledger.database.transaction() as session:
        stands_idle(session, postgres_server)
    assert answers_again(ledger.database)


def stands_idle(session: Session, server: str) -> None:
    """Longer than the server allows; and then goes on."""
    ((pid,),) = session.execute("SELECT pg_backend_pid()")
    session.execute("SET LOCAL idle_in_transaction_session_timeout = '100ms'")
    is_gone(server, int(pid))
    session.execute("SELECT 1")


def is_gone(server: str, pid: int) -> None:
    """Wait until the server has ended that connection."""
    with psycopg.connect(server, autocommit=True) as admin:
        for _ in range(10_000):
            if not admin.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchall():
                return
    raise AssertionError("the server did not end it")
