"""What only PostgreSQL must be told: where it is, to be durable, and to say in our words what went wrong."""

import threading
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from sightline.adapters import postgres
from sightline.kernel.errors import Refused, Unavailable
from sightline.ledger.store import Ledger
from tests.builders_ledger import Settings, a_ledger, a_matter, at_once, lost, some_entries

PLACE = {
    "PERSISTENCE_MODULE": postgres.MODULE,
    "POSTGRES_DBNAME": "ledger",
    "POSTGRES_HOST": "db.example",
    "POSTGRES_PORT": "6432",
    "POSTGRES_USER": "hub",
    "POSTGRES_PASSWORD": "p@ss /word",
}


@pytest.fixture
def ledger(postgres_dsn: str) -> Iterator[Ledger]:
    with a_ledger(postgres.settings_of(postgres_dsn)) as ledger:
        yield ledger


# ------------------------------------------------------------------------------------------------------- the address


@pytest.mark.parametrize(
    "dsn",
    [
        pytest.param("postgresql://hub:p%40ss%20%2Fword@db.example:6432/ledger", id="a URL"),
        pytest.param("postgres://db.example:6432/ledger?user=hub&password=p%40ss%20%2Fword", id="a URL with options"),
        pytest.param("host=db.example port=6432 user=hub password='p@ss /word' dbname=ledger", id="pairs"),
    ],
)
def test_an_address_becomes_the_librarys_settings(dsn: str) -> None:
    assert postgres.settings_of(dsn) == PLACE


def test_the_port_may_be_left_out() -> None:
    assert postgres.settings_of("postgresql://hub:x@db.example/ledger")["POSTGRES_PORT"] == "5432"


@pytest.mark.parametrize(
    "dsn",
    [
        pytest.param("", id="empty"),
        pytest.param("not an address", id="not well formed"),
        pytest.param("postgresql://db.example/ledger", id="nobody"),
        pytest.param("postgresql://hub@db.example/ledger", id="no password"),
        pytest.param("postgresql://hub:x@db.example", id="no database"),
        pytest.param("postgresql://hub:x@/ledger", id="no host"),
        pytest.param("postgresql://hub:x@db.example/ledger?options=-csynchronous_commit%3Doff", id="an option"),
    ],
)
def test_an_address_that_leaves_something_to_chance_is_refused(dsn: str) -> None:
    with pytest.raises(Refused, match="database_address") as told:
        postgres.settings_of(dsn)
    assert "hub" not in str(told.value)


def test_tls_is_asked_for_where_the_address_asks_for_it(postgres_dsn: str) -> None:
    """The throwaway cluster has none: whoever insists on it is not connected in the clear."""
    settings = postgres.settings_of(f"{postgres_dsn}?sslmode=require")
    assert settings["POSTGRES_SSLMODE"] == "require"
    with pytest.raises(Unavailable, match="database_unavailable"):
        Ledger(env={**settings, "POSTGRES_CONNECT_TIMEOUT": "1"}).close()


# -------------------------------------------------------------------------------------------------------- durability


