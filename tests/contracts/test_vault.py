"""What the key vault promises: keys are there before anything is sealed under them, and nobody reads them in the file."""

import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from sightline.adapters.postgres_vault import PostgresVault
from sightline.adapters.vault import SqliteVault, connect
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.ledger.sealing import KeyVault
from tests.builders_ledger import at_once

FULL = 2
OLD, NEW = {"2025": bytes(range(32))}, {"2026": bytes(range(32, 64))}


def keys(count: int, start: int = 0) -> dict[str, bytes]:
    """Distinct keys by name."""
    return {f"child:{number:032x}": number.to_bytes(32, "big") for number in range(start, start + count)}


class VaultContract(ABC):
    """Each vault inherits these. `opened` is the vault as one more process opens it."""

    @pytest.fixture
    @abstractmethod
    def opened(self, tmp_path: Path) -> Iterator[Callable[..., KeyVault]]:
        """Opens the vault under the wrapping keys that it is given, by default the new one."""

    @pytest.fixture
    def vault(self, opened: Callable[..., KeyVault]) -> KeyVault:
        return opened()

    def test_a_key_is_there_once_it_is_stored(self, vault: KeyVault) -> None:
        vault.store(keys(3))
        assert vault.open(list(keys(3))) == keys(3)

    def test_a_key_that_is_not_there_is_missing(self, vault: KeyVault) -> None:
        vault.store(keys(1))
        assert vault.open([*keys(3), *keys(1)]) == keys(1)
        assert vault.open([]) == {}

    def test_storing_nothing_is_nothing(self, vault: KeyVault) -> None:
        vault.store({})
        assert vault.open(list(keys(1))) == {}

    def test_keys_outlast_the_process(self, vault: KeyVault, opened: Callable[..., KeyVault]) -> None:
        vault.store(keys(2))
        assert opened().open(list(keys(2))) == keys(2)

    def test_a_name_that_has_a_key_keeps_it(self, vault: KeyVault, opened: Callable[..., KeyVault]) -> None:
        """Another key would lose everything that is sealed under the first."""
        vault.store(keys(1))
        other = opened()
        other.store(dict.fromkeys([*keys(1), "area:hampshire"], b"\xff" * 32))
        for one in (vault, other, opened()):
            assert one.open([*keys(1), "area:hampshire"]) == {**keys(1), "area:hampshire": b"\xff" * 32}

    def test_of_processes_at_once_one_key_wins_for_all(self, opened: Callable[..., KeyVault]) -> None:
        vaults = [opened() for _ in range(4)]

        def make(vault: KeyVault) -> dict[str, bytes]:
            vault.store({name: os.urandom(32) for name in keys(20)})
            return vault.open(list(keys(20)))

        made = at_once([partial(make, vault) for vault in vaults])
        assert made == [made[0]] * 4
        assert len(made[0]) == 20  # type: ignore[arg-type]  # an error would not be equal four times

    def test_many_keys_are_opened_at_once(self, vault: KeyVault, opened: Callable[..., KeyVault]) -> None:
        vault.store(keys(1500))
        assert opened().open([*keys(1500), "child:unknown"]) == keys(1500)

    def test_threads_may_share_a_vault(self, vault: KeyVault) -> None:
        def work(start: int) -> bool:
            for number in range(start, start + 30):
                vault.store(keys(1, number))
                assert vault.open(list(keys(1, number))) == keys(1, number)
            return True

        assert at_once([partial(work, start) for start in (0, 15, 100, 200)]) == [True] * 4

    def test_a_key_wrapped_before_opens_while_its_wrapping_key_is_held(self, opened: Callable[..., KeyVault]) -> None:
        opened(OLD).store(keys(1))
        both = opened(OLD | NEW)
        both.store(keys(1, 1))
        assert both.open(list(keys(2))) == keys(2)
        assert opened(NEW).open(list(keys(1, 1))) == keys(1, 1)

    def test_a_key_whose_wrapping_key_is_gone_or_another_is_corrupt(self, opened: Callable[..., KeyVault]) -> None:
        opened(OLD).store(keys(1))
        for wrapping in (NEW, {"2025": NEW["2026"]}):
            with pytest.raises(Corrupt, match="wrapped_key"):
                opened(wrapping).open(list(keys(1)))


