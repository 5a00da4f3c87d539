"""The row "year": so many days of a whole county through one embedded hub, every clock striking when it is due.

The simulated area's agencies send, and answer what their feeds ask of them; the hub's clock goes as fast as the line does.
What a month costs must not depend on how many were before it: every figure is given for each twelfth of the run.
"""

import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sightline.adapters.clock import SetClock
from sightline.audit.verify import verify_folder
from sightline.entrypoints.bench import rounds
from sightline.entrypoints.bench.measure import Spent, bytes_in, megabytes, peak_memory_mb, say
from sightline.entrypoints.bench.processes import used_by
from sightline.entrypoints.bench.rounds import ORIGIN, Asked
from sightline.entrypoints.simulate.course import Planned
from sightline.entrypoints.simulate.feeding import Feeding, Line
from sightline.entrypoints.simulate.profile import A_DAY
from sightline.entrypoints.simulate.stream import STARTS
from sightline.entrypoints.simulate.stream import Asked as Simulated
from sightline.kernel.ports import Session
from sightline.record.stage import Answer
from sightline.runtime import memory, usage
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub

COUNTY = ("hampshire", "isle_of_wight", "portsmouth", "southampton")
"""The areas of the profile's county: two million people together."""
ANSWERS = frozenset({"alert.acknowledged", "match.ruled", "recall.answered"})
"""Types that are sent because the hub asked; the profile's submissions are the others."""
_PARTS = 12
_STAGES = ("record", "strike", "decide", "seal", "feed")


def measure(asked: Asked) -> dict[str, Any]:
    """The row. Where no days are asked for, as many as the county takes to send so many submissions."""
    days = asked.days or max(1, round(asked.submissions / A_DAY / asked.times))
    areas = [Simulated(area=area, days=days, seed=asked.seed, times=asked.times) for area in COUNTY]
    folder = asked.folder / "year"
    clock = SetClock(STARTS)
    with closing(embedded(folder, origin=ORIGIN, clock=clock)) as hub:
        line = Measured(hub)
        feeding = Feeding(areas, line, reach=clock.set)
        feeding.admit()
        memory.settle()
        year = Year(line, days)
        year.run(feeding)
        figures = {**year.figures(), **_found(hub)}
        verified = _verified(hub)
    return {"days": days, "times": asked.times, **figures, "verify": verified, **_bytes(folder, figures)}


