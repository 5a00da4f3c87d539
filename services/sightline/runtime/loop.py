"""One stage called again and again: the whole of a worker that only knows the database, and of what it says of itself.

What does not answer is waited for, a little longer each time, and said once; evidence that contradicts itself ends it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import structlog

from sightline.kernel.errors import Corrupt, SightlineError, Unavailable
from sightline.runtime.counts import Counts
from sightline.runtime.decider import back_off_s

_log = structlog.get_logger("sightline.worker")

OVERTAKEN = "overtaken"
STALLED = "stalled"
LONGEST_S = 20.0
"""How long one piece of work may take until the page says that it is stalled: longer than any wait that we bound."""
PATIENCE_S = 1.0
"""How long another of the same kind may stand still, with work before it, until a stand-by takes over."""


class Said:
    """What a worker waits for, and whether it has ended: for its health page. From any thread."""

    def __init__(self, *, moment: Callable[[], float] = perf_counter) -> None:
        self.counts = Counts()
        self.corrupt = ""
        self.position = 0
        """How far it has come, where there is such a thing."""
        self.is_standing_by = False
        self._troubles: dict[str, str] = {}
        self._moment = moment
        self._since: float | None = None

    @property
    def trouble(self) -> str:
        """What it waits for; empty while it moves."""
        codes = set(self._troubles.values()) or ({STALLED} if self._is_stalled() else set())
        return ", ".join(sorted(codes))

    def waits(self, code: str, of: str = "stage") -> None:
        """It cannot go on now. `of`: who says so; each says by itself that it goes on."""
        if self._troubles.get(of) != code:
            _log.warning("line waits", code=code)
        self._troubles[of] = code
        self.counts.stops += 1

    def goes_on(self, of: str = "stage") -> None:
        """What it waited for is there."""
        code = self._troubles.pop(of, "")
        if code:
            _log.info("line goes on", code=code)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While this holds, something is being done that must come to an end soon: whatever it waits for, it is seen."""
        self._since = self._moment()
        try:
            yield
        finally:
            self._since = None

    def _is_stalled(self) -> bool:
        since = self._since
        return since is not None and self._moment() - since > LONGEST_S

    def breaks(self, exc: BaseException) -> None:
        """It has ended, and a person must look."""
        code = exc.code if isinstance(exc, SightlineError) else "internal_error"
        self.corrupt = self.corrupt or code
        _log.error("line stopped", code=code, kind=type(exc).__name__, corrupt=isinstance(exc, Corrupt), exc_info=exc)


class Loop:
    """Calls `once` until told to stop. `once` says whether there was anything to do."""

    def __init__(self, name: str, once: Callable[[], bool], *, said: Said, idle_s: float, busy_s: float = 0.0) -> None:
        """`idle_s`: the wait where there was nothing to do; `busy_s`: where there was."""
        self._name = name
        self._once = once
        self._said = said
        self._idle_s, self._busy_s = idle_s, busy_s
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Stop after what is being done. Safe from a signal handler."""
        self._stopping.set()

    def run(self) -> bool:
        """Until told to stop, or until it may not go on; whether it ended well."""
        failures = 0
        while not self._stopping.is_set():
            try:
                moved = self._timed()
            except Unavailable as exc:
                self._said.waits(exc.code)
                self._stopping.wait(back_off_s(failures))
                failures += 1
                continue
            except Exception as exc:  # noqa: BLE001  # whatever it is, the worker must be seen to have stopped
                self._said.breaks(exc)
                return False
            failures = 0
            self._said.goes_on()
            self._stopping.wait(self._busy_s if moved else self._idle_s)
        return True

    def _timed(self) -> bool:
        started = perf_counter()
        with self._said.at_work():
            moved = self._once()
        if moved:
            self._said.counts.seconds[self._name] += perf_counter() - started
        return moved


class StandBy:
    """A stage that only one should run. Who is overtaken stands by, and takes over when the other stands still.

    Both could go on and lose to each other by compare and set, again and again: that is safe, and twice the work.
    """

    def __init__(
        self,
        once: Callable[[], bool],
        *,
        at: Callable[[], int],
        said: Said,
        patience_s: float = PATIENCE_S,
        moment: Callable[[], float] = perf_counter,
    ) -> None:
        """`at`: how far the stage has come, whoever ran it."""
        self._once = once
        self._at = at
        self._said = said
        self._patience_s = patience_s
        self._moment = moment
        self._seen = -1
        self._since = 0.0

    def __call__(self) -> bool:
        """Run the stage, unless another does; whether it did anything here."""
        if self._said.is_standing_by and self._other_moves():
            return False
        try:
            moved = self._once()
        except Unavailable as exc:
            if exc.code != OVERTAKEN:
                raise
            self._seen, self._since, self._said.is_standing_by = self._at(), self._moment(), True
            return False
        self._said.is_standing_by = self._said.is_standing_by and not moved
        return moved

    def _other_moves(self) -> bool:
        at = self._at()
        if at != self._seen:
            self._seen, self._since = at, self._moment()
        return self._moment() - self._since < self._patience_s
