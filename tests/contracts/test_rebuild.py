"""What is folded from the logs can be made anew beside a running hub, on either store, and is what stood before."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL

import msgspec
import pytest

from sightline.adapters import postgres
from sightline.kernel.errors import Unavailable
from sightline.ledger.positions import Overtaken
from tests.builders_hub import (
    CHARITY,
    HEALTH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_flag,
    a_missing,
    a_town,
    feed,
    holds,
    rows,
    signs,
    submits,
)
from tests.builders_ledger import Settings, a_database, a_ledger, sqlite_settings
from tests.builders_rebuild import TABLES, Rows, What, opened, rebuilds, standing
from tests.builders_stages import Week

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BOTH: tuple[What, ...] = ("folds", "views")

Damage = Callable[[Town], object]


def a_told_desk_forgotten(town: Town) -> None:
    """One item's fold no longer knows of its last decisions, and can still be read."""
    ((position, state),) = rows(town, "SELECT position, state FROM item_folds ORDER BY position LIMIT 1")
    members = msgspec.msgpack.decode(bytes(state))
    (told,) = [place for place, member in enumerate(members) if isinstance(member, dict) and POLICE in member]
    members[told] = {}
    rows(town, "UPDATE item_folds SET state = ? WHERE position = ?", msgspec.msgpack.encode(members), position)


