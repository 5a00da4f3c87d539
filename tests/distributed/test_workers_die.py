"""Workers are killed, doubled and cut off while submissions come; nothing is lost, doubled or readable unrecorded."""

import json
import urllib.error
import urllib.request

import psycopg
import pytest

from sightline.audit.verify import verify_folder
from sightline.kernel.ids import DeskId
from tests.builders_distributed import STAGES, Works, waits_for
from tests.builders_hub import CSC, HEALTH, MASH, POLICE, a_child, missing_now

SENDERS = (POLICE, HEALTH, MASH, CSC)


def a_burst(area: Works, start: int, count: int = 24) -> list[bytes]:
    """New reports from several agencies, on the broker."""
    made: dict[DeskId, list[bytes]] = {}
    for serial in range(start, start + count):
        desk = SENDERS[serial % len(SENDERS)]
        made.setdefault(desk, []).append(area.signs(desk, "missing.reported", missing_now(a_child(serial))))
    for desk, events in made.items():
        area.posts(desk, *events)
    return [event for events in made.values() for event in events]


def holds(area: Works, sent: int) -> None:
    """So many submissions came to one receipt each, every feed is dense, and the evidence verifies."""
    with area.hub.database.reading() as session:
        assert session.execute("SELECT COUNT(*) FROM claims") == [(sent,)]
        assert session.execute("SELECT COUNT(*) FROM receipts") == [(sent,)]
        assert session.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM leaves")[0][0] > 0
    numbers = {agency: {receipt.number for receipt in area.receipts(agency)} for agency in agencies(area)}
    assert sum(map(len, numbers.values())) == sent
    for agency, found in numbers.items():
        assert found == set(range(1, 1 + len(found))), agency
    for desk in area.keys:
        entries = area.told(desk)
        told = list(dict.fromkeys((e["seq"], e["leaf"], e["hash"], e["kind"]) for e in area.feed(desk)))
        assert told == [(e.seq, e.leaf, e.leaf_hash, e.kind) for e in entries], desk
    report = verify_folder(area.settings.export, vkey=area.hub.vkey)
    assert (report.exit_code, report.findings) == (0, ())


def agencies(area: Works) -> list[str]:
    """Every agency of the cast."""
    return sorted({desk.partition("/")[0] for desk in area.keys})


@pytest.fixture(scope="module")
def counted() -> list[bytes]:
    """All that was sent to the hub of this file."""
    return []


@pytest.mark.parametrize("stage", STAGES)
def test_a_worker_that_is_killed_goes_on_where_it_was(area: Works, counted: list[bytes], stage: str) -> None:
    sent = a_burst(area, len(counted))
    area.workers[stage].kill()
    sent += a_burst(area, len(counted) + len(sent))
    area.start(stage)
    counted += sent
    area.answers(*sent)
    holds(area, len(counted))


def test_a_second_of_each_kind_loses_or_waits_and_doubles_nothing(area: Works, counted: list[bytes]) -> None:
    area.start_all({f"second-{stage}": stage for stage in STAGES})
    for _ in range(3):
        sent = a_burst(area, len(counted))
        counted += sent
        area.answers(*sent)
    standing_by = [name for name, worker in area.workers.items() if ready(worker.health)[1]["standing_by"]]
    assert {name.removeprefix("second-") for name in standing_by} <= {"decide", "seal"}
    # The first ones go, and the others take over.
    for stage in STAGES:
        area.workers.pop(stage).kill()
    sent = a_burst(area, len(counted))
    counted += sent
    area.answers(*sent)
    holds(area, len(counted))
    for stage in STAGES:
        area.workers[stage] = area.workers.pop(f"second-{stage}")
        assert not ready(area.workers[stage].health)[1]["standing_by"]


def test_a_partition_that_goes_to_another_worker_is_neither_lost_nor_doubled(area: Works, counted: list[bytes]) -> None:
    """Record workers come and go while batches are in hand."""
    sent: list[bytes] = []
    for turn in range(2):
        sent += a_burst(area, len(counted) + len(sent), 40)
        joined = area.start("record", f"joined-{turn}")
        sent += a_burst(area, len(counted) + len(sent), 20)
        joined.stop() if turn % 2 else joined.kill()
        del area.workers[f"joined-{turn}"]
    counted += sent
    area.answers(*sent)
    holds(area, len(counted))


def test_connections_that_the_database_ends_are_made_anew(
    area: Works, counted: list[bytes], postgres_server: str
) -> None:
    sent = a_burst(area, len(counted))
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        for _ in range(3):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('sightline_hub', 'sightline_vault')"
            )
            sent += a_burst(area, len(counted) + len(sent), 8)
    counted += sent
    area.answers(*sent)
    waits_for(lambda: all(ready(worker.health)[0] == 200 for worker in area.workers.values()))
    holds(area, len(counted))


def test_after_all_of_it_everything_can_be_decided_again(area: Works) -> None:
    replayed = area.hub.replay()
    assert replayed.exit_code == 0, replayed.differences
    assert area.stop() == dict.fromkeys(STAGES, 0)


def ready(health: str) -> tuple[int, dict[str, object]]:
    """What the worker's page says."""
    try:
        with urllib.request.urlopen(f"{health}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)