class Measured(Line):
    """The line, with what each stage took."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.spent = {stage: Spent() for stage in _STAGES}
        self.struck = 0

    def send(self, batch: Sequence[bytes]) -> list[Answer]:
        """Check and record."""
        with self.spent["record"].measured():
            return super().send(batch)

    def strike(self) -> int:
        """Let what is due strike."""
        with self.spent["strike"].measured():
            struck = super().strike()
        self.struck += struck
        return struck

    def release(self) -> None:
        """What `Hub.settle` does, stage by stage, and once an hour what is done then."""
        with self.spent["strike"].measured():
            self.hub.strike.hourly()
        while self.strike() or self._decides():
            pass
        with self.spent["seal"].measured():
            while self.hub.register.seal().count:
                pass
        with self.spent["feed"].measured():
            while self.hub.feed():
                pass

    def _decides(self) -> int:
        with self.spent["decide"].measured():
            return self.hub.decide()

    def cpu_s(self) -> float:
        """Processor seconds of all stages so far."""
        return sum(spent.cpu_s for spent in self.spent.values())


@dataclass(slots=True)
class _Part:
    """A twelfth of the run."""

    submissions: int = 0
    answers: int = 0
    struck: int = 0
    cpu_s: float = 0.0
    memory_bytes: int = 0
    """The most that the process was seen to hold at the end of a day."""

    def figures(self) -> dict[str, float]:
        """For the report."""
        sent = self.submissions + self.answers
        return {
            "submissions": self.submissions,
            "answers": self.answers,
            "clocks_struck": self.struck,
            "cpu_s": round(self.cpu_s, 1),
            "cpu_ms_each": round(self.cpu_s * 1000 / sent, 2) if sent else 0.0,
            "memory_mb": megabytes(self.memory_bytes),
        }


class Year:
    """One run, counted."""

    def __init__(self, line: Measured, days: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self._line = line
        self._days = days
        self._parts = [_Part() for _ in range(min(_PARTS, days))]
        self._whole = Spent()
        self._before = (0, 0.0)
        self._day = 0

    def run(self, feeding: Feeding) -> None:
        """To the end."""
        with self._whole.measured():
            for one, answer in feeding.run():
                self._ends_days(before=one.at)
                self._count(one, answer)
            self._ends_days(before=STARTS + timedelta(days=self._days))

    def _count(self, one: Planned, answer: Answer) -> None:
        part = self._part()
        if one.type in ANSWERS:
            part.answers += 1
        else:
            part.submissions += 1
        self.types[one.type] += 1
        self.outcomes[answer.outcome] += 1
        if answer.refusal is not None:
            self.refusals[f"{one.type}: {answer.refusal.code}"] += 1

    def _part(self) -> _Part:
        return self._parts[min(self._day, self._days - 1) * len(self._parts) // self._days]

    def _ends_days(self, *, before: datetime) -> None:
        """Days that are over by then: what they took counts for the twelfth in which they are."""
        while self._day < (before - STARTS).days:
            part, (struck, cpu_s) = self._part(), self._before
            self._before = (self._line.struck, self._line.cpu_s())
            part.struck += self._before[0] - struck
            part.cpu_s += self._before[1] - cpu_s
            part.memory_bytes = max(part.memory_bytes, _held())
            self._day += 1
            if self._part() is not part or self._day == self._days:
                say(f"year: day {self._day} of {self._days}, {part.figures()}")

    def figures(self) -> dict[str, Any]:
        """What is known without asking the hub."""
        sent = self.outcomes.total()
        answers = sum(part.answers for part in self._parts)
        cpu_s, spent = self._line.cpu_s(), self._line.spent
        return {
            "submissions": sent - answers,
            "answers": answers,
            "outcomes": dict(self.outcomes),
            "refusals": dict(self.refusals),
            "types": dict(sorted(self.types.items())),
            "wall_s": round(sum(stage.wall_s for stage in spent.values()), 1),
            "cpu_s": round(cpu_s, 1),
            "cpu_ms_each": round(cpu_s * 1000 / sent, 2) if sent else 0.0,
            "cpu_s_by_stage": {name: round(stage.cpu_s, 1) for name, stage in spent.items()},
            "wall_s_with_partners": round(self._whole.wall_s, 1),
            "cpu_s_with_partners": round(self._whole.cpu_s, 1),
            "clocks_struck": self._line.struck,
            "peak_memory_mb": peak_memory_mb(),
            "twelfths": [part.figures() for part in self._parts],
        }


def _held() -> int:
    """Bytes that this process holds now."""
    own = used_by({"year": os.getpid()})
    return own["year"].memory_bytes if own else usage.peak_memory_bytes()


_CLOCKS = {"started": "clock_started", "met": "clock_met", "late": "clock_late", "cancelled": "clock_cancelled"}


def _found(hub: Hub) -> dict[str, Any]:
    """What ledger and register hold at the end."""
    with hub.database.reading() as session:
        topics = _counted(session, "SELECT topic, COUNT(*) FROM stored_events GROUP BY topic")
        states = _counted(session, "SELECT state, COUNT(*) FROM alert_states GROUP BY state ORDER BY state")
        ledger = session.execute("SELECT SUM(LENGTH(state)) FROM stored_events")
    return {
        "clocks": {name: topics.get(f"child.{topic}.v1", 0) for name, topic in _CLOCKS.items()},
        "alerts": states,
        "children": topics.get("child.opened.v1", 0),
        **rounds.counts(hub.ledger),
        "ledger_bytes": int(ledger[0][0]),
    }


def _counted(session: Session, sql: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in session.execute(sql)}


def _verified(hub: Hub) -> dict[str, Any]:
    """The exported register, checked as anybody can."""
    begun, cpu = time.perf_counter(), usage.cpu_s()
    report = verify_folder(hub.register_folder, vkey=hub.vkey)
    return {
        "exit_code": report.exit_code,
        "leaves": report.size,
        "findings": len(report.findings),
        "wall_s": round(time.perf_counter() - begun, 1),
        "cpu_s": round(usage.cpu_s() - cpu, 1),
    }


def _bytes(folder: Path, figures: dict[str, Any]) -> dict[str, Any]:
    """What is stored, in all and for each submission of the profile."""
    register = bytes_in(folder / "register")
    stored = {"ledger": figures["ledger_bytes"], "register": register, "database": bytes_in(folder) - register}
    each = max(1, figures["submissions"])
    return {"bytes": stored, "bytes_per_submission": {name: round(count / each) for name, count in stored.items()}}
