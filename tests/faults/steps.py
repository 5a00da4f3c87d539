"""Where a process of a fault run is, under which clock, and when it dies: for the hub, and for its decider beside it."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from sightline.register.seal import Register, Sealed
from tests.faults.marks import AT_END, AT_START, Marks

T = TypeVar("T")

_EPOCH = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Kill(msgspec.Struct, frozen=True):
    """Die at the `nth` time that the hub comes to `step`: there, some microseconds later, or when the stage is done.

    When the stage is done its transaction is committed, and nobody was told yet.
    """

    step: str
    nth: int
    after_us: int = 0
    at_end: bool = False
    alone: bool = False
    """Only the process that comes there dies; else the hub's decider dies with it."""


class Plan(msgspec.Struct, frozen=True):
    """How one life of the hub is run."""

    folder: str
    marks: str
    origin: str
    began: float
    """`time.monotonic` of the run's beginning: parent and child read the same clock."""
    pace: float = 1.0
    """How many times faster than ours the hub's time passes, so that hours strike and deadlines run out."""
    kill: Kill | None = None
    batch: int = 256
    seal_ms: int = 100


class PacedClock:
    """Time that all lives of one run share. It never goes back: the machine's monotonic clock drives it."""

    def __init__(self, began: float, pace: float) -> None:
        self._began = began
        self._pace = pace

    def now(self) -> datetime:
        """The present."""
        return _EPOCH + timedelta(seconds=(time.monotonic() - self._began) * self._pace)


class Steps:
    """What the hub calls at each step: marks it and, when the plan says so, ends the process there."""

    def __init__(self, marks: Marks, kill: Kill | None) -> None:
        self._marks = marks
        self._kill = kill
        self._seen: Counter[str] = Counter()

    def __call__(self, step: str) -> None:
        self._marks.entered(step)
        self._seen[step] += 1
        kill = self._kill
        if kill is None or kill.at_end or (step, self._seen[step]) != (kill.step, kill.nth):
            return
        if kill.after_us == 0:
            self._marks.killed_at(step, AT_START)
            die(alone=kill.alone)
        threading.Thread(target=_die_after, args=(kill.after_us / 1e6, kill.alone), daemon=True).start()

    def began(self, stage: str) -> None:
        """A stage was called; it may find nothing to do, and then announces no step."""
        self._marks.entered(stage)

    def ended(self, stage: str) -> None:
        """A stage is done."""
        kill = self._kill
        if kill is not None and kill.at_end and kill.step == stage and self._seen[stage] >= kill.nth:
            self._marks.killed_at(stage, AT_END)
            die(alone=kill.alone)
        self._marks.left(stage)


def die(*, alone: bool = True) -> None:
    """What `kill -9` does: nothing is flushed, closed or told. Not `alone`: to each process of the group."""
    if alone:
        os.kill(os.getpid(), signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)


def _die_after(seconds: float, alone: bool) -> None:
    time.sleep(seconds)
    die(alone=alone)


class Watched:
    """A stage that says when it begins and when it is done; all else is the stage's own."""

    def __init__(self, stage: Any, name: str, steps: Steps) -> None:
        self._stage = stage
        self._name = name
        self._steps = steps

    def __call__(self, *args: Any) -> Any:
        return self._run(self._stage, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)

    def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        return _marked(self._steps, self._name, call, *args)


class WatchedRegister:
    """A register that says when it begins and ends to seal, and to write to its folder."""

    def __init__(self, register: Register, steps: Steps) -> None:
        self._register = register
        self._steps = steps

    def commit(self) -> Sealed:
        """As the register does it."""
        return _marked(self._steps, "seal", self._register.commit)

    def publish(self) -> None:
        """As the register does it."""
        _marked(self._steps, "export_write", self._register.publish)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


def _marked(steps: Steps, name: str, call: Callable[..., T], *args: Any) -> T:
    steps.began(name)
    try:
        return call(*args)
    finally:
        steps.ended(name)
