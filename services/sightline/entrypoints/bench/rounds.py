"""A workload through one hub, round by round: what is common to every way of sending it.

The clock runs from a round's first byte until its last decision is sealed and fed. It stands while the next
round is made and signed: that is the agencies' work, not the hub's. One round ends before the next begins, so the line
runs dry between rounds, and that is counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sightline.agency.keys import generate, make_registration
from sightline.entrypoints.bench.cast import AREA, DESKS, MISSING
from sightline.entrypoints.bench.measure import Spent, say
from sightline.entrypoints.bench.workload import Event, Workload
from sightline.entrypoints.invented.desks import signed_by, source_of
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import Receipt, read_receipt_unsafe
from sightline.kernel.ids import DeskId
from sightline.ledger.store import Ledger
from sightline.runtime.hub import Hub
from sightline.view.reading import ALERTS

ORIGIN = "sightline.example/bench"
ROUNDS = 10
_LARGEST_ROUND = 2_048

Keys = Mapping[DeskId, PrivateKey]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row is to measure."""

    submissions: int
    seed: int
    folder: Path = Path()
    """Where it may write; rows that need what another left look here."""
    per_s: float = 0.0
    """Submissions a second, for the rows that send steadily through the distributed mode; 0 is what each has by itself."""
    load_minutes: float = 0.0
    """How long the row "load" sends."""
    backlog: int = 0
    """How many then wait on the broker for it."""
    days: int = 0
    """How many the row "year" lasts; 0 is as many as so many submissions take."""
    times: float = 1.0
    """How many times what the county would send, in that row."""


class Answered(NamedTuple):
    """What came back for one submission."""

    outcome: str
    code: str
    """Of the refusal; empty when there is none."""
    receipt: bytes


class News(NamedTuple):
    """One entry of a desk's feed."""

    seq: int
    kind: str
    leaf: str


class Line(Protocol):
    """One way to a hub."""

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        """Hand over as fast as the hub takes them; answers in the same order."""

    def wait_until_released(self) -> None:
        """Return when every entry is decided, every leaf sealed and every sealed leaf told."""

    def cpu_s(self) -> float:
        """Processor seconds so far, of this process and of those that work for it."""

    def news(self, desk: DeskId, after: int) -> list[News]:
        """A page of that desk's feed."""

    def alerts(self, desk: DeskId) -> list[str]:
        """References of the alerts that the desk is shown."""


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
    return signed_by(
        key, type=event.type, data=event.data, area=AREA, purpose=event.purpose, at=event.time, id=event.id
    )


