"""A stage called again and again: it waits for what passes, ends with what does not, and only one of two works."""

import threading
from collections.abc import Callable

import pytest

from sightline.kernel.errors import Corrupt, Unavailable
from sightline.ledger.positions import Overtaken
from sightline.runtime.loop import LONGEST_S, Loop, Said, StandBy


def a_loop(said: Said, *steps: Exception | bool) -> Loop:
    """A loop whose stage does these things in turn, and is then told to stop."""
    left = list(steps)

    def once() -> bool:
        if not left:
            loop.stop()
            return False
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    loop = Loop("stage", once, said=said, idle_s=0.0)
    return loop


def test_what_does_not_answer_is_waited_for_and_named() -> None:
    seen: list[str] = []

    class Watched(Said):
        def goes_on(self, of: str = "stage") -> None:
            seen.append(self.trouble)
            super().goes_on(of)

    said = Watched()
    loop = a_loop(said, Unavailable("engine_down"), True)
    assert loop.run()
    assert seen[0] == "engine_down"
    assert (said.trouble, said.corrupt, said.counts.stops) == ("", "", 1)


@pytest.mark.parametrize("fault", [Corrupt("tile_differs"), ValueError("somebody's name")], ids=["corrupt", "ours"])
def test_a_fault_that_does_not_pass_ends_it(fault: Exception) -> None:
    said = Said()
    assert not a_loop(said, fault, True).run()
    assert said.corrupt in {"tile_differs", "internal_error"}


def test_it_ends_soon_when_it_is_told_to_while_it_waits() -> None:
    said = Said()
    loop = Loop("stage", lambda: False, said=said, idle_s=60.0)
    thread = threading.Thread(target=loop.run)
    thread.start()
    loop.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_what_two_wait_for_is_said_until_both_go_on() -> None:
    said = Said()
    said.waits("database_unavailable")
    said.waits("broker_unavailable", "broker")
    assert said.trouble == "broker_unavailable, database_unavailable"
    said.goes_on()
    assert said.trouble == "broker_unavailable"
    said.goes_on("broker")
    assert said.trouble == ""


@pytest.mark.parametrize(
    ("took_s", "trouble"),
    [(LONGEST_S - 1, ""), (LONGEST_S, ""), (LONGEST_S + 1, "stalled")],
    ids=["soon", "at", "late"],
)
def test_work_that_does_not_come_to_an_end_is_seen(took_s: float, trouble: str) -> None:
    now = 100.0
    said = Said(moment=lambda: now)
    with said.at_work():
        now += took_s
        assert said.trouble == trouble
    assert said.trouble == ""


# ----------------------------------------------------------------------------------------------------------- stand-bys


class World:
    """A stage that somebody else may run too, and a moment that the test sets."""

    def __init__(self) -> None:
        self.moment, self.at, self.calls = 0.0, 0, 0
        self.answer: Callable[[], bool] = lambda: True
        self.said = Said()
        self.stage = StandBy(self._once, at=lambda: self.at, said=self.said, patience_s=1.0, moment=lambda: self.moment)

    def _once(self) -> bool:
        self.calls += 1
        return self.answer()

    def is_overtaken(self) -> bool:
        """What the stage does when another was first."""
        raise Overtaken("stage")


def test_who_is_overtaken_stands_by_while_the_other_moves() -> None:
    world = World()
    world.answer = world.is_overtaken
    assert not world.stage()
    assert world.said.is_standing_by
    for _ in range(5):
        world.moment, world.at = world.moment + 0.9, world.at + 1
        assert not world.stage()
    assert world.calls == 1


def test_who_stands_by_takes_over_when_the_other_stands_still_with_work_before_it() -> None:
    world = World()
    world.answer = world.is_overtaken
    world.stage()
    world.answer = lambda: True
    world.moment = 0.9
    assert not world.stage()
    world.moment = 1.0
    assert world.stage()
    assert not world.said.is_standing_by


def test_who_looks_and_finds_nothing_to_do_goes_on_standing_by() -> None:
    world = World()
    world.answer = world.is_overtaken
    world.stage()
    world.answer, world.moment = (lambda: False), 2.0
    assert not world.stage()
    assert world.said.is_standing_by


def test_what_is_no_lost_race_is_for_the_loop() -> None:
    world = World()

    def fails() -> bool:
        raise Unavailable("engine_down")

    world.answer = fails
    with pytest.raises(Unavailable, match="engine_down"):
        world.stage()
    assert not world.said.is_standing_by
