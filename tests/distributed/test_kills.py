"""kill -9 of every worker at many instants under load; then nothing accepted is lost or doubled, or shown unrecorded.

``SIGHTLINE_WORKER_KILLS`` says how many of each (2 by default; ``make faults-distributed``: 20).
"""

import os
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM

import msgspec
import pytest

from sightline.audit.verify import Report, verify_folder
from tests.builders_distributed import STAGES, Works, waits_for
from tests.builders_kafka import Node
from tests.distributed.crew import SEED, crowded
from tests.distributed.crowd import Crowd
from tests.distributed.marked import STARTING, STEPS, Life, Marks, Plan
from tests.faults.steps import PacedClock

KILLS = int(os.environ.get("SIGHTLINE_WORKER_KILLS", "2"))
IS_FULL = KILLS >= 20
EACH_SECOND = 12.0
PACE = 400.0
"""An hour of the hub's passes in nine seconds of ours, so that clocks run out."""
_LONGEST_LIFE_S = 30.0
_CHECK_S = 3.0


def plans(stage: str, kills: int, random: Random) -> list[Plan]:
    """Three in five at the steps in turn (at once, or some milliseconds later), the others at any instant."""
    steps = STEPS[stage]
    made: list[Plan] = []
    for n in range(kills):
        if n % 5 in {0, 2, 3}:
            at = steps[len([one for one in made if one.step]) % len(steps)]
            after_s = 0.0 if random.random() < 0.5 else random.uniform(0.0005, 0.02)
            made.append(Plan(marks="", what="kill", step=at, nth=random.randint(1, 2), after_s=after_s))
        else:
            # Now and then while it is being built.
            is_early = n % 10 == 9
            made.append(Plan(marks="", what="kill", is_early=is_early, after_s=random.uniform(0.0, 2.0)))
    return made


@dataclass(slots=True)
class Tally:
    """Where kills landed."""

    at_start: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def add(self, stage: str, marks: Marks) -> None:
        """One more."""
        self.kills += 1
        (self.at_start if marks.is_met else self.after)[f"{stage} {marks.last}"] += 1

    def never_hit(self) -> list[str]:
        """Steps that no kill landed in."""
        places = [f"{stage} {step}" for stage in STAGES for step in STEPS[stage]]
        return [place for place in places if not self.at_start[place] + self.after[place]]

    def lines(self) -> list[str]:
        """The summary, for people."""
        rows = [f"{'worker':8}{'step':16}{'at its start':>14}{'after it':>14}{'kills':>8}"]
        for stage in STAGES:
            for step in (STARTING, *STEPS[stage]):
                here, later = self.at_start[f"{stage} {step}"], self.after[f"{stage} {step}"]
                rows.append(f"{stage:8}{step:16}{here:>14}{later:>14}{here + later:>8}")
        return [*rows, f"{'kills in all':24}{self.kills:>36}"]


class Lives:
    """One worker's lives, one after the other."""

    def __init__(self, area: Works, stage: str, clock: tuple[float, float], ends: list[Plan], tally: Tally) -> None:
        self._area = area
        self._stage = stage
        self._clock = clock
        self._ends = deque(ends)
        self._tally = tally
        self.life = self._begin()

    @property
    def is_last(self) -> bool:
        """Whether nothing is planned any more for the life that runs."""
        return self.life.plan.what == "nothing"

    def look(self) -> None:
        """If it was killed, count it and begin another life; if it outlived its plan, kill it."""
        if self.life.code is not None:
            assert (self.life.code, self.is_last) == (-SIGKILL, False), f"{self._stage} ended by itself: see its log"
            self._tally.add(self._stage, self.life.marks)
            self.life.close()
            self.life = self._begin()
        elif not self.is_last and time.monotonic() - self.life.began > _LONGEST_LIFE_S:
            self.life.send(SIGKILL)

    def _begin(self) -> Life:
        began, pace = self._clock
        end = self._ends.popleft() if self._ends else Plan(marks="")
        plan = msgspec.structs.replace(
            end, marks=str(self._area.folder / f"marks-{self._stage}"), began=began, pace=pace
        )
        settings = self._area.environment(self._stage)
        return Life(self._stage, plan, settings=settings, log=self._area.folder / f"{self._stage}.log")


def test_whatever_instant_a_worker_is_killed_at_nothing_accepted_is_lost_or_doubled(
    node_of_all: Node, opa_server: str, postgres_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    random, tally = Random(SEED), Tally()
    with crowded(
        node_of_all, opa_server, postgres_server, tmp_path, PacedClock(began, PACE), each_second=EACH_SECOND
    ) as crowd:
        area = crowd.area
        lives = {stage: Lives(area, stage, (began, PACE), plans(stage, KILLS, random), tally) for stage in STAGES}
        try:
            with crowd.sending():
                run(area, crowd, lives)
            end(area, lives)
        finally:
            for one in lives.values():
                one.life.close()
        summary = [*tally.lines(), *crowd.close_the_books()]
    if IS_FULL:
        with capsys.disabled():
            print("\n" + "\n".join([*summary, f"in all {time.monotonic() - began:.0f} s, seed {SEED}"]))
        assert not tally.never_hit(), "no kill landed in these steps"
    assert tally.kills == KILLS * len(STAGES)


def run(area: Works, crowd: Crowd, lives: dict[str, Lives]) -> None:
    """Until every kill has landed. The register is checked all the while, and feeds are read."""
    report: Report | None = None
    checked = time.monotonic()
    while not all(one.is_last for one in lives.values()):
        for one in lives.values():
            one.look()
        crowd.follow()
        if time.monotonic() - checked > _CHECK_S and (area.settings.export / "checkpoint").exists():
            report = verified(area, report)
            checked = time.monotonic()
        time.sleep(0.05)


def verified(area: Works, before: Report | None) -> Report:
    """The register as it is published at this instant: it extends what was published before."""
    report = verify_folder(
        area.settings.export,
        vkey=area.hub.vkey,
        remembered=before.checkpoint if before else None,
        since=before.progress if before else None,
    )
    assert report.exit_code == 0, report.findings
    return report


def end(area: Works, lives: dict[str, Lives]) -> None:
    """The workers are stopped in good order, the clock first: nothing else makes anything new."""
    for stage in ("clock", *(stage for stage in STAGES if stage != "clock")):
        waits_for(area.is_settled)
        lives[stage].life.send(SIGTERM)
        assert lives[stage].life.wait() == 0, f"{stage} did not end well"
