"""A worker that notes where it is, and is killed, stopped or held at a step.

It is the product's own worker, whose steps are listened to; nothing in it is replaced but its clock. Lives are forked from
a process that has imported the program and nothing more: a start costs what building the worker costs.
"""

import mmap
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from sightline.entrypoints.workers import run
from sightline.kernel.errors import SightlineError
from sightline.runtime.settings import Settings
from tests.faults.child import log_to
from tests.faults.process import NURSERY
from tests.faults.steps import PacedClock

NURSERY.set_forkserver_preload(["tests.faults.child", "tests.distributed.marked"])

STARTING = "starting"
STEPS = {
    "record": ("verify", "record", "acknowledge", "acknowledged"),
    "relay": ("publish", "published", "moved"),
    "decide": ("decide", "decided"),
    "seal": ("seal", "feed", "told", "export_write", "export_rename"),
    "clock": ("hour", "strike", "struck"),
}
"""What each worker announces, in order."""
_SIZE = 64


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one life of a worker."""

    began: float = 0.0
    pace: float = 1.0
    """As of `PacedClock`; the machine's own clock where `began` is 0."""
    marks: str
    """File in which it notes the step that it is in."""
    what: Literal["nothing", "kill", "stop", "hold"] = "nothing"
    step: str = ""
    """Where; empty for any instant."""
    nth: int = 1
    after_s: float = 0.0
    """How long after that; at once for 0."""
    is_early: bool = False
    """Where no step is named: counted from its start, and not from when it is ready."""
    gate: str = ""
    """File: a step that is held goes on when it is gone."""


class Marks:
    """The last step that a life came to: bytes of a mapped file, which outlive the process that wrote them."""

    def __init__(self, path: Path, stage: str, *, fresh: bool = False) -> None:
        if fresh:
            path.write_bytes(bytes(_SIZE))
        self._steps = (STARTING, *STEPS[stage])
        handle = os.open(path, os.O_RDWR)
        self._map = mmap.mmap(handle, _SIZE)
        os.close(handle)

    def entered(self, step: str) -> None:
        """It came to this step."""
        self._map[0] = self._steps.index(step)

    def met(self) -> None:
        """What was planned happens now, at the start of a step."""
        self._map[1] = 1

    @property
    def last(self) -> str:
        """Where it was last."""
        return self._steps[self._map[0]]

    @property
    def is_met(self) -> bool:
        """Whether what was planned happened at a step's start."""
        return bool(self._map[1])

    def close(self) -> None:
        """Unmap."""
        self._map.close()


class Steps:
    """What the worker calls at each step."""

    def __init__(self, marks: Marks, plan: Plan) -> None:
        self._marks = marks
        self._plan = plan
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, step: str) -> None:
        with self._lock:
            self._marks.entered(step)
            self._seen[step] += 1
            is_it = (step, self._seen[step]) == (self._plan.step, self._plan.nth)
        if is_it and self._plan.after_s:
            self.later()
        elif is_it:
            self._marks.met()
            self._happens()

    def later(self) -> None:
        """It happens after a while, wherever the worker is then."""
        timer = threading.Timer(self._plan.after_s, self._happens)
        timer.daemon = True
        timer.start()

    def _happens(self) -> None:
        match self._plan.what:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "hold":
                while Path(self._plan.gate).exists():
                    time.sleep(0.01)


class Life:
    """One life, as its parent sees it."""

    def __init__(self, stage: str, plan: Plan, *, settings: Mapping[str, str], log: Path) -> None:
        """Begun; it may not be ready yet. `settings`: the environment that it gets, and no other of ours."""
        self.marks = Marks(Path(plan.marks), stage, fresh=True)
        self.plan = plan
        self.began = time.monotonic()
        self._process = NURSERY.Process(target=live, args=(stage, plan, dict(settings), str(log)), daemon=True)
        Path(plan.marks + ".health").unlink(missing_ok=True)
        self._process.start()

    @property
    def health(self) -> str:
        """Where its page is; empty until it is ready."""
        said = Path(self.plan.marks + ".health")
        return said.read_text() if said.exists() else ""

    @property
    def code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        """That signal."""
        assert self._process.pid
        os.kill(self._process.pid, number)

    def wait(self, within_s: float = 60.0) -> int | None:
        """Until it ended; how."""
        self._process.join(within_s)
        return self.code

    def close(self) -> None:
        """It is of no use any more."""
        if self.code is None:
            self.send(signal.SIGKILL)
        self.wait()
        self.marks.close()


def live(stage: str, plan: Plan, settings: Mapping[str, str], log: str) -> None:
    """Run that worker until it is told to stop, or killed."""
    log_to(log)
    for name in [name for name in os.environ if name.startswith("SIGHTLINE_")]:
        del os.environ[name]
    os.environ.update(settings)
    steps = Steps(Marks(Path(plan.marks), stage), plan)
    is_at_any = plan.what != "nothing" and not plan.step
    if is_at_any and plan.is_early:
        steps.later()

    def announce(port: int) -> None:
        aside = Path(plan.marks + ".aside")
        aside.write_text(f"http://127.0.0.1:{port}")
        aside.rename(plan.marks + ".health")
        if is_at_any and not plan.is_early:
            steps.later()

    clock = PacedClock(plan.began, plan.pace) if plan.began else None
    try:
        run.run(stage, Settings(metrics_port=0), announce, clock=clock, on_step=steps)
    except SightlineError as exc:
        print(exc, file=sys.stderr)
        raise SystemExit(1) from None
