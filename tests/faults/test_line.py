"""The line under strain: clocks strike although work never ends, and when it must stop nobody is left waiting."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest

from sightline.kernel.errors import Corrupt, Unavailable
from sightline.ledger.policy import Policy
from sightline.record.stage import Answer
from sightline.runtime.decider import Ears
from sightline.runtime.reports import Progress
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings
from tests.builders import a_report
from tests.builders_hub import POLICE, Town, a_town, signs

pytestmark = pytest.mark.faults

PATIENCE_S = 20.0


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path / "hub")
    town.hub.settle()
    yield town
    town.hub.close()


def a_runner(town: Town, *, batch: int) -> Runner:
    """A line that looks at the clocks as often as it may."""
    runner = Runner(town.hub, Settings(data=town.folder, clock_interval_s=0.01, batch_submissions=batch))
    runner.start()
    return runner


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


def epochs(town: Town) -> int:
    return sum(isinstance(one.entry, Policy.EpochStruck) for one in town.hub.ledger.read(0, 100_000))


def test_clocks_strike_while_submissions_never_stop(town: Town) -> None:
    runner = a_runner(town, batch=1)
    event = signs(town, POLICE, "missing.reported", a_report())
    waiting = [runner.submit(event) for _ in range(20)]
    assert wait_until(waiting[0].done)
    before = epochs(town)
    town.clock.advance(timedelta(hours=2))
    deadline = time.monotonic() + 5
    while epochs(town) == before and time.monotonic() < deadline:
        while runner.health()["waiting"] != 20:
            waiting.append(runner.submit(event))
    struck = epochs(town)
    assert runner.stop()
    assert struck > before, "no hour strikes as long as partners send"
    assert all(one.done() for one in waiting)


class Stuck:
    """A decider that does not come on."""

    progress = Progress()
    is_over = True

    def start(self, ears: Ears) -> None:
        self.ears = ears

    def __call__(self, *, is_new: bool) -> bool:
        return False

    def stop(self, timeout_s: float) -> bool:
        return True


def test_a_line_that_is_far_ahead_of_its_decider_takes_no_more_and_loses_none_of_what_it_took(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.runtime.runner._UNDECIDED", town.hub.ledger.head() + 4)
    settings = Settings(data=town.folder, clock_interval_s=0.01, batch_submissions=1, queue_submissions=5)
    runner = Runner(town.hub, settings, Stuck())
    runner.start()
    took: list[Future[Answer]] = []

    def is_busy() -> bool:
        event = signs(town, POLICE, "missing.reported", a_report())
        took.extend(found for found in [taken(runner, event)] if found is not None)
        return runner.health()["waiting"] == 5 and not all(one.done() for one in took)

    assert wait_until(is_busy)
    before = epochs(town)
    town.clock.advance(timedelta(hours=2))
    assert wait_until(lambda: epochs(town) > before), "clocks wait for the decider"
    assert not all(one.done() for one in took)
    assert runner.stop()
    assert {one.result().outcome for one in took} == {"accepted"}


@pytest.mark.parametrize("broken", ["record", "decide", "seal"])
def test_when_the_line_must_stop_everyone_who_waits_is_told(tmp_path: Path, broken: str) -> None:
    failing = False

    def on_step(step: str) -> None:
        if failing and step == broken:
            raise Corrupt("head_differs", "on purpose")

    town = a_town(tmp_path / "hub", on_step=on_step)
    town.hub.settle()
    runner = a_runner(town, batch=2)
    events = [signs(town, POLICE, "missing.reported", a_report(missing_category="absent")) for _ in range(60)]
    failing = True
    waiting = [answer for event in events if (answer := taken(runner, event)) is not None]
    assert wait_until(lambda: all(one.done() for one in waiting)), "somebody waits for a line that has stopped"
    assert runner.health()["corrupt"]
    assert runner.health()["trouble"] == "head_differs"
    with pytest.raises(Unavailable, match="stopping"):
        runner.submit(events[0])
    assert runner.stop(), "the line does not end"
    failing = False
    town.hub.settle()
    accepted = [one for one in waiting if one.exception() is None]
    assert town.hub.replay().exit_code == 0
    assert len(accepted) <= len(town.hub.submit(events))
    town.hub.close()


def taken(runner: Runner, event: bytes) -> "Future[Answer] | None":
    """The answer to come, if the line took it."""
    try:
        return runner.submit(event)
    except Unavailable:
        return None
