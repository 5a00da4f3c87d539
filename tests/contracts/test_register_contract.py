"""What sealing promises, on every database that a hub may run on."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sightline.audit.verify import PASS, verify_folder
from sightline.formats.merkle import leaf_hashes, tree_root
from sightline.formats.note import VerifierKey
from sightline.formats.proof import check_proof
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ports import Database
from sightline.register import Sealed
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_database,
    a_register,
    an_sqlite_database,
    decide_leaves,
    some_entries,
)

KEY = VerifierKey(ORIGIN, a_checkpoint_key().public)


class RegisterContract:
    """Each database inherits these."""

    def test_leaves_become_one_verifiable_tree(self, database: Database, tmp_path: Path) -> None:
        register, entries, done = a_register(database, tmp_path / "register"), some_entries(600), 0
        for count in (1, 256, 600):
            decide_leaves(database, entries[done:count])
            sealed = register.seal()
            done = count
            assert sealed.root == tree_root(leaf_hashes(entries[:count]))
        report = verify_folder(tmp_path / "register", vkey=str(KEY))
        assert (report.exit_code, report.size) == (PASS, 600)

    def test_a_sealer_goes_on_after_a_restart_and_proves_what_it_sealed(self, database: Database) -> None:
        entries = some_entries(300)
        decide_leaves(database, entries[:100])
        a_register(database).seal()
        decide_leaves(database, entries[100:])
        register = a_register(database)
        register.seal()
        assert check_proof(register.reader.prove(99).encode(), entries[99], KEY).size == 300
        assert register.reader.consistency(100, 300)
        assert register.reader.tile("tile/entries/001.p/44") is not None

    def test_two_sealers_cannot_both_win(self, database: Database) -> None:
        winner, loser = a_register(database), a_register(database)
        steps: list[Sealed] = []
        decide_leaves(database, some_entries(3))
        winner.seal()
        loser.seal()
        decide_leaves(database, some_entries(5, 3))
        late = a_register(database, on_step=lambda _step: steps.append(winner.seal(limit=1)))
        with pytest.raises(Unavailable, match="overtaken"):
            late.seal()
        with pytest.raises(Unavailable, match="overtaken"):
            loser.seal()
        assert loser.seal().size == 5

    def test_a_stored_tile_is_continued_and_never_changed(self, database: Database) -> None:
        register = a_register(database)
        decide_leaves(database, some_entries(3))
        register.seal()
        with database.transaction() as session:
            session.execute("UPDATE register_tiles SET hashes = ?", (bytes(96),))
        decide_leaves(database, some_entries(4, 3))
        with pytest.raises(Corrupt, match="tile_differs"):
            register.seal()


class TestOnSqlite(RegisterContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        with an_sqlite_database(tmp_path) as database:
            yield database


class TestOnPostgres(RegisterContract):
    @pytest.fixture
    def database(self, postgres_dsn: str) -> Iterator[Database]:
        address = urlsplit(postgres_dsn)
        with a_database(
            PERSISTENCE_MODULE="sightline.adapters.postgres",
            POSTGRES_DBNAME=address.path[1:],
            POSTGRES_HOST=address.hostname or "",
            POSTGRES_PORT=str(address.port),
            POSTGRES_USER=address.username or "",
            POSTGRES_PASSWORD=address.password or "",
        ) as database:
            yield database
