"""A hub's database as infra/postgres/secure leaves it: logs that only grow, desks that do not see each other."""

import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from sightline.adapters import postgres
from sightline.kernel.ids import DeskId
from tests.builders_hub import CSC, MASH, POLICE, Town, a_child, a_missing, a_town, holds, sends, signs, submits
from tests.builders_kafka import ROOT
from tests.builders_ledger import Settings

pytestmark = pytest.mark.slow

LOGS = ("ledger_events", "leaves", "policies")
BY_DESK = ("leaves", "feed", "feed_heads", "receipts", "notices")
CHANGES = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE")
COLUMN = {"ledger_events": "topic", "leaves": "eff", "policies": "bundle"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the addresses are, and the hub."""
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def addresses(postgres_server: str, folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of one secured database, by role; ``admin`` is the cluster's own."""
    name = f"t_{secrets.token_hex(8)}"
    (folder / "address").write_text(postgres_server)
    secures(folder, name)
    roles = {
        role: (folder / "secrets" / f"{role}.address").read_text().strip() for role in ("migrator", "hub", "reader")
    }
    yield {**roles, "admin": re.sub(r"/[^/]*$", f"/{name}", postgres_server)}
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def secures(folder: Path, name: str) -> None:
    """Run the program on the database of that name."""
    done = subprocess.run(
        [ROOT / "infra/postgres/secure", "--name", name, folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}\n", "")


def as_hub(addresses: dict[str, str]) -> Settings:
    """The ledger's settings of a hub that may make no tables."""
    return postgres.settings_of(addresses["hub"]) | {"CREATE_TABLE": "n"}


@pytest.fixture(scope="module")
def town(addresses: dict[str, str], folder: Path) -> Iterator[Town]:
    """A hub that logs in as what it is, with a child reported missing. What is tried on it below is refused."""
    town = a_town(folder / "hub", store=as_hub(addresses))
    sends(town, POLICE, "missing.reported", a_missing())
    yield town
    town.hub.close()


def test_a_hub_runs_on_the_rights_of_its_role(town: Town, addresses: dict[str, str], folder: Path) -> None:
    submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(2))))
    town.hub.settle()
    holds(town)
    # And once more, when the tables are there and have rows.
    secures(folder, addresses["admin"].rpartition("/")[2])
    sends(town, MASH, "missing.reported", a_missing(a_child(3)))
    holds(town)


# ------------------------------------------------------------------------------------------------------------------ logs


@pytest.mark.parametrize("role", ["hub", "migrator", "admin"])
@pytest.mark.parametrize("log", LOGS)
def test_a_log_only_grows_whoever_asks(town: Town, addresses: dict[str, str], role: str, log: str) -> None:
    with psycopg.connect(addresses["admin"]) as admin:
        before = admin.execute(f"SELECT * FROM {log} ORDER BY 1, 2".encode()).fetchall()
    assert before
    for change in CHANGES:
        statement = change.format(log, COLUMN[log], COLUMN[log])
        with psycopg.connect(addresses[role]) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())
    with psycopg.connect(addresses["admin"]) as admin:
        assert admin.execute(f"SELECT * FROM {log} ORDER BY 1, 2".encode()).fetchall() == before


@pytest.mark.parametrize("role", ["migrator", "admin"])
def test_the_refusal_names_the_rule_also_to_the_owner(addresses: dict[str, str], role: str) -> None:
    with (
        psycopg.connect(addresses[role]) as connection,
        pytest.raises(InsufficientPrivilege, match="append_only: DELETE"),
    ):
        connection.execute("DELETE FROM leaves")


def test_a_session_that_replays_another_server_is_refused_too(town: Town, addresses: dict[str, str]) -> None:
    with psycopg.connect(addresses["admin"]) as admin:
        admin.execute("SET session_replication_role = replica")
        with pytest.raises(InsufficientPrivilege, match="append_only"):
            admin.execute("DELETE FROM ledger_events")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger_events DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON leaves",
        "ALTER TABLE feed NO FORCE ROW LEVEL SECURITY",
        "DROP TABLE feed",
        "CREATE TABLE mine (n BIGINT)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE sightline_owner",
        "SET session_replication_role = replica",
        "CREATE ROLE mine",
        "COPY leaves TO PROGRAM 'cat'",
    ],
)
@pytest.mark.parametrize("role", ["hub", "reader"])
def test_neither_hub_nor_reader_can_take_the_rules_away(addresses: dict[str, str], role: str, statement: str) -> None:
    with psycopg.connect(addresses[role]) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())


# ----------------------------------------------------------------------------------------------------------------- desks


