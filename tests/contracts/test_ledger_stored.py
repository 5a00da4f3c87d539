"""What stands in the ledger's table, and which settings choose that table, on every store."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from sightline.kernel.errors import Corrupt
from sightline.kernel.ids import AgencyId
from sightline.ledger.agency import Agency
from sightline.ledger.child import Child
from sightline.ledger.store import Ledger
from tests.builders_ledger import AT, LedgerUnderTest, OnPostgres, OnSqlite, Settings, a_ledger, some_entries


class StoredContract(LedgerUnderTest):
    """Each store inherits these."""

    def test_stored_topics_and_states_do_not_name_modules(self, ledger: Ledger) -> None:
        ledger.append(some_entries(notes=1))
        ledger.append(Child.opened(uuid4(), step="step", at=AT).collect())
        for stored in ledger.recorder.select_notifications(1, 100):
            assert stored.topic.removesuffix(".v1") in {"matter.opened", "matter.clock_struck", "child.opened"}
            assert b"sightline" not in stored.state
            assert b":" not in stored.topic.encode() + stored.state

    def test_bytes_instants_and_lists_come_back_as_they_were(self, ledger: Ledger) -> None:
        agency = Agency.registered(AgencyId("north-police"), step="step", at=AT)
        summer = datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))
        agency.note(
            Agency.KeyRegistered,
            step="step",
            timestamp=AT,
            desk="north-police/missing",
            kid="north-police/missing#é\n☂",
            alg="Ed25519",
            public=bytes(range(256)),
            sources=["/a", "", "b"],
            types=[],
            valid_from=summer,
            valid_until=datetime.max.replace(tzinfo=UTC),
            proof=b"",
        )
        written = agency.collect()
        ledger.append(written)
        found = [p.entry for p in ledger.read(0, 10)]
        assert found == written
        key = found[1]
        assert isinstance(key, Agency.KeyRegistered)
        assert (type(key.public), type(key.sources), key.valid_from.utcoffset()) == (bytes, list, timedelta())
        assert (key.timestamp, key.valid_from, key.valid_until) == (AT, summer, datetime.max.replace(tzinfo=UTC))

    def test_nothing_and_large_things_come_back_as_they_were(self, ledger: Ledger) -> None:
        child = Child.opened(uuid4(), step="step", at=AT)
        child.note(
            Child.ConsentRecorded,
            step="s" * 100_000,
            timestamp=AT,
            purpose="",
            position="given",
            giver="child",
            by="",
            confirming=True,
            in_question=False,
            expires=None,
        )
        written = child.collect()
        ledger.append(written)
        assert ledger.read(0, 10)[1].entry == written[1]
        assert ledger.load([child.id])[child.id].version == 2

    def test_the_process_environment_is_ignored(self, store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("PERSISTENCE_MODULE", "SQLITE_DBNAME", "POSTGRES_DBNAME", "POSTGRES_HOST", "COMPRESSOR_TOPIC"):
            for prefix in ("", "LEDGER_"):
                monkeypatch.setenv(prefix + name, "eventsourcing.popo")
        monkeypatch.setenv("LEDGER_IS_SNAPSHOTTING_ENABLED", "yes")
        with a_ledger(store) as ledger, a_ledger(store) as other:
            ledger.append(some_entries())
            assert other.head() == 1
            assert type(ledger.recorder).__module__ == store["PERSISTENCE_MODULE"]

    def test_database_functions_are_refused(self, store: Settings) -> None:
        with pytest.raises(Corrupt, match="setting_refused"):
            Ledger(env={**store, "POSTGRES_ENABLE_DB_FUNCTIONS": "yes"})


class TestStoredOnSqlite(OnSqlite, StoredContract):
    """One file."""


class TestStoredOnPostgres(OnPostgres, StoredContract):
    """One database."""

    def test_database_functions_are_refused_under_the_ledgers_own_name(self, store: Settings) -> None:
        with pytest.raises(Corrupt, match="setting_refused"):
            Ledger(env={**store, "LEDGER_POSTGRES_ENABLE_DB_FUNCTIONS": "yes"})
