"""The front of a line: submissions wait here, and a thread of its own checks them, a batch at a time."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import perf_counter
from typing import NamedTuple

import structlog

from sightline.kernel.errors import SightlineError, Unavailable
from sightline.kernel.values import Rejected, Verified
from sightline.record.stage import Answer
from sightline.runtime.counts import Counts
from sightline.runtime.settings import Settings

_log = structlog.get_logger("sightline.line")

_AHEAD = 1
"""Checked batches that may wait for the writer: each holds some ten megabytes."""
_IDLE_S = 0.05

Waiting = tuple[bytes, "Future[Answer]"]
Check = Callable[[Sequence[bytes]], list[Verified | Rejected]]


class Checked(NamedTuple):
    """A batch that may be recorded."""

    found: list[Verified | Rejected]
    waiting: list[Waiting]
    """Who waits for the answers, in the same order."""


class Checking:
    """Bounded at both ends: so many submissions may wait to be checked, and so many batches to be recorded."""

    def __init__(self, check: Check, settings: Settings, counts: Counts) -> None:
        self._check = check
        self._counts = counts
        self._most = settings.batch_submissions
        self._queue: queue.Queue[Waiting] = queue.Queue(maxsize=settings.queue_submissions)
        self._checked: queue.Queue[Checked] = queue.Queue(maxsize=_AHEAD)
        self._stopping = threading.Event()
        self._broken = threading.Event()
        self.thread = threading.Thread(target=self._check_all, name="sightline-check", daemon=True)

    @property
    def waiting(self) -> int:
        """Submissions that nobody has looked at yet."""
        return self._queue.qsize()

    @property
    def is_done(self) -> bool:
        """Whether all that was put here was taken away, and nothing more will come."""
        return not self.thread.is_alive() and self._checked.empty()

    def put(self, raw: bytes) -> "Future[Answer]":
        """The answer to come. Raises Unavailable ``busy`` when no more can wait, ``stopping`` when none will be taken."""
        if self._stopping.is_set() or self._broken.is_set():
            raise Unavailable("stopping", "the hub takes nothing more now")
        answer: Future[Answer] = Future()
        try:
            self._queue.put_nowait((raw, answer))
        except queue.Full:
            raise Unavailable("busy", "too many submissions are waiting") from None
        return answer

    def take(self) -> Checked | None:
        """The next batch to record; waits a moment for one."""
        try:
            return self._checked.get(timeout=_IDLE_S)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Take nothing more; the thread ends when what waits is checked."""
        self._stopping.set()

    def close(self) -> None:
        """The line has stopped for good: whoever comes is turned away."""
        self._broken.set()

    def turn_away(self) -> None:
        """Close, and tell whoever waits. Returns when nobody does."""
        self.close()
        while not self._checked.empty() or self.thread.is_alive():
            batch = self.take()
            if batch is not None:
                fail(batch.waiting, Unavailable("line_stopped"))
            elif self._queue.empty():
                return

    def _check_all(self) -> None:
        while not (self._stopping.is_set() and self._queue.empty()):
            waiting = self._next()
            if not waiting:
                continue
            started = perf_counter()
            try:
                found = self._check([raw for raw, _ in waiting])
            except SightlineError as exc:
                fail(waiting, exc)
                continue
            except Exception as exc:  # noqa: BLE001  # one batch that we cannot check must not end all checking
                _log.error("check failed", kind=type(exc).__name__)
                fail(waiting, Unavailable("internal_error"))
                continue
            self._counts.seconds["check"] += perf_counter() - started
            if self._broken.is_set():
                fail(waiting, Unavailable("line_stopped"))
            else:
                self._checked.put(Checked(found, waiting))

    def _next(self) -> list[Waiting]:
        """What is waiting, at most a batch; waits a moment for the first."""
        try:
            waiting = [self._queue.get(timeout=_IDLE_S)]
        except queue.Empty:
            return []
        while len(waiting) < self._most:
            try:
                waiting.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return waiting


def fail(waiting: Sequence[Waiting], exc: SightlineError) -> None:
    """Tell each of them why there is no answer."""
    for _, future in waiting:
        future.set_exception(exc)