def one_more(town: Town, table: str, *values: object) -> None:
    rows(town, f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", *values)


def changed(town: Town, table: str, change: str, key: str, *values: object) -> None:
    """The row of the lowest key is not what it was."""
    rows(town, f"UPDATE {table} SET {change} WHERE {key} = (SELECT MIN({key}) FROM {table})", *values)


Tallies = dict[str, tuple[int, int, int]]
"""Table to how many rows differ, are missing and are too many."""

DAMAGED: dict[str, tuple[What, list[Damage], Tallies]] = {
    "folds": (
        "folds",
        [
            a_told_desk_forgotten,
            lambda town: changed(town, "child_folds", "sealed = ?", "id", b"\x01"),
            lambda town: rows(town, "DELETE FROM child_items WHERE item = (SELECT MAX(item) FROM child_items)"),
            lambda town: one_more(town, "desk_folds", "a/b", b"\x80"),
            lambda town: rows(town, "DELETE FROM decide_state"),
        ],
        {
            "child_folds": (1, 0, 0),
            "item_folds": (1, 0, 0),
            "child_items": (0, 1, 0),
            "desk_folds": (0, 0, 1),
            "decide_state": (0, 1, 0),
        },
    ),
    "folds that cannot be read": (
        "folds",
        [
            lambda town: changed(town, "item_folds", "ref = 'i-0', state = ?", "position", b"\xc1"),
            lambda town: rows(town, "DELETE FROM item_folds WHERE position = (SELECT MAX(position) FROM item_folds)"),
            lambda town: changed(town, "desk_folds", "state = ?", "id", b"\xc1"),
            lambda town: changed(town, "decide_state", "state = ?", "name", b"\xc1"),
        ],
        {"item_folds": (1, 1, 0), "desk_folds": (1, 0, 0), "decide_state": (1, 0, 0)},
    ),
    "views": (
        "views",
        [
            lambda town: rows(town, "DELETE FROM feed WHERE seq = 1 AND desk = ?", POLICE),
            lambda town: rows(town, "UPDATE feed SET leaf = 'l-0' WHERE seq = 1 AND desk = ?", CHARITY),
            lambda town: one_more(town, "feed", CHARITY, 9999, "l-0", "", "item", 1),
            lambda town: rows(town, "UPDATE feed_heads SET running = '0' WHERE desk = ?", CHARITY),
            lambda town: changed(town, "notices", "area = 'lincolnshire'", "id"),
        ],
        {"feed": (1, 1, 1), "feed_heads": (1, 0, 0), "notices": (1, 0, 0)},
    ),
    "clocks of recalls": (
        "views",
        [
            lambda town: rows(
                town, "UPDATE clocks SET due = due + 1 WHERE kind = 'recall_answer' AND desk = ?", CHARITY
            ),
            lambda town: one_more(town, "clocks", "recall_answer:0", "recall_answer", 1, "", "l-0", CHARITY, "", 0),
            lambda town: rows(town, "DELETE FROM notices"),
        ],
        {"clocks": (1, 0, 1), "notices": (0, 1, 0)},
    ),
}


class RebuildContract:
    """Each database inherits these."""

    @pytest.fixture(scope="class")
    @classmethod
    def town(cls, tmp_path_factory: pytest.TempPathFactory, store: Settings) -> Iterator[Town]:
        """After some days on which something of everything happened. What a test damages is right again at its end."""
        town = Week(a_town(tmp_path_factory.mktemp("town") / "hub", store=store)).passes().town
        yield town
        town.hub.close()

    @pytest.mark.parametrize("what", BOTH)
    def test_what_is_rebuilt_is_what_stood_and_not_a_row_is_touched(self, town: Town, what: What) -> None:
        before = standing(town.hub.database, *TABLES[what])
        assert rebuilds(town.hub.ledger, town.folder, what, check=True).is_equal
        found = rebuilds(town.hub.ledger, town.folder, what)
        assert found.is_equal
        assert all(tally.rows for tally in found.tables.values())
        assert not any(tally.kept for tally in found.tables.values())
        assert standing(town.hub.database, *TABLES[what]) == before

    @pytest.mark.parametrize("what", BOTH)
    def test_what_was_lost_altogether_comes_back_and_the_hub_goes_on(self, town: Town, what: What) -> None:
        before = meaning(town, what)
        for table in TABLES[what]:
            rows(town, f"DELETE FROM {table}{' WHERE kind = ?' if table == 'clocks' else ''}", *of_recalls(table))
        assert not rebuilds(town.hub.ledger, town.folder, what).is_equal
        assert meaning(town, what) == before
        goes_on(town)
        holds(town)

    @pytest.mark.parametrize("name", DAMAGED)
    def test_damage_is_found_by_a_check_and_put_right_by_a_rebuild(self, town: Town, name: str) -> None:
        what, damages, expected = DAMAGED[name]
        before = meaning(town, what)
        for damage in damages:
            damage(town)
        damaged = standing(town.hub.database, *TABLES[what])
        for check in (True, False):
            assert standing(town.hub.database, *TABLES[what]) == damaged, "a check changes nothing"
            found = rebuilds(town.hub.ledger, town.folder, what, check=check)
            tallies = {name: (t.different, t.missing, t.extra) for name, t in found.tables.items()}
            assert tallies == dict.fromkeys(found.tables, (0, 0, 0)) | expected
        assert meaning(town, what) == before

    def test_a_clock_that_has_struck_comes_back_as_one_that_has(self, town: Town) -> None:
        """Else the desk that should have answered would be told a second time that it is late."""
        recalls = "SELECT id, struck FROM clocks WHERE kind = 'recall_answer' ORDER BY id"
        town.clock.advance(timedelta(hours=73))
        settles(town)
        before = rows(town, recalls)
        assert any(struck for _, struck in before)
        rows(town, "DELETE FROM clocks WHERE kind = 'recall_answer'")
        rebuilds(town.hub.ledger, town.folder, "views")
        assert rows(town, recalls) == before
        assert not town.hub.strike()

    # ------------------------------------------------------------------------------------------------ while others work

    def test_a_decider_that_had_begun_loses_and_loads_again(self, town: Town) -> None:
        goes_on(town)
        a_told_desk_forgotten(town)
        assert not rebuilds(town.hub.ledger, town.folder, "folds").is_equal
        submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(70))))
        with pytest.raises(Overtaken):
            town.hub.decide()
        town.hub.settle()
        assert rebuilds(town.hub.ledger, town.folder, "folds", check=True).is_equal
        holds(town)

    def test_one_that_tells_and_had_begun_loses_and_reads_the_heads_again(self, town: Town) -> None:
        goes_on(town)
        rows(town, "UPDATE feed_heads SET seq = seq + 5")
        assert not rebuilds(town.hub.ledger, town.folder, "views").is_equal
        submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(71))))
        settles(town)
        entries = feed(town, POLICE)
        assert [entry.seq for entry in entries] == list(range(1, 1 + len(entries)))
        assert rebuilds(town.hub.ledger, town.folder, "views", check=True).is_equal

    @pytest.mark.parametrize("what", BOTH)
    def test_what_is_decided_while_it_is_folded_is_folded_too(self, town: Town, what: What) -> None:
        """After each page, more is submitted, decided and told."""
        serials = iter(range(80, 83))

        def on_progress(part: str, done: int, of: int) -> None:
            if part in {"fold", "tell"} and (serial := next(serials, None)) is not None:
                submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(serial), to=[SCHOOL])))
                settles(town)

        for check in (True, False):
            assert rebuilds(town.hub.ledger, town.folder, what, check=check, on_progress=on_progress).is_equal
        assert next(serials, None) is None

    def test_under_load_every_check_and_every_rebuild_is_equal(self, town: Town, store: Settings) -> None:
        """Nobody waits for anybody but the stores: a hub works on while another process rebuilds, again and again."""
        stop = threading.Event()
        found: list[bool] = []

        def rebuild() -> None:
            with a_ledger(store) as ledger:
                while not stop.is_set():
                    found.extend(
                        rebuilds(ledger, town.folder, what, check=check).is_equal
                        for what in BOTH
                        for check in (True, False)
                    )

        beside = threading.Thread(target=rebuild)
        beside.start()
        try:
            for serial in range(100, 112):
                submits(town, signs(town, HEALTH, "missing.reported", a_missing(a_child(serial))))
                submits(town, signs(town, CHARITY, "missing.reported", {"nothing": "of use"}))
                submits(town, signs(town, POLICE, "flag.raised", a_flag(a_child(serial), "location_protected")))
                settles(town)
        finally:
            stop.set()
            beside.join(60)
        assert found
        assert all(found)
        holds(town)

    # ------------------------------------------------------------------------------------------------------------ killed

    @pytest.mark.parametrize(
        ("what", "part"),
        [("folds", "fold"), ("folds", "item_folds"), ("folds", "swap"), ("views", "feed_heads"), ("views", "swap")],
    )
    def test_killed_in_the_middle_it_leaves_the_hub_as_it_was(
        self, town: Town, store: Settings, what: What, part: str
    ) -> None:
        before = meaning(town, what)
        for each in ("folds", "views"):
            for damage in DAMAGED[each][1]:
                damage(town)
        damaged = standing(town.hub.database, *TABLES[what], "positions")
        assert killed_at(part, what, town.folder, store) == -SIGKILL
        assert standing(town.hub.database, *TABLES[what], "positions") == damaged
        assert [path.name for path in town.folder.glob("rebuild-*")] == []
        for which in BOTH:
            assert not rebuilds(town.hub.ledger, town.folder, which).is_equal
        assert meaning(town, what) == before


