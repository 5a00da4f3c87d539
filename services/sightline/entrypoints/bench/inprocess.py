"""The row "end to end in process": signed bytes enter the embedded line and are released to the desks."""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from typing import Any

from sightline.entrypoints.bench import rounds, wire
from sightline.entrypoints.bench.measure import bytes_in, megabytes
from sightline.entrypoints.bench.rounds import ORIGIN, Answered, Asked, News, Rounds
from sightline.kernel.ids import DeskId
from sightline.record.stage import Answer
from sightline.runtime import memory, usage
from sightline.runtime.beside import decider_for
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

HUB = "hub"
"""The hub's folder, below the one that was asked for: other rows look into it."""
WAITING = 1_024
"""Submissions under way at once: four batches, so that checking never waits for bytes."""
_POLL_S = 0.002


class Embedded:
    """The line of a hub in this process, and its decider beside it."""

    def __init__(self, hub: Hub, runner: Runner) -> None:
        self._hub = hub
        self._runner = runner

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        """Hand over as fast as the line takes them; it makes the batches itself, of at most 256."""
        under_way: deque[Future[Answer]] = deque()
        answers: list[Answer] = []
        for raw in raws:
            if len(under_way) == WAITING:
                answers.append(under_way.popleft().result())
            under_way.append(self._runner.submit(raw))
        return [_answered(answer) for answer in [*answers, *(future.result() for future in under_way)]]

    def wait_until_released(self) -> None:
        """Until every entry is decided, every leaf sealed and every sealed leaf told."""
        head = self._hub.ledger.head()
        while not (self._runner.decider.progress.position >= head and rounds.is_told(self._hub.ledger)):
            self._check()
            time.sleep(_POLL_S)

    def start(self) -> None:
        """Start the line, and wait until it moves: the decider's process takes a moment to load the policy."""
        self._runner.start()
        while self._runner.health()["trouble"]:
            self._check()
            time.sleep(_POLL_S)

    def cpu_s(self) -> float:
        """Processor seconds of this process and of the decider's."""
        return usage.cpu_s() + self._runner.decider.progress.cpu_s

    def peak_memory_mb(self) -> float:
        """What this process held at most, and the decider's: their sum, though not at the same moment perhaps."""
        return megabytes(usage.peak_memory_bytes() + self._runner.decider.progress.peak_memory_bytes)

    def _check(self) -> None:
        if self._runner.health()["corrupt"]:
            raise RuntimeError(f"the line stopped: {self._runner.health()['trouble']}")

    def news(self, desk: DeskId, after: int) -> list[News]:
        """A page of that desk's feed."""
        return [News(x.seq, x.kind, x.leaf) for x in self._hub.feeds.page(desk, after=after).entries]

    def alerts(self, desk: DeskId) -> list[str]:
        """References of the alerts that the desk is shown."""
        return [view.ref for view in self._hub.view.alerts(desk) if view.state == "disclosed"]


def _answered(answer: Answer) -> Answered:
    return Answered(answer.outcome, answer.refusal.code if answer.refusal else "", answer.receipt)


def measure(asked: Asked) -> dict[str, Any]:
    """The row."""
    folder = asked.folder / HUB
    with closing(embedded(folder, origin=ORIGIN)) as hub:
        keys = rounds.admit(hub)
        wire.keep_keys(asked.folder / "keys.json", list(keys.values()))
        settings = Settings(data=folder)
        runner = Runner(hub, settings, decider_for(hub, settings))
        line = Embedded(hub, runner)
        memory.settle()
        keep = partial(wire.keep, asked.folder / "events.bin")
        workload = rounds.a_workload(asked, hub.clock.now())
        sending = Rounds("inprocess", line, keys, workload, keep)
        line.start()
        at_start = line.peak_memory_mb()
        sending.run(asked.submissions)
        peak = line.peak_memory_mb()
        runner.stop()
        figures = _figures(sending, hub, runner)
    stored, leaves = bytes_in(folder), figures["leaves"]
    return {
        **figures,
        "bytes_per_decision": round(stored / leaves) if leaves else 0,
        "bytes_stored": stored,
        "peak_memory_mb": peak,
        "memory_at_start_mb": at_start,
    }


def _figures(sending: Rounds, hub: Hub, runner: Runner) -> dict[str, Any]:
    spent, found = sending.spent, rounds.counts(hub.ledger)
    return {
        **sending.figures(),
        "decisions_per_s": spent.rate(found["decisions"]),
        "cpu_s": round(spent.cpu_s, 3),
        "cores_used": round(spent.cpu_s / spent.wall_s, 2) if spent.wall_s else 0.0,
        "types": rounds.types(hub.ledger),
        "distinct_facts": runner.decider.progress.asked,
        **found,
        "seconds_by_stage": {name: round(s, 3) for name, s in sorted(runner.counts.seconds.items())},
    }
