"""The parent's end of one life of the hub.

Lives are forked from a server process that has imported the program and nothing more: a restart costs what opening the
hub costs, and hundreds of them a few minutes.
"""

import multiprocessing
import os
import queue
import threading
import time
from contextlib import suppress
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIGKILL

from tests.faults import frames
from tests.faults.child import live
from tests.faults.marks import Marks
from tests.faults.steps import Plan

PATIENCE_S = 60.0


def _nursery() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.child"])
    return context


NURSERY = _nursery()


def kill_group(process: BaseProcess) -> None:
    """`kill -9` to a process and to all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, SIGKILL)
    # It may not have made a group of its own yet.
    process.kill()


def members(group: int) -> list[int]:
    """Processes of that group which still run: those that nobody has waited for yet are left out."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name, which stands in brackets: state, parent, group (proc_pid_stat(5)).
            state, _, of, *_ = stat.read_text().rpartition(") ")[2].split()
            if int(of) == group and state not in "ZX":
                found.append(int(stat.parent.name))
    return found


class HubProcess:
    """A child process that runs the hub in `plan.folder`. What it says is waiting in `inbox`; None says that it ended."""

    def __init__(self, plan: Plan, log: Path) -> None:
        self.plan = plan
        self.marks = Marks(Path(plan.marks), fresh=True)
        # Not a SimpleQueue: CPython's may wait for ever when the time it was given has run out before it looks.
        self.inbox: queue.Queue[frames.FromChild | None] = queue.Queue()
        self.began = time.monotonic()
        self._pipe, theirs = NURSERY.Pipe()
        self._process = NURSERY.Process(target=live, args=(theirs, plan, str(log)), daemon=True)
        self._process.start()
        theirs.close()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._process.pid or 0

    def say(self, message: frames.ToChild) -> bool:
        """Send one message; False when nobody is there to read it."""
        try:
            frames.write(self._pipe, message)
        except OSError:  # The child died: what it had not answered is asked again in its next life.
            return False
        return True

    def ready(self) -> frames.Ready:
        """Wait until the hub stands. Raises AssertionError when it does not come to that."""
        first = self.inbox.get(timeout=PATIENCE_S)
        assert isinstance(first, frames.Ready), f"the hub did not start: {first}"
        return first

    def stands(self) -> bool:
        """Whether it came to stand; otherwise it said why not, and ended."""
        return isinstance(self.inbox.get(timeout=PATIENCE_S), frames.Ready)

    def kill(self, *, alone: bool = False) -> None:
        """`kill -9`, to the hub and its decider, or to the hub `alone`."""
        if alone:
            self._process.kill()
        else:
            kill_group(self._process)

    def wait(self) -> int | None:
        """Its exit code, once it ended and everything that it said is in the inbox."""
        self._process.join(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        self._pipe.close()
        deadline = time.monotonic() + PATIENCE_S
        while group := members(self.pid):
            assert time.monotonic() < deadline, f"{group} outlive their hub"
            time.sleep(0.005)
        return self._process.exitcode

    def quit(self) -> int | None:
        """Stop it in good order."""
        self.say(frames.Quit())
        return self.wait()

    @property
    def is_heard(self) -> bool:
        """Whether what it says is still being read."""
        return self._listener.is_alive()

    def _listen(self) -> None:
        try:
            while (frame := frames.read(self._pipe)) is not None:
                self.inbox.put(frames.from_child.decode(frame))
        finally:
            self.inbox.put(None)
