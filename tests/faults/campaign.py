"""A run of kills: one hub folder, many lives, one set of partners."""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGKILL
from statistics import median
from threading import Timer

from sightline.audit.verify import Report, verify_folder
from sightline.kernel.errors import Unavailable
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from tests.faults import frames
from tests.faults.load import Load
from tests.faults.marks import BETWEEN, FEED, STARTING, STEPS, WHEN
from tests.faults.partners import Partners
from tests.faults.process import PATIENCE_S, HubProcess
from tests.faults.steps import Kill, PacedClock, Plan

ORIGIN = "sightline.example/faults"
PACE = 400.0
"""An hour of the hub's passes in nine seconds of ours: epochs, deadlines and late answers fall due during the run."""
_SPELL_LIVES = 6
"""Lives after which new children are at the centre of the load."""


@dataclass(frozen=True, slots=True)
class End:
    """How a life is ended: by itself at a step, or by us some time after it stands (or after it began)."""

    kill: Kill | None = None
    after_s: float | None = None
    counted_from_start: bool = False
    alone: bool = False
    """Only the hub dies: its decider must end by itself."""


@dataclass(slots=True)
class Tally:
    """What a run counted."""

    kills: int = 0
    landed: dict[str, Counter[str]] = field(default_factory=lambda: {when: Counter() for when in WHEN})
    """By when and where. The line has four threads and a decider, so that one kill may land in five places."""
    starts_s: list[float] = field(default_factory=list)
    checks_s: list[float] = field(default_factory=list)
    lives_with_bodies: int = 0
    bodies: int = 0

    def hits(self, place: str) -> int:
        """How many kills landed there."""
        return sum(counted[place] for counted in self.landed.values())

    def never_hit(self) -> list[str]:
        """Steps that no kill landed in."""
        return [step for step in STEPS if not self.hits(step)]

    def lines(self) -> list[str]:
        """The summary, for people."""
        rows = [f"{'step':16}" + "".join(f"{when:>14}" for when in (*WHEN, "kills"))]
        for place in (*STEPS, FEED, BETWEEN, STARTING):
            counts = [*(self.landed[when][place] for when in WHEN), self.hits(place)]
            rows.append(f"{place:16}" + "".join(f"{count:>14}" for count in counts))
        rows.append(f"{'kills in all':16}{self.kills:>56}")
        if self.starts_s:
            rows.append(f"restart: median {median(self.starts_s):.2f} s, longest {max(self.starts_s):.2f} s")
        rows.append(f"check after a kill: median {median(self.checks_s):.3f} s, longest {max(self.checks_s):.3f} s")
        rows.append(f"readers got {self.bodies} bodies, in {self.lives_with_bodies} of {self.kills} lives")
        return rows


_ENDED = ("verify", "record", "decide", "seal")
"""Steps whose end is seen: there the stage returns."""


