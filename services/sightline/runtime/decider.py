"""Who runs a line's decide stage: the line's own thread, or a process beside it (`beside`)."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from sightline.decide.stage import Decide
from sightline.runtime.reports import Progress

STARTING, GONE = "decider_starting", "decider_gone"
"""What a line waits for while its decider's process is not there yet, or no more."""
BACK_OFF_S = (0.1, 0.5, 2.0, 5.0)
"""How long to wait before something is tried again, by how often it has failed."""


def back_off_s(failures: int) -> float:
    """The wait after that many failures before this one."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ears:
    """What a decider calls, from any thread: the line listens."""

    decided: Callable[[Progress], None]
    waits: Callable[[str], None]
    """With the code of what it waits for."""
    broke: Callable[[str], None]
    """With a code: the line must stop. The decider has stopped already."""


DEAF = Ears(decided=lambda _: None, waits=lambda _: None, broke=lambda _: None)
"""Nobody listens yet."""


class Decider(Protocol):
    """Sees to it that what was recorded is decided."""

    @property
    def progress(self) -> Progress:
        """How far it has come."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be decided unless it is called."""

    def start(self, ears: Ears) -> None:
        """Begin with what is there."""

    def __call__(self, *, is_new: bool) -> bool:
        """Decide, or have it decided; whether the caller did anything. `is_new`: something was recorded just now.

        Raises what the decide stage raises, where the caller is the one who decides.
        """

    def stop(self, timeout_s: float) -> bool:
        """Finish what is there; whether that was done in time. Nothing of it runs on afterwards."""


class Here:
    """The stage in the thread that calls."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._ears = DEAF

    @property
    def progress(self) -> Progress:
        """How far the stage has come."""
        return Progress(position=self._decide.at, asked=self._decide.memo_asked)

    @property
    def is_over(self) -> bool:
        """Always: it only runs when called."""
        return True

    def start(self, ears: Ears) -> None:
        """Remember who listens."""
        self._ears = ears

    def __call__(self, *, is_new: bool) -> bool:
        """Decide a batch."""
        started = perf_counter()
        entries = self._decide()
        asked, seconds = self._decide.memo_asked, perf_counter() - started
        if entries:
            self._ears.decided(Progress(self._decide.at, entries=entries, seconds=seconds, asked=asked))
        return bool(entries)

    def stop(self, timeout_s: float) -> bool:
        """Nothing runs that would have to be stopped."""
        return True
