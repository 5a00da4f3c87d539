"""The hub's end of a decider in a process of its own: what it hears, what becomes of a process that does not behave."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sightline.runtime import reports
from sightline.runtime.beside import Beside, decider_for
from sightline.runtime.decider import GONE, STARTING, Ears, Here
from sightline.runtime.reports import Broke, Progress, Report, Waits
from sightline.runtime.settings import Settings
from tests.builders_hub import Town, copied

PATIENCE_S = 20.0


@dataclass
class Listener:
    """A line that keeps what it hears."""

    progress: list[Progress] = field(default_factory=list)
    waited_for: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def hears(self, decider: Beside) -> None:
        decider.start(
            Ears(decided=self.progress.append, waits=self.waited_for.append, broke=self.broken.append),
        )


def saying(*lines: bytes, then: str = "sys.stdin.buffer.read()") -> list[str]:
    """A process that says those lines, does that, and ends."""
    return [sys.executable, "-c", f"import os, sys, time; [os.write(1, line) for line in {lines!r}]; {then}"]


UNTIL_STOP = "\nwhile b's' not in os.read(0, 1): pass"


def said(*report: Report) -> bytes:
    return b"".join(reports.written(one) for one in report)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.005)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def deciders() -> Iterator[list[Beside]]:
    """Whatever a test starts ends with it."""
    started: list[Beside] = []
    yield started
    for one in started:
        one.stop(0.0)
        assert one.is_over
        assert one.pid == 0


def a_decider(deciders: list[Beside], listener: Listener, command: list[str]) -> Beside:
    deciders.append(Beside(command, position=3))
    listener.hears(deciders[-1])
    return deciders[-1]


def test_what_it_says_is_heard_and_how_far_it_came_is_known(deciders: list[Beside], listener: Listener) -> None:
    first, second = Progress(7, entries=4, seconds=0.5, asked=2), Progress(9, entries=2, cpu_s=1.5)
    decider = a_decider(deciders, listener, saying(said(first), said(second), then=f"pass{UNTIL_STOP}"))
    wait_until(lambda: decider.progress == second)
    assert listener.progress == [first, second]
    assert listener.waited_for == [STARTING]
    assert decider.stop(PATIENCE_S)


def test_before_it_speaks_the_position_is_the_one_that_was_known() -> None:
    assert Beside(saying(), position=3).progress.position == 3


def test_what_it_waits_for_is_heard(deciders: list[Beside], listener: Listener) -> None:
    a_decider(deciders, listener, saying(said(Waits("engine_down"))))
    wait_until(lambda: listener.waited_for == [STARTING, "engine_down"])


def test_one_that_breaks_is_not_started_again(deciders: list[Beside], listener: Listener) -> None:
    decider = a_decider(deciders, listener, saying(said(Progress(4), Broke("wrapped_key")), then="pass"))
    wait_until(lambda: decider.is_over)
    assert listener.broken == ["wrapped_key"]
    assert GONE not in listener.waited_for


def test_one_that_dies_is_started_again_and_meanwhile_it_is_gone(deciders: list[Beside], listener: Listener) -> None:
    a_decider(deciders, listener, saying(said(Progress(4, entries=1)), then="os.abort()"))
    wait_until(lambda: len(listener.progress) == 3)
    assert listener.waited_for[:3] == [STARTING, GONE, GONE]


def test_one_that_cannot_be_started_is_gone(deciders: list[Beside], listener: Listener, tmp_path: Path) -> None:
    a_decider(deciders, listener, [str(tmp_path / "no such program")])
    wait_until(lambda: listener.waited_for[-1] == GONE)


@pytest.mark.parametrize("line", [b"Traceback\n", b"{}\n", b'{"type":"progress","posi'])
def test_one_that_says_what_is_no_report_is_ended_and_started_again(
    deciders: list[Beside], listener: Listener, line: bytes
) -> None:
    then = "os.close(1); time.sleep(60)" if not line.endswith(b"\n") else "time.sleep(60)"
    a_decider(deciders, listener, saying(said(Progress(4)), line, then=then))
    wait_until(lambda: len(listener.progress) == 2)
    assert GONE in listener.waited_for


def test_one_that_does_not_end_when_it_should_is_killed(deciders: list[Beside], listener: Listener) -> None:
    decider = a_decider(deciders, listener, saying(said(Progress(4)), then="time.sleep(60)"))
    wait_until(lambda: listener.progress)
    assert not decider.stop(0.1)
    assert decider.is_over


def test_one_that_only_falls_silent_is_killed_too(deciders: list[Beside], listener: Listener) -> None:
    decider = a_decider(deciders, listener, saying(said(Progress(4)), then="os.close(1); time.sleep(60)"))
    wait_until(lambda: listener.progress)
    time.sleep(0.2)
    assert not decider.stop(0.0)
    assert decider.is_over


def test_one_that_dies_while_it_should_finish_is_started_again_to_finish(
    deciders: list[Beside], listener: Listener, tmp_path: Path
) -> None:
    mark = str(tmp_path / "mark")
    dies_once = f"\nif not os.path.exists({mark!r}): open({mark!r}, 'w').close(); os.abort()"
    decider = a_decider(deciders, listener, saying(said(Progress(4)), then=f"pass{UNTIL_STOP}{dies_once}"))
    wait_until(lambda: listener.progress)
    assert decider.stop(PATIENCE_S)
    assert len(listener.progress) == 2


def test_one_that_reads_nothing_stops_nobody_who_wakes_it(deciders: list[Beside], listener: Listener) -> None:
    decider = a_decider(deciders, listener, saying(said(Progress(4)), then="time.sleep(60)"))
    wait_until(lambda: listener.progress)

    def wakes() -> None:
        for _ in range(100_000):
            decider(is_new=True)

    waker = threading.Thread(target=wakes, daemon=True)
    waker.start()
    waker.join(PATIENCE_S)
    assert not waker.is_alive()


def test_stopping_one_that_was_never_started_is_nothing() -> None:
    assert Beside(saying()).stop(0.0)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = copied(tmp_path / "hub")
    town.hub.settle()
    yield town
    town.hub.close()


@pytest.mark.parametrize(("decide", "kind"), [("process", Beside), ("inline", Here)])
def test_where_the_stage_runs_is_a_setting(town: Town, decide: str, kind: type) -> None:
    settings = Settings.model_validate({"data": town.folder, "decide": decide})
    decider = decider_for(town.hub, settings)
    assert isinstance(decider, kind)
    assert decider.progress.position == town.hub.ledger.head()


def test_a_report_is_one_line_and_reads_as_it_was_written() -> None:
    for report in (
        Progress(7, entries=1, seconds=0.25, asked=3, cpu_s=1.0, peak_memory_bytes=9),
        Waits("x"),
        Broke("y"),
    ):
        line = reports.written(report)
        assert line.count(b"\n") == 1
        assert reports.read(line) == report
    with suppress(ValueError):
        reports.read(b"{")
        pytest.fail("half a line was believed")
