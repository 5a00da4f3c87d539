"""The very first start, killed at each file that it changes and at other instants: the next start finishes it."""

import os
import sys
import time
from pathlib import Path
from random import Random
from signal import SIGKILL
from threading import Timer
from typing import Any

import pytest

from sightline.audit.verify import verify_folder
from sightline.runtime.embedded import embedded
from tests.faults.load import Load
from tests.faults.process import NURSERY, PATIENCE_S
from tests.faults.steps import PacedClock, die

pytestmark = pytest.mark.faults

ORIGIN = "sightline.example/faults"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_TOUCHES = frozenset({"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "sqlite3.connect"})


def found(folder: str, nth: int) -> None:
    """Found a hub in a process of its own, and die at the `nth` time that it changes a file of the folder (0: never)."""
    touched = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal touched
        if event in _TOUCHES and str(args[0]).startswith(folder) and (event != "open" or args[2] & _WRITES):
            touched += 1
            if touched == nth:
                die()

    sys.addaudithook(hook)
    hub = embedded(Path(folder), origin=ORIGIN)
    hub.settle()
    os._exit(0)


def founded(folder: Path, *, nth: int = 0, after_s: float | None = None) -> int | None:
    """Found a hub; the exit code of the process that did."""
    founder = NURSERY.Process(target=found, args=(str(folder), nth), daemon=True)
    founder.start()
    timer = Timer(after_s or 0.0, founder.kill)
    if after_s is not None:
        timer.start()
    founder.join(PATIENCE_S)
    timer.cancel()
    return founder.exitcode


def assert_stands(folder: Path) -> None:
    """Whatever was left there, the next start makes a whole hub of it: it takes, decides, seals and replays."""
    clock = PacedClock(time.monotonic(), 1.0)
    hub = embedded(folder, origin=ORIGIN, clock=clock)
    load = Load(1, clock)
    load.found(hub)
    assert {answer.outcome for answer in hub.submit([load.next()[0] for _ in range(5)])} <= {"accepted", "refused"}
    hub.settle()
    report, replay = verify_folder(hub.register_folder, vkey=hub.vkey), hub.replay()
    hub.close()
    assert (report.exit_code, replay.exit_code) == (0, 0), (folder, report.findings, replay.differences)
    assert report.size == replay.equal > 5


def test_killed_at_each_file_that_it_changes_founding_is_finished_by_the_next_start(tmp_path: Path) -> None:
    for nth in range(1, 200):
        folder = tmp_path / str(nth)
        code = founded(folder, nth=nth)
        assert code in (0, -SIGKILL)
        assert_stands(folder)
        if code == 0:
            break
    assert nth > 20, "founding changes more files than that"
    print(f"founding changes a file {nth - 1} times")


def test_killed_at_any_instant_founding_is_finished_by_the_next_start(tmp_path: Path) -> None:
    random = Random(11)
    began = time.monotonic()
    assert founded(tmp_path / "whole") == 0
    whole_s = time.monotonic() - began
    for n in range(12):
        assert founded(tmp_path / str(n), after_s=random.uniform(0, whole_s)) in (0, -SIGKILL)
        assert_stands(tmp_path / str(n))
