"""The row "end to end in process": signed bytes enter the embedded line and are released to the desks.

The clock runs from a round's first byte until its last decision is sealed, exported and fed. It stands while the next
round is made and signed: that is the agencies' work, not the hub's. One round ends before the next begins, so the line
runs dry between rounds, and that is counted.
"""

import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.agency.keys import generate, make_registration
from sightline.agency.sign import sign_event
from sightline.entrypoints.bench import wire
from sightline.entrypoints.bench.cast import AREA, DESKS, MISSING
from sightline.entrypoints.bench.measure import Spent, bytes_in, peak_memory_mb, say
from sightline.entrypoints.bench.workload import Event, Workload
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import Receipt, read_receipt_unsafe
from sightline.kernel.ids import DeskId
from sightline.record.stage import Answer
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

ORIGIN = "sightline.example/bench"
WAITING = 1_024
"""Submissions under way at once: four batches, so that checking never waits for bytes."""
ROUNDS = 10
_LARGEST_ROUND = 2_048
_POLL_S = 0.002


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row is to measure."""

    submissions: int
    seed: int
    folder: Path
    """Where it may write; rows that need what another left look here."""


def source_of(desk: DeskId) -> str:
    """The one system of a desk."""
    return f"/agencies/{desk}/records"


def admit(hub: Hub) -> dict[DeskId, PrivateKey]:
    """Open every desk of the cast and register a key for each."""
    keys = {}
    for desk in DESKS:
        hub.admin.open_desk(desk)
        keys[desk.id] = generate(desk.id)
        request = make_registration(keys[desk.id], sources=[source_of(desk.id)], types=["*"], now=hub.clock.now())
        hub.admin.register_key(request)
    hub.settle()
    return keys


def signed(event: Event, key: PrivateKey) -> bytes:
    """What that desk sends."""
    return sign_event(
        key,
        source=source_of(event.desk),
        type=event.type,
        data=event.data,
        area=AREA,
        purpose=event.purpose,
        actor="staff-0017:practitioner",
        time=event.time,
        id=event.id,
    )


def round_size(submissions: int) -> int:
    """Ten rounds, none of them so large that its references come late."""
    return max(1, min(_LARGEST_ROUND, -(-submissions // ROUNDS)))


class Driver:
    """Sends a workload through one hub and keeps count."""

    def __init__(self, asked: Asked) -> None:
        self.spent = Spent()
        self.outcomes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.hub = embedded(asked.folder / "hub", origin=ORIGIN)
        self._keys = admit(self.hub)
        self._events = asked.folder / "events.bin"
        wire.keep_keys(asked.folder / "keys.json", list(self._keys.values()))
        self.runner = Runner(self.hub, Settings(data=asked.folder / "hub"))
        self.workload = Workload(seed=asked.seed, submissions=asked.submissions, now=self.hub.clock.now())
        self._asked = asked
        self._told: dict[DeskId, int] = {}
        self._alerts: set[str] = set()
        self.bytes_sent = 0

    def run(self) -> None:
        """All rounds."""
        self.runner.start()
        left = self._asked.submissions
        while left:
            size = min(left, round_size(self._asked.submissions))
            self._round(size)
            left -= size
            say(f"in process: {self._asked.submissions - left} sent, {self.spent.rate(sum(self.outcomes.values()))}/s")
        self.runner.stop()

    def _round(self, size: int) -> None:
        events = self.workload.round(size)
        raws = [signed(event, self._keys[event.desk]) for event in events]
        wire.keep(self._events, raws)
        self.bytes_sent += sum(map(len, raws))
        with self.spent.measured():
            answers = self._send(raws)
            self._wait_until_released()
        self._count(answers)
        self.workload.learn(events, [_receipt(answer) for answer in answers])
        self._ask()

    def _send(self, raws: Sequence[bytes]) -> list[Answer]:
        """Hand over as fast as the line takes them; it makes the batches itself, of at most 256."""
        under_way: deque[Future[Answer]] = deque()
        answers: list[Answer] = []
        for raw in raws:
            if len(under_way) == WAITING:
                answers.append(under_way.popleft().result())
            under_way.append(self.runner.submit(raw))
        return [*answers, *(future.result() for future in under_way)]

    def _wait_until_released(self) -> None:
        """Until every entry is decided, every leaf sealed and every sealed leaf told."""
        head = self.hub.ledger.head()
        while not (self.hub.decide.at >= head and self._is_told()):
            if self.runner.health()["corrupt"]:
                raise RuntimeError(f"the line stopped: {self.runner.health()['trouble']}")
            time.sleep(_POLL_S)

    def _is_told(self) -> bool:
        with self.hub.database.reading() as session:
            leaves = session.execute("SELECT COALESCE(MAX(n), -1) + 1 FROM leaves")[0][0]
            told = session.execute("SELECT position FROM positions WHERE name = 'feed'")
        return bool(told) and int(told[0][0]) >= int(leaves)

    def _count(self, answers: Sequence[Answer]) -> None:
        self.outcomes.update(answer.outcome for answer in answers)
        self.refusals.update(answer.refusal.code for answer in answers if answer.refusal)

    def _ask(self) -> None:
        """What the desks read between rounds: new recalls in their feeds, and the alerts of the force's desk."""
        for desk in DESKS:
            while page := self.hub.feeds.page(desk.id, after=self._told.get(desk.id, 0)).entries:
                self._told[desk.id] = page[-1].seq
                self.workload.recalls.extend((desk.id, entry.leaf) for entry in page if entry.kind == "recall")
        new = {view.ref for view in self.hub.view.alerts(MISSING) if view.state == "disclosed"} - self._alerts
        self._alerts |= new
        self.workload.alerts.extend(sorted(new))