def test_what_commits_is_on_disk_whatever_the_servers_default(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET synchronous_commit = off".encode())
    with psycopg.connect(postgres_dsn) as plain:
        assert plain.execute("SHOW synchronous_commit").fetchall() == [("off",)]
    with a_ledger(postgres.settings_of(postgres_dsn)) as ledger:
        for opened in (ledger.database.transaction, ledger.database.reading):
            with opened() as session, opened() as another:
                assert session.execute("SHOW synchronous_commit") == another.execute("SHOW synchronous_commit")
                assert session.execute("SHOW synchronous_commit") == [("on",)]


def test_a_stronger_default_is_left_as_it_is(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET synchronous_commit = remote_apply".encode())
    with a_ledger(postgres.settings_of(postgres_dsn)) as ledger, ledger.database.reading() as session:
        assert session.execute("SHOW synchronous_commit") == [("remote_apply",)]


# -------------------------------------------------------------------------------------------------------------- faults


def test_connections_that_died_with_the_server_fail_one_call_and_no_more(ledger: Ledger, postgres_dsn: str) -> None:
    with ledger.database.reading(), ledger.database.reading(), ledger.database.reading():
        ledger.append(some_entries())
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    with pytest.raises(Unavailable, match="database_unavailable"):
        ledger.append(some_entries())
    with ledger.database.reading(), ledger.database.reading(), ledger.database.reading():
        ledger.append(some_entries())
    assert len(ledger.read(0, 10)) == 2


def test_a_connection_lost_in_a_transaction_is_unavailable_and_leaves_nothing(
    ledger: Ledger, postgres_dsn: str
) -> None:
    def lose() -> None:
        with ledger.database.transaction() as session:
            session.execute("CREATE TABLE lost (n BIGINT)")
            pid = session.execute("SELECT pg_backend_pid()")[0][0]
            with psycopg.connect(postgres_dsn, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
            session.execute("SELECT 1")

    with pytest.raises(Unavailable, match="database_unavailable"):
        lose()
    with ledger.database.transaction() as session:
        session.execute("CREATE TABLE lost (n BIGINT)")


def test_a_server_that_is_not_there_is_unavailable_soon(postgres_dsn: str) -> None:
    nowhere = {**postgres.settings_of(postgres_dsn), "POSTGRES_PORT": "1", "POSTGRES_CONNECT_TIMEOUT": "1"}
    with pytest.raises(Unavailable, match="database_unavailable"):
        Ledger(env=nowhere)


def test_transactions_that_block_each_other_are_unavailable_and_not_corrupt(ledger: Ledger) -> None:
    both = threading.Barrier(2)
    with ledger.database.transaction() as session:
        session.execute("CREATE TABLE two (n BIGINT PRIMARY KEY, told BIGINT)")
        session.execute_many("INSERT INTO two VALUES (?, 0)", [(1,), (2,)])

    def update(order: tuple[int, int]) -> None:
        with ledger.database.transaction() as session:
            session.execute("UPDATE two SET told = 1 WHERE n = ?", order[:1])
            both.wait(10)
            session.execute("UPDATE two SET told = 1 WHERE n = ?", order[1:])

    assert lost(at_once([partial(update, (1, 2)), partial(update, (2, 1))])) == [Unavailable]


def test_many_streams_are_loaded_in_one_query(ledger: Ledger) -> None:
    streams = [a_matter(notes=1) for _ in range(100)]
    ledger.append([entry for matter in streams for entry in matter.collect()])
    recorder = ledger.recorder
    assert isinstance(recorder, postgres.Recorder)
    before = recorder.datastore.pool.get_stats()["requests_num"]
    assert len(ledger.load([matter.id for matter in streams])) == 100
    assert recorder.datastore.pool.get_stats()["requests_num"] == before + 1


def test_ledgers_of_other_schemas_do_not_meet(postgres_dsn: str) -> None:
    settings: Settings = postgres.settings_of(postgres_dsn)
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA elsewhere")
    with a_ledger(settings) as one, a_ledger({**settings, "POSTGRES_SCHEMA": "elsewhere"}) as two:
        one.append(some_entries(notes=2))
        two.append(some_entries())
        assert (len(one.read(0, 10)), len(two.read(0, 10))) == (3, 1)


def test_texts_are_compared_by_bytes_whatever_language_the_database_speaks(ledger: Ledger) -> None:
    with ledger.database.transaction() as session:
        session.execute("CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY, other TEXT, number BIGINT)")
    with ledger.database.reading() as session:
        found = session.execute(
            "SELECT column_name, collation_name FROM information_schema.columns WHERE table_name = 'words'"
            " ORDER BY ordinal_position"
        )
    assert found == [("word", "C"), ("other", "C"), ("number", None)]
