"""What the ledger promises, on every store that a hub may run on."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from uuid import UUID, uuid4

import pytest
from tests.builders_ledger import AT, OnPostgres, OnSqlite, Settings, a_ledger, a_matter, at_once, noted, some_entries

from sightline.kernel.errors import Corrupt, SightlineError
from sightline.kernel.ids import AgencyId
from sightline.kernel.ports import Row, Session
from sightline.ledger.agency import Agency
from sightline.ledger.child import Child
from sightline.ledger.matter import Matter
from sightline.ledger.store import Collision, Ledger, Placed

STEP_SIZES = (1, 3, 2, 7, 1)


class Burst(Exception):
    """Something of ours that fails inside the accepting transaction."""


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


def names_of(placed: list[Placed]) -> list[tuple[UUID, int]]:
    """Stream and version of each entry."""
    return [(p.entry.originator_id, p.entry.originator_version) for p in placed]


def lost(outcomes: Sequence[object]) -> list[type]:
    """The kinds of error that some ended with."""
    return [type(one) for one in outcomes if isinstance(one, SightlineError)]


class LedgerContract:
    """Each store inherits these."""

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

    # ------------------------------------------------------------------------------------------------- append, read

    def test_entries_are_read_in_the_order_in_which_they_were_appended(self, ledger: Ledger) -> None:
        first, second = some_entries(notes=2), some_entries(notes=1)
        ledger.append(first)
        ledger.append(second)
        assert [p.entry for p in ledger.read(0, 100)] == [*first, *second]
        assert [p.entry for p in ledger.read(ledger.read(0, 2)[-1].position, 2)] == [first[2], second[0]]

    def test_an_empty_ledger_has_nothing_and_its_head_is_0(self, ledger: Ledger) -> None:
        assert (ledger.read(0, 10), ledger.read_steps(0, 10), ledger.head()) == ([], [], 0)

    def test_appending_nothing_is_nothing(self, ledger: Ledger) -> None:
        ledger.append([])
        assert ledger.head() == 0

    def test_positions_only_grow_even_after_a_lost_race(self, ledger: Ledger) -> None:
        taken = uuid4()
        for number in range(4):
            ledger.append(some_entries(taken if number == 0 else None, notes=number))
            with pytest.raises(Collision):
                ledger.append([*some_entries(), *some_entries(taken)])
        positions = [p.position for p in ledger.read(0, 100)]
        assert len(positions) == 1 + 2 + 3 + 4
        assert all(a < b for a, b in itertools.pairwise([0, *positions]))
        assert ledger.head() == positions[-1]

    def test_entries_are_read_by_kind(self, ledger: Ledger) -> None:
        ledger.append(some_entries(notes=2))
        ledger.append(some_entries(notes=1))
        found = ledger.read(0, 100, topics=[Matter.ClockStruck.TOPIC])
        assert [p.entry.originator_version for p in found] == [2, 3, 2]

    def test_entries_outlast_the_process(self, ledger: Ledger, store: Settings) -> None:
        entries = some_entries(notes=3)
        ledger.append(entries, also=claims("one"))
        ledger.close()
        with a_ledger(store) as again:
            assert [p.entry for p in again.read(0, 100)] == entries
            assert claimed(again) == [("one", b"\x00\xff")]

    # ------------------------------------------------------------------------------------------------------ two writers

    def test_two_writers_of_one_stream_cannot_both_win(self, ledger: Ledger, other: Ledger) -> None:
        matter = a_matter()
        ledger.append(matter.collect())
        ours, theirs = ledger.load([matter.id])[matter.id], other.load([matter.id])[matter.id]
        assert isinstance(ours, Matter)
        assert isinstance(theirs, Matter)
        other.append(noted(theirs, step="theirs").collect())
        with pytest.raises(Collision):
            ledger.append([*noted(ours, step="ours").collect(), *some_entries()], also=claims("one"))
        assert [p.entry.step for p in ledger.read(0, 100)] == ["step", "theirs"]
        assert claimed(ledger) == []

    def test_two_writers_of_one_unique_row_cannot_both_win(self, ledger: Ledger, other: Ledger) -> None:
        other.append(some_entries(step="theirs"), also=claims("one"))
        with pytest.raises(Collision):
            ledger.append(some_entries(step="ours"), also=claims("two", "one"))
        assert [p.entry.step for p in ledger.read(0, 100)] == ["theirs"]
        assert [row[0] for row in claimed(ledger)] == ["one"]

    def test_rows_without_entries_collide_alike(self, ledger: Ledger, other: Ledger) -> None:
        ledger.append([], also=claims("one"))
        with pytest.raises(Collision):
            other.append([], also=claims("one"))
        assert (len(claimed(ledger)), ledger.head()) == (1, 0)

    def test_of_writers_at_once_exactly_one_takes_a_version(self, ledger: Ledger, other: Ledger) -> None:
        for stream in [uuid4() for _ in range(8)]:
            outcomes = at_once([partial(writer.append, some_entries(stream)) for writer in (ledger, other) * 2])
            assert lost(outcomes) == [Collision] * 3
        assert len(ledger.read(0, 100)) == 8

    def test_of_writers_at_once_exactly_one_takes_a_row(self, ledger: Ledger, other: Ledger) -> None:
        for name in "abcdefgh":
            works = [partial(writer.append, some_entries(), also=claims(name)) for writer in (ledger, other) * 2]
            assert lost(at_once(works)) == [Collision] * 3
        assert len(claimed(ledger)) == len(ledger.read(0, 100)) == 8

    def test_writers_whose_rows_cross_do_not_block_each_other(self, ledger: Ledger, other: Ledger) -> None:
        """The same rows in another order: the loser hears of a collision, not of a deadlock a second later."""
        for turn in range(4):
            names = [f"{turn} {number}" for number in range(50)]
            one = partial(ledger.append, some_entries(), also=claims(*names))
            two = partial(other.append, some_entries(), also=claims(*reversed(names)))
            assert lost(at_once([one, two])) == [Collision]
        assert len(claimed(ledger)) == 200

    def test_a_reader_never_passes_over_an_entry_that_is_still_being_written(
        self, ledger: Ledger, other: Ledger
    ) -> None:
        """Positions are given out in the order of commits: whoever sees 8 has seen 7, or it will never be there."""
        done, seen = threading.Event(), list[Placed]()

        def write(writer: Ledger) -> None:
            for _ in range(15):
                writer.append(some_entries(notes=2))

        def write_all() -> None:
            try:
                assert lost(at_once([partial(write, writer) for writer in (ledger, other, other)])) == []
            finally:
                done.set()

        def follow() -> None:
            while not done.is_set() or seen[-1].position != ledger.head():
                seen.extend(ledger.read(seen[-1].position if seen else 0, 10))

        at_once([write_all, follow])
        assert seen == ledger.read(0, 1000)
        assert len(seen) == 3 * 15 * 3

    # --------------------------------------------------------------------------------------------- rows beside entries

    def test_rows_commit_with_the_entries(self, ledger: Ledger, other: Ledger) -> None:
        ledger.append(some_entries(), also=claims("a", "b"))
        assert [row[0] for row in claimed(other)] == ["a", "b"]

    def test_an_error_beside_the_entries_leaves_neither(self, ledger: Ledger, other: Ledger) -> None:
        def fail(session: Session) -> None:
            claims("one")(session)
            raise Burst

        with pytest.raises(Burst):
            ledger.append(some_entries(notes=1), also=fail)
        assert (claimed(other), other.read(0, 10), other.head()) == ([], [], 0)
        ledger.append(some_entries(), also=claims("one"))
        assert len(other.read(0, 10)) == 1

    def test_rows_can_be_read_back_where_they_are_written(self, ledger: Ledger) -> None:
        told: list[list[Row]] = []

        def also(session: Session) -> None:
            claims("one")(session)
            session.execute_many("INSERT INTO claims_of_test VALUES (?, ?)", [("three", b"3"), ("two", b"2")])
            told.append(session.execute("SELECT name FROM claims_of_test ORDER BY name"))
            told.append(
                session.execute("UPDATE claims_of_test SET digest = ? WHERE name = ? RETURNING digest", (b"new", "two"))
            )
            told.append(session.execute("UPDATE claims_of_test SET digest = ? WHERE name = ?", (b"newer", "two")))

        ledger.append(some_entries(), also=also)
        assert told == [[("one",), ("three",), ("two",)], [(b"new",)], []]
        assert ("two", b"newer") in claimed(ledger)

    # ------------------------------------------------------------------------------------------------ streams and names

    def test_many_streams_are_loaded_as_they_stand(self, ledger: Ledger) -> None:
        streams = [uuid4() for _ in range(1100)]
        ledger.append(
            [entry for number, stream in enumerate(streams) for entry in some_entries(stream, notes=number % 3)]
        )
        found = ledger.load([*streams, uuid4(), streams[0]])
        assert {stream: matter.version for stream, matter in found.items()} == {
            stream: 1 + number % 3 for number, stream in enumerate(streams)
        }
        assert ledger.load([]) == {}

    def test_entries_are_found_by_name(self, ledger: Ledger) -> None:
        matter, child = a_matter(notes=3), uuid4()
        ledger.append([*matter.collect(), *Child.opened(child, step="step", at=AT).collect()])
        wanted = [(matter.id, 3), (child, 1), (matter.id, 1), (matter.id, 3), (matter.id, 5), (uuid4(), 1)]
        found = ledger.entries(wanted)
        assert found.keys() == {(matter.id, 3), (child, 1), (matter.id, 1)}
        assert isinstance(found[child, 1], Child.Opened)
        assert ledger.entries([]) == {}

    def test_many_entries_are_found_by_name(self, ledger: Ledger) -> None:
        matter = a_matter(notes=1200)
        ledger.append(matter.collect())
        names = [(matter.id, version) for version in range(1, 1202)]
        assert ledger.entries(names).keys() == set(names)

    # ------------------------------------------------------------------------------------------------------------ steps

    @pytest.fixture
    def steps(self, ledger: Ledger) -> list[list[tuple[UUID, int]]]:
        """Steps of several sizes: the names of the entries of each."""
        written = [some_entries(notes=size - 1, step=f"step {n}") for n, size in enumerate(STEP_SIZES)]
        for entries in written:
            ledger.append(entries)
        return [[(e.originator_id, e.originator_version) for e in entries] for entries in written]

    @pytest.mark.parametrize("limit", range(1, sum(STEP_SIZES) + 3))
    def test_no_step_is_parted_however_small_the_limit(
        self, ledger: Ledger, steps: list[list[tuple[UUID, int]]], limit: int
    ) -> None:
        position, found = 0, list[list[tuple[UUID, int]]]()
        while placed := ledger.read_steps(position, limit):
            position = placed[-1].position
            found += [names_of(list(of_one)) for _, of_one in itertools.groupby(placed, lambda p: p.entry.step)]
        assert found == steps

    def test_no_more_is_read_than_the_limit_unless_one_step_is_larger(
        self, ledger: Ledger, steps: list[list[tuple[UUID, int]]]
    ) -> None:
        after = ledger.read(0, 6)[-1].position
        assert names_of(ledger.read_steps(0, 5)) == [*steps[0], *steps[1]]
        assert names_of(ledger.read_steps(after, 3))[:7] == steps[3]

    # --------------------------------------------------------------------------------------------------- what is stored

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

    # ---------------------------------------------------------------------------------------------------------- settings

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


class TestLedgerOnSqlite(OnSqlite, LedgerContract):
    """Many writers, one file."""


class TestLedgerOnPostgres(OnPostgres, LedgerContract):
    """Many writers, one table lock."""

    def test_database_functions_are_refused_under_the_ledgers_own_name(self, store: Settings) -> None:
        with pytest.raises(Corrupt, match="setting_refused"):
            Ledger(env={**store, "LEDGER_POSTGRES_ENABLE_DB_FUNCTIONS": "yes"})