def _receipt(answer: Answer) -> Receipt | None:
    return read_receipt_unsafe(answer.receipt) if answer.outcome == "accepted" else None


def measure(asked: Asked) -> dict[str, Any]:
    """The row."""
    driver = Driver(asked)
    at_start = peak_memory_mb()
    driver.run()
    figures = _figures(driver)
    peak = peak_memory_mb()
    driver.hub.close()
    leaves = figures["leaves"]
    stored = bytes_in(asked.folder / "hub")
    return {
        **figures,
        "bytes_per_decision": round(stored / leaves) if leaves else 0,
        "bytes_stored": stored,
        "peak_memory_mb": peak,
        "memory_at_start_mb": at_start,
    }


def _figures(driver: Driver) -> dict[str, Any]:
    spent, sent = driver.spent, sum(driver.outcomes.values())
    counts = _counts(driver.hub)
    return {
        "submissions": sent,
        "outcomes": dict(driver.outcomes),
        "refusals": dict(driver.refusals),
        "submissions_per_s": spent.rate(sent),
        "decisions_per_s": spent.rate(counts["decisions"]),
        "wall_s": round(spent.wall_s, 3),
        "cpu_s": round(spent.cpu_s, 3),
        "cores_used": round(spent.cpu_s / spent.wall_s, 2) if spent.wall_s else 0.0,
        "mean_submission_bytes": round(driver.bytes_sent / sent) if sent else 0,
        "hot_share": round(driver.workload.hot_share, 3),
        "types": _types(driver.hub),
        "distinct_facts": driver.hub.decide.memo_asked,
        **counts,
        "seconds_by_stage": {name: round(s, 3) for name, s in sorted(driver.runner.counts.seconds.items())},
    }


_HUB_TYPES = "('alert.ppn1_due', 'alert.match_possible', 'alert.confirmation_due', 'alert.recall_overdue')"
_FIRST = (
    f"SELECT f.type IN {_HUB_TYPES}, COUNT(*), COUNT(DISTINCT l.item) FROM leaves l"  # noqa: S608  # only our own type names
    " JOIN item_folds f ON f.position = l.item WHERE l.typ = 'decision' AND l.sup = '' GROUP BY 1"
)
"""Decisions about items when they came, and those items: the hub's own apart."""


def _counts(hub: Hub) -> dict[str, Any]:
    """What the register says: leaves, and for how many desks each item was considered when it came."""
    with hub.database.reading() as session:
        leaves = {str(typ): int(n) for typ, n in session.execute("SELECT typ, COUNT(*) FROM leaves GROUP BY typ")}
        first = {bool(row[0]): (int(row[1]), int(row[2])) for row in session.execute(_FIRST)}
    sent, own = first.get(False, (0, 0)), first.get(True, (0, 0))
    return {
        "entries": hub.ledger.head(),
        "leaves": sum(leaves.values()),
        "decisions": leaves.get("decision", 0),
        "recalls": leaves.get("recall", 0),
        "items": sent[1] + own[1],
        "items_of_the_hub": own[1],
        "desks_considered_mean": round(sent[0] / max(1, sent[1]), 2),
        "desks_considered_mean_with_alerts": round((sent[0] + own[0]) / max(1, sent[1] + own[1]), 2),
    }


def _types(hub: Hub) -> dict[str, int]:
    with hub.database.reading() as session:
        rows = session.execute("SELECT type, COUNT(*) FROM items GROUP BY type ORDER BY type")
    return {kind: int(count) for kind, count in rows}
