"""Policies are kept, and found again by their digest, on every database that a hub may run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.adapters.clock import SystemClock
from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.ports import Database
from sightline.kernel.share import share
from sightline.ledger import kept_policies
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.store import Ledger
from sightline.record.admin import Admin
from sightline.runtime.build_decide import read_rules
from sightline.runtime.policies import HeldPolicies, folder_of, keep_policy
from tests.builders_ledger import OnPostgres, OnSqlite, Settings, a_ledger
from tests.builders_policy import a_policy_without

POLICIES = share("policies")
OURS = policy_digest(POLICIES)
NOBODYS = f"sha256:{'n' * 42}A"


class KeptPoliciesContract:
    """Each database inherits these."""

    @pytest.fixture
    def ledger(self, store: Settings) -> Iterator[Ledger]:
        with a_ledger(store) as ledger:
            with ledger.database.transaction() as session:
                for statement in kept_policies.TABLES:
                    session.execute(statement)
            yield ledger

    @pytest.fixture
    def database(self, ledger: Ledger) -> Database:
        return ledger.database

    @pytest.fixture
    def older(self, tmp_path: Path) -> Path:
        return a_policy_without(tmp_path / "older", "health_safeguarding", "missing.reported")

    def test_a_policy_is_kept_once(self, database: Database, older: Path) -> None:
        for folder in (POLICIES, older, POLICIES):
            keep_policy(database, folder)
        assert kept_policies.digests(database) == {OURS, policy_digest(older)}
        with database.reading() as session:
            assert session.execute("SELECT COUNT(*) FROM policies") == [(2,)]

    def test_an_older_policy_is_ready_to_decide_by_with_its_own_data(self, ledger: Ledger, older: Path) -> None:
        keep_policy(ledger.database, older)
        engine = WasmEngine(POLICIES)
        at_hand = ReadyPolicy(engine, read_rules(POLICIES).data)
        policies = HeldPolicies(ledger=ledger, folder=POLICIES, at_hand=at_hand)
        assert policies(policy_digest(older)) is None  # The ledger knows of no engine that decided by it.
        Admin(ledger=ledger, clock=SystemClock()).found(origin="hub.test", engine=WasmEngine(older, late=True))
        found = policies(policy_digest(older))
        assert found is not None
        assert found.engine.policy == policy_digest(older)
        assert "missing.reported" not in found.data.remits["health_safeguarding"]["types"]
        assert policies(policy_digest(older)) is found
        assert policies(NOBODYS) is None
        assert policies(OURS) is at_hand
        policies.close()
        engine.close()

    def test_its_files_are_there_for_as_long_as_they_are_read(self, database: Database, older: Path) -> None:
        keep_policy(database, older)
        with folder_of(database, policy_digest(older), POLICIES) as folder:
            assert folder is not None
            assert policy_digest(folder) == policy_digest(older)
        assert not folder.exists()
        with folder_of(database, OURS, POLICIES) as folder:
            assert folder == POLICIES
        with folder_of(database, NOBODYS, POLICIES) as folder:
            assert folder is None


class TestSqlite(OnSqlite, KeptPoliciesContract):
    """A file."""


class TestPostgres(OnPostgres, KeptPoliciesContract):
    """A server."""