def schedule(kills: int, random: Random) -> list[End]:
    """When to kill: half at the steps in turn, half at any instant, a few of those while the hub starts."""
    ends = [_at_step(n, random) for n in range(kills // 2)]
    for n in range(kills - len(ends)):
        is_early = n % 5 == 4
        after_s = random.uniform(0.0, 1.4 if is_early else 0.7)
        ends.append(End(after_s=after_s, counted_from_start=is_early, alone=n % 3 == 2))
    random.shuffle(ends)
    return ends


def _at_step(n: int, random: Random) -> End:
    """The first round at each step's start, the second at its end, the third a moment into it, and so on."""
    step, turn = STEPS[n % len(STEPS)], n // len(STEPS) % 3
    nth = random.randint(1, 6 if step.startswith(("verify", "export")) else 3)
    at_end = turn == 1 and step in _ENDED
    is_later = turn == 2 or (turn == 1 and not at_end)
    after_us = random.randint(1, 4000) if is_later else 0
    # A decider that dies alone does not end the hub: that is another test.
    return End(kill=Kill(step, nth, after_us, at_end, alone=step != "decide" and n % 4 == 3))


class Campaign:
    """Lives of one hub."""

    def __init__(self, folder: Path, *, seed: int, pace: float = PACE, is_founded: bool = True) -> None:
        self.folder = folder / "hub"
        self.tally = Tally()
        self._log = folder / "child.log"
        self._random = Random(seed)
        self.began = time.monotonic()
        self._pace = pace
        self.clock = PacedClock(self.began, pace)
        self._seed = seed
        if is_founded:
            self.found()

    def found(self) -> None:
        """Admit the desks and their keys, in a new hub or one that stands already."""
        load, hub = Load(self._seed, self.clock), self.open()
        load.found(hub)
        while not (hub.register_folder / "checkpoint").exists():
            with suppress(Unavailable):  # A hub that stands already may have been first.
                hub.register.seal()
        self.vkey = hub.vkey
        self.partners = Partners(load, hub.hub_keys, self._seed, self.last_words)
        hub.close()
        self.report = self.verified()

    def open(self) -> Hub:
        """The hub in this process, for founding and for the books."""
        return embedded(self.folder, origin=ORIGIN, clock=self.clock)

    def start(self, kill: Kill | None = None, *, marks: str = "marks") -> HubProcess:
        """A new life, which may not stand yet."""
        plan = Plan(
            folder=str(self.folder),
            marks=str(self.folder.with_name(marks)),
            origin=ORIGIN,
            began=self.began,
            pace=self._pace,
            kill=kill,
            batch=self._random.choice([1, 16, 64, 256]),
            seal_ms=self._random.choice([1, 20, 100]),
        )
        return HubProcess(plan, self._log)

    def life(self, end: End) -> None:
        """One life under load, and its end."""
        self.partners.load.spell = self.tally.kills // _SPELL_LIVES
        self.partners.bodies = 0
        hub = self.start(end.kill)
        timer = Timer(end.after_s or 0.0, hub.kill, kwargs={"alone": end.alone})
        if end.counted_from_start:
            timer.start()
        if isinstance(first := hub.inbox.get(timeout=PATIENCE_S), frames.Ready):
            self._stands(hub, first)
            if end.after_s is not None and not end.counted_from_start:
                timer.start()
            self.partners.drive(hub)
        else:
            hub.inbox.put(None)
        timer.cancel()
        assert hub.wait() == -SIGKILL, self.last_words()
        self._count(hub)
        self.partners.ended(hub)
        started = time.perf_counter()
        self.report = self.verified(self.report)
        self.tally.checks_s.append(time.perf_counter() - started)

    def last_life(self) -> None:
        """A life without a kill, in which everything is answered; then the hub stops in good order."""
        hub = self.start()
        self._stands(hub, hub.ready())
        self.end(hub)

    def end(self, hub: HubProcess) -> None:
        """Wait until everything is answered, and stop a hub in good order."""
        self.partners.finish(hub)
        code = hub.quit()
        assert code == 0, f"exit code {code}; {self.last_words()}"
        self.partners.ended(hub)
        hub.marks.close()
        self.report = self.verified(self.report)

    def verified(self, before: Report | None = None) -> Report:
        """The register's folder as it stands: it extends what was checked before, and all that is new is sound."""
        report = verify_folder(
            self.folder / "register",
            vkey=self.vkey,
            remembered=before.checkpoint if before else None,
            since=before.progress if before else None,
        )
        assert report.exit_code == 0, report.findings
        return report

    def last_words(self) -> str:
        """The end of what the lives logged."""
        return f"the hub's log ends with:\n{self._log.read_text()[-3000:]}"

    def _stands(self, hub: HubProcess, ready: frames.Ready) -> None:
        self.tally.starts_s.append(time.monotonic() - hub.began)
        assert ready.synchronous == [2, 2], "SQLite must flush at every commit (synchronous=FULL)"
        assert ready.journals == ["wal", "wal"]

    def _count(self, hub: HubProcess) -> None:
        when, places = hub.marks.landed()
        hub.marks.close()
        self.tally.kills += 1
        self.tally.landed[when].update(places)
        self.tally.bodies += self.partners.bodies
        self.tally.lives_with_bodies += self.partners.bodies > 0