def reads(addresses: dict[str, str], table: str, desk: str | None, column: str = "desk") -> list[str]:
    """What a reader sees of that table's column, for that desk."""
    with psycopg.connect(addresses["reader"]) as reader:
        if desk is not None:
            reader.execute("SELECT set_config('sightline.desk', %s, true)", (desk,))
        return [row[0] for row in reader.execute(f"SELECT {column} FROM {table}".encode())]


@pytest.mark.parametrize("table", ["leaves", "feed", "feed_heads"])
@pytest.mark.parametrize("desk", [POLICE, MASH, CSC])
def test_a_reader_sees_one_desks_rows(town: Town, addresses: dict[str, str], table: str, desk: DeskId) -> None:
    found = reads(addresses, table, desk)
    assert found
    assert set(found) == {desk}


def test_receipts_and_notices_are_the_senders(town: Town, addresses: dict[str, str]) -> None:
    assert set(reads(addresses, "receipts", POLICE)) == {POLICE}
    assert reads(addresses, "receipts", CSC) == []
    assert reads(addresses, "notices", POLICE) == []


@pytest.mark.parametrize("table", [*BY_DESK, "item_folds"])
@pytest.mark.parametrize("desk", [None, "", "nobody/here", "%"], ids=["unset", "empty", "unknown", "a pattern"])
def test_a_reader_that_names_no_desk_sees_nothing(
    town: Town, addresses: dict[str, str], table: str, desk: str | None
) -> None:
    assert reads(addresses, table, desk, column="1") == []


def test_a_desk_named_in_one_transaction_is_not_named_in_the_next(town: Town, addresses: dict[str, str]) -> None:
    with psycopg.connect(addresses["reader"]) as reader:
        reader.execute("SELECT set_config('sightline.desk', %s, true)", (POLICE,))
        assert reader.execute("SELECT count(*) FROM leaves").fetchone() != (0,)
        reader.commit()
        assert reader.execute("SELECT count(*) FROM leaves").fetchone() == (0,)


def test_an_items_fold_is_seen_by_the_desks_it_was_decided_for(town: Town, addresses: dict[str, str]) -> None:
    with psycopg.connect(addresses["admin"]) as admin:
        considered = {
            desk: {r[0] for r in admin.execute("SELECT DISTINCT item FROM leaves WHERE desk = %s", (desk,))}
            for desk in (POLICE, MASH)
        }
        every = {r[0] for r in admin.execute("SELECT position FROM item_folds")}
    for desk, items in considered.items():
        assert set(reads(addresses, "item_folds", desk, column="position")) == items & every


@pytest.mark.parametrize(
    "table", ["ledger_events", "child_folds", "bound_identifiers", "facts", "claims", "items", "positions"]
)
def test_a_reader_reads_no_other_table(addresses: dict[str, str], table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        reads(addresses, table, POLICE, column="1")


@pytest.mark.parametrize("table", BY_DESK)
def test_a_reader_writes_nothing(town: Town, addresses: dict[str, str], table: str) -> None:
    with psycopg.connect(addresses["reader"]) as reader:
        with pytest.raises(ReadOnlySqlTransaction):
            reader.execute(f"DELETE FROM {table}".encode())
        reader.rollback()
        reader.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(InsufficientPrivilege):
            reader.execute(f"DELETE FROM {table}".encode())


@pytest.mark.parametrize("table", BY_DESK)
def test_the_policies_bind_the_owner_as_well(town: Town, addresses: dict[str, str], table: str) -> None:
    with psycopg.connect(addresses["migrator"]) as migrator:
        assert migrator.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)


def test_every_table_with_a_desks_rows_is_kept_by_a_policy(addresses: dict[str, str]) -> None:
    """A new table with a desk's rows either gets a policy in rights.sql or is none that a reader may see."""
    with psycopg.connect(addresses["admin"]) as admin:
        readable = {
            row[0]: row[1:]
            for row in admin.execute(
                "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace AND has_table_privilege('sightline_reader', oid, 'SELECT')"
            )
        }
    assert readable.pop("register_head") == (False, False)
    assert readable == dict.fromkeys([*BY_DESK, "item_folds"], (True, True))


def test_others_cannot_even_connect(addresses: dict[str, str]) -> None:
    with psycopg.connect(addresses["admin"], autocommit=True) as admin:
        admin.execute("DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        allowed = admin.execute("SELECT has_database_privilege('stranger', current_database(), 'CONNECT')").fetchone()
    assert allowed == (False,)


def test_the_addresses_can_be_read_by_their_owner_alone(addresses: dict[str, str], folder: Path) -> None:
    assert len(addresses) == 4
    for path in [folder / "secrets", *(folder / "secrets").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0