def round_size(submissions: int) -> int:
    """Ten rounds, none of them so large that its references come late."""
    return max(1, min(_LARGEST_ROUND, -(-submissions // ROUNDS)))


class Rounds:
    """Sends a workload down a line and keeps count."""

    def __init__(
        self, name: str, line: Line, keys: Keys, workload: Workload, keep: Callable[[Sequence[bytes]], None] | None
    ) -> None:
        """`keep` is given each round's bytes before they are sent."""
        self.spent = Spent(line.cpu_s)
        self.outcomes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.bytes_sent = 0
        self.workload = workload
        self._name = name
        self._line = line
        self._keys = keys
        self._keep = keep
        self._told: dict[DeskId, int] = {}
        self._alerts: set[str] = set()

    @property
    def sent(self) -> int:
        """How many were answered so far."""
        return self.outcomes.total()

    def run(self, submissions: int) -> None:
        """All rounds."""
        left = submissions
        while left:
            size = min(left, round_size(submissions))
            self._round(size)
            left -= size
            say(f"{self._name}: {submissions - left} sent, {self.spent.rate(self.sent)}/s")

    def _round(self, size: int) -> None:
        events: list[Event] = []
        raws: list[bytes] = []
        for event in self.workload.round(size):
            raws.append(signed(event, self._keys[event.desk]))
            # What is kept meanwhile counts as memory of the process that is measured: only what will be learnt from.
            events.append(event.in_short())
        if self._keep is not None:
            self._keep(raws)
        self.bytes_sent += sum(map(len, raws))
        with self.spent.measured():
            answers = self._line.send(raws)
            self._line.wait_until_released()
        self._count(answers)
        self.workload.learn(events, [_receipt(answer) for answer in answers])
        self._ask()

    def _count(self, answers: Sequence[Answered]) -> None:
        self.outcomes.update(answer.outcome for answer in answers)
        self.refusals.update(answer.code for answer in answers if answer.code)

    def _ask(self) -> None:
        """What the desks read between rounds: new recalls in their feeds, and the alerts of the force's desk."""
        for desk in DESKS:
            while page := self._line.news(desk.id, self._told.get(desk.id, 0)):
                self._told[desk.id] = page[-1].seq
                self.workload.recalls.extend((desk.id, entry.leaf) for entry in page if entry.kind == "recall")
        new = set(self._line.alerts(MISSING)) - self._alerts
        self._alerts |= new
        self.workload.alerts.extend(sorted(new))

    def figures(self) -> dict[str, Any]:
        """What is known without asking the hub."""
        return {
            "submissions": self.sent,
            "outcomes": dict(self.outcomes),
            "refusals": dict(self.refusals),
            "submissions_per_s": self.spent.rate(self.sent),
            "wall_s": round(self.spent.wall_s, 3),
            "mean_submission_bytes": round(self.bytes_sent / self.sent) if self.sent else 0,
            "hot_share": round(self.workload.hot_share, 3),
        }


def a_workload(asked: Asked, now: datetime) -> Workload:
    """The workload of that seed."""
    return Workload(seed=asked.seed, submissions=asked.submissions, now=now)


def _receipt(answer: Answered) -> Receipt | None:
    return read_receipt_unsafe(answer.receipt) if answer.outcome == "accepted" else None


def is_told(ledger: Ledger) -> bool:
    """Whether every leaf there is was sealed and told."""
    with ledger.database.reading() as session:
        leaves = session.execute("SELECT COALESCE(MAX(n), -1) + 1 FROM leaves")[0][0]
        told = session.execute("SELECT position FROM positions WHERE name = 'feed'")
    return bool(told) and int(told[0][0]) >= int(leaves)


HUB_TYPES = "(" + ",".join(f"'{type}'" for type in ALERTS) + ")"
"""Types of the hub's own items, as SQL."""
_FIRST = (
    f"SELECT f.type IN {HUB_TYPES}, COUNT(*), COUNT(DISTINCT l.item) FROM leaves l"  # noqa: S608  # what is put in is a constant of this program, never what anybody sent
    " JOIN item_folds f ON f.position = l.item WHERE l.typ = 'decision' AND l.sup = '' GROUP BY 1"
)
"""Decisions about items when they came, and those items: the hub's own apart."""


def counts(ledger: Ledger) -> dict[str, Any]:
    """What the register says: leaves, and for how many desks each item was considered when it came."""
    with ledger.database.reading() as session:
        leaves = {str(typ): int(n) for typ, n in session.execute("SELECT typ, COUNT(*) FROM leaves GROUP BY typ")}
        first = {bool(row[0]): (int(row[1]), int(row[2])) for row in session.execute(_FIRST)}
    sent, own = first.get(False, (0, 0)), first.get(True, (0, 0))
    return {
        "entries": ledger.head(),
        "leaves": sum(leaves.values()),
        "decisions": leaves.get("decision", 0),
        "recalls": leaves.get("recall", 0),
        "items": sent[1] + own[1],
        "items_of_the_hub": own[1],
        "desks_considered_mean": round(sent[0] / max(1, sent[1]), 2),
        "desks_considered_mean_with_alerts": round((sent[0] + own[0]) / max(1, sent[1] + own[1]), 2),
    }


def types(ledger: Ledger) -> dict[str, int]:
    """How many items there are of each type."""
    with ledger.database.reading() as session:
        rows = session.execute("SELECT type, COUNT(*) FROM items GROUP BY type ORDER BY type")
    return {kind: int(count) for kind, count in rows}