def of_recalls(table: str) -> tuple[str, ...]:
    """Clocks of other kinds are the record stage's: they follow from sealed forms, and are not rebuilt."""
    return ("recall_answer",) if table == "clocks" else ()


def meaning(town: Town, what: What) -> Rows:
    """What stands, with seals opened."""
    found = standing(town.hub.database, *TABLES[what])
    return opened(found, town.folder) if what == "folds" else found


def settles(town: Town) -> None:
    """Run every stage; being overtaken by a rebuild is no more than a reason to look again."""
    while True:
        try:
            town.hub.settle()
        except Unavailable:
            continue
        return


def goes_on(town: Town) -> None:
    """Something new comes in, and is decided and told."""
    submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(60), to=[SCHOOL])))
    settles(town)


def killed_at(part: str, what: What, folder: Path, store: Settings) -> int:
    """Rebuild in a process that kills itself when it has come to that part; how it ended."""
    program = "import sys; from tests.contracts.test_rebuild import dies_at; dies_at(*sys.argv[1:])"
    command = [sys.executable, "-c", program, part, what, str(folder), json.dumps(store)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode


def dies_at(part: str, what: What, folder: str, store: str) -> None:
    """What `killed_at` runs."""

    def on_progress(now: str, done: int, of: int) -> None:
        if now == part:
            os.kill(os.getpid(), SIGKILL)

    with a_ledger(json.loads(store)) as ledger:
        rebuilds(ledger, Path(folder), what, on_progress=on_progress)


class TestRebuildOnSqlite(RebuildContract):
    """One file."""

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, tmp_path_factory: pytest.TempPathFactory) -> Settings:
        return sqlite_settings(tmp_path_factory.mktemp("store"))


class TestRebuildOnPostgres(RebuildContract):
    """One database."""

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, postgres_server: str) -> Iterator[Settings]:
        with a_database(postgres_server) as address:
            yield {**postgres.settings_of(address), "POSTGRES_POOL_SIZE": "1"}