class TestSqliteVault(VaultContract):
    """A file of its own, outside the ledger and its backups."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "children.sqlite"

    @pytest.fixture
    def opened(self, path: Path) -> Iterator[Callable[..., KeyVault]]:
        vaults: list[SqliteVault] = []

        def open_it(wrapping: dict[str, bytes] = NEW) -> KeyVault:
            vaults.append(SqliteVault(path, wrapping))
            return vaults[-1]

        yield open_it
        for vault in vaults:
            vault.close()

    def test_no_key_stands_in_the_file(self, path: Path) -> None:
        secret = os.urandom(32)
        with closing(SqliteVault(path, NEW)) as vault:
            vault.store({"child:one": secret})
        files = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert b"child:one" in files
        assert secret not in files
        assert NEW["2026"] not in files

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param("UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE name = 'b')", id="another's"),
            pytest.param("UPDATE keys SET wrapped = substr(wrapped, 1, 59)", id="cut"),
            pytest.param("UPDATE keys SET wrapped = zeroblob(60)", id="overwritten"),
            pytest.param("UPDATE keys SET wrapped = x''", id="emptied"),
            pytest.param("UPDATE keys SET under = '2024'", id="under another name"),
        ],
    )
    def test_a_changed_row_is_corrupt(self, path: Path, change: str) -> None:
        with closing(SqliteVault(path, NEW)) as vault:
            vault.store({"a": bytes(32), "b": bytes(32)})
        with closing(sqlite3.connect(path)) as file:
            file.execute(change)
            file.commit()
        with closing(SqliteVault(path, NEW)) as vault, pytest.raises(Corrupt, match="wrapped_key"):
            vault.open(["a"])

    def test_a_store_that_fails_leaves_nothing_and_the_next_one_works(self, path: Path) -> None:
        with closing(SqliteVault(path, NEW)) as vault, closing(connect(path)) as other:
            other.execute(
                "CREATE TRIGGER no_b BEFORE INSERT ON keys WHEN new.name = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
            with pytest.raises(Corrupt, match="vault_damaged"):
                vault.store({"a": bytes(32), "b": bytes(32)})
            other.execute("DROP TRIGGER no_b")
            vault.store({"c": bytes(32)})
            assert vault.open(["a", "b", "c"]) == {"c": bytes(32)}

    def test_a_damaged_file_is_corrupt(self, path: Path) -> None:
        with closing(SqliteVault(path, NEW)) as vault:
            vault.store(keys(200))
        path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
        with closing(SqliteVault(path, NEW)) as vault, pytest.raises(Corrupt, match="vault_damaged"):
            vault.open(list(keys(200)))

    def test_a_key_is_on_disk_before_anything_is_sealed_under_it(self, path: Path) -> None:
        """As the ledger's file: a key lost in a power cut would take its items with it."""
        for _ in range(2):
            with closing(connect(path)) as file:
                assert file.execute("PRAGMA synchronous").fetchone() == (FULL,)
                assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class TestPostgresVault(VaultContract):
    """A database of its own, outside the ledger's and its backups."""

    @pytest.fixture
    def opened(self, postgres_dsn: str) -> Iterator[Callable[..., KeyVault]]:
        vaults: list[PostgresVault] = []

        def open_it(wrapping: dict[str, bytes] = NEW) -> KeyVault:
            vaults.append(PostgresVault(postgres_dsn, wrapping))
            return vaults[-1]

        yield open_it
        for vault in vaults:
            vault.close()

    def test_no_key_stands_in_the_table(self, vault: KeyVault, postgres_dsn: str) -> None:
        secret = os.urandom(32)
        vault.store({"child:one": secret})
        with psycopg.connect(postgres_dsn) as connection:
            ((name, under, wrapped),) = connection.execute("SELECT name, under, wrapped FROM keys").fetchall()
        assert (name, under) == ("child:one", "2026")
        assert secret not in wrapped

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param("UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE name = 'b')", id="another's"),
            pytest.param("UPDATE keys SET wrapped = substr(wrapped, 1, 59)", id="cut"),
            pytest.param("UPDATE keys SET wrapped = ''", id="emptied"),
            pytest.param("UPDATE keys SET under = '2024'", id="under another name"),
        ],
    )
    def test_a_changed_row_is_corrupt(self, opened: Callable[..., KeyVault], postgres_dsn: str, change: str) -> None:
        opened().store({"a": bytes(32), "b": bytes(32)})
        with psycopg.connect(postgres_dsn) as connection:
            connection.execute(change.encode())
        with pytest.raises(Corrupt, match="wrapped_key"):
            opened().open(["a"])

    def test_a_connection_that_the_server_ended_is_replaced(self, vault: KeyVault, postgres_dsn: str) -> None:
        vault.store(keys(1))
        with psycopg.connect(postgres_dsn, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        vault.store(keys(1, 1))
        assert vault.open(list(keys(2))) == keys(2)

    def test_a_table_that_cannot_be_read_is_corrupt(self, vault: KeyVault, postgres_dsn: str) -> None:
        with psycopg.connect(postgres_dsn) as connection:
            connection.execute("ALTER TABLE keys RENAME TO gone")
            connection.execute("CREATE VIEW keys AS SELECT name, under, wrapped FROM gone WHERE 1/0 > 0")
        with pytest.raises(Corrupt, match="vault_damaged"):
            vault.open(["a"])

    def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        with pytest.raises(Unavailable, match="vault_unavailable"):
            PostgresVault("postgresql://nobody:x@127.0.0.1:1/none", NEW, timeout_s=1)

    def test_an_address_that_leaves_something_out_is_refused(self) -> None:
        with pytest.raises(Refused, match="database_address"):
            PostgresVault("postgresql://127.0.0.1/none", NEW)
