"""The embedded line: three threads that check, write and release. All stop when told, and after their batch.

Checking (parse, signatures) overlaps with recording and deciding of the batch before, and with sealing, export and
telling of the one before that: signatures and disks release the interpreter lock, so both cores work. Each table has
one writer, and the store lets one transaction write at a time.
"""

import queue
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import perf_counter

import structlog

from sightline.kernel.errors import Corrupt, SightlineError, Unavailable
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Rejected, Verified
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub
from sightline.runtime.settings import Settings

_log = structlog.get_logger("sightline.line")

_AHEAD = 2
"""Checked batches that may wait for the writer."""
_IDLE_S = 0.05
_BACK_OFF_S = (0.1, 0.5, 2.0, 5.0)

Waiting = tuple[bytes, "Future[Answer]"]


@dataclass(slots=True)
class Counts:
    """What the line has done since it started: for metrics, never for decisions."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds spent in each stage."""
    entries_decided: int = 0
    leaves_sealed: int = 0
    clocks_struck: int = 0
    stops: int = 0
    """How often a stage said that it could not go on."""


class Runner:
    """Runs a hub's stages. `submit` may be called from any thread."""

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self.counts = Counts()
        self._hub = hub
        self._settings = settings
        self._queue: queue.Queue[Waiting] = queue.Queue(maxsize=settings.queue_submissions)
        self._checked: queue.Queue[tuple[list[Verified | Rejected], list[Waiting]]] = queue.Queue(maxsize=_AHEAD)
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._trouble: dict[str, str] = {}
        self._corrupt = ""
        self._decided = threading.Event()
        self._sealed_at = 0.0
        self._struck_at = 0.0
        self._check = threading.Thread(target=self._check_all, name="sightline-check", daemon=True)
        self._write = threading.Thread(
            target=self._keep_going,
            args=("write", self._write_once, self._wrote_all),
            name="sightline-write",
            daemon=True,
        )
        self._release = threading.Thread(
            target=self._keep_going,
            args=("release", self._release_once, self._released_all),
            name="sightline-release",
            daemon=True,
        )

    def start(self) -> None:
        """Begin. What a stop or a kill left undone is finished first."""
        for thread in (self._check, self._write, self._release):
            thread.start()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Take nothing more, finish what was taken, seal and tell it; whether that was done in time."""
        self._stopping.set()
        self._decided.set()
        with self._news:
            self._news.notify_all()
        deadline = perf_counter() + timeout_s
        for thread in (self._check, self._write, self._release):
            thread.join(max(0.0, deadline - perf_counter()))
        return not any(thread.is_alive() for thread in (self._check, self._write, self._release))

    def submit(self, raw: bytes) -> "Future[Answer]":
        """The answer to one submission, when it is recorded. Raises `Unavailable` when no more can wait."""
        if self._stopping.is_set() or self._corrupt:
            raise Unavailable("stopping", "the hub takes nothing more now")
        answer: Future[Answer] = Future()
        try:
            self._queue.put_nowait((raw, answer))
        except queue.Full:
            raise Unavailable("busy", "too many submissions are waiting") from None
        return answer

    def wait_for_news(self, desk: DeskId, after_seq: int, timeout_s: float) -> bool:
        """Whether the desk's feed has come past that number, waiting for it at most `timeout_s`."""
        with self._news:
            return self._news.wait_for(
                lambda: self._stopping.is_set() or self._hub.feed.seq_of(desk) > after_seq, timeout_s
            )

    def health(self) -> dict[str, object]:
        """Whether the line moves, and what it waits for if not."""
        return {
            "alive": all(thread.is_alive() for thread in (self._check, self._write, self._release)),
            "stopping": self._stopping.is_set(),
            "trouble": self._corrupt or ", ".join(sorted(self._trouble.values())),
            "corrupt": bool(self._corrupt),
            "waiting": self._queue.qsize(),
            "decided": self._hub.decide.at,
        }

    def _check_all(self) -> None:
        while not (self._stopping.is_set() and self._queue.empty()):
            waiting = self._take()
            if not waiting:
                continue
            started = perf_counter()
            try:
                checked = self._hub.check([raw for raw, _ in waiting])
            except SightlineError as exc:
                _fail(waiting, exc)
                continue
            except Exception as exc:  # noqa: BLE001  # one batch that we cannot check must not end all checking
                _log.error("check failed", kind=type(exc).__name__)
                _fail(waiting, Unavailable("internal_error"))
                continue
            self.counts.seconds["check"] += perf_counter() - started
            if self._corrupt:
                _fail(waiting, Unavailable("line_stopped"))
            else:
                self._checked.put((checked, waiting))

    def _take(self) -> list[Waiting]:
        """What is waiting, at most a batch; waits a moment for the first."""
        try:
            waiting = [self._queue.get(timeout=_IDLE_S)]
        except queue.Empty:
            return []
        while len(waiting) < self._settings.batch_submissions:
            try:
                waiting.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return waiting

    def _keep_going(self, name: str, once: Callable[[], bool], is_done: Callable[[], bool]) -> None:
        """Call `once` until everything is done; wait and try again while something does not answer."""
        failures = 0
        while not self._corrupt:
            try:
                moved = once()
                failures = 0
                self._trouble.pop(name, None)
            except Unavailable as exc:
                self._stalled(name, exc, failures)
                failures += 1
                moved = False
            except Exception as exc:  # noqa: BLE001  # whatever it is, the line must be seen to have stopped
                self._break(exc)
                return
            if not moved and self._stopping.is_set() and (is_done() or failures):
                return

    def _break(self, exc: Exception) -> None:
        """Our own evidence disagrees, or we have a fault: stop, say so, and leave nobody waiting."""
        self._corrupt = exc.code if isinstance(exc, SightlineError) else "internal_error"
        _log.error("line stopped", code=self._corrupt, kind=type(exc).__name__, corrupt=isinstance(exc, Corrupt))
        while not self._checked.empty() or self._check.is_alive():
            try:
                _, waiting = self._checked.get(timeout=_IDLE_S)
            except queue.Empty:
                if self._queue.empty():
                    return
                continue
            _fail(waiting, Unavailable("line_stopped"))

    def _wrote_all(self) -> bool:
        return not self._check.is_alive() and self._checked.empty()

    def _released_all(self) -> bool:
        return not self._write.is_alive()

    def _write_once(self) -> bool:
        """Record the next batch if there is one, and decide what is new. Whether there was anything to do."""
        # Before the batch: a deadline must not wait until partners stop sending (P12).
        self._strike()
        try:
            checked, waiting = self._checked.get(timeout=_IDLE_S)
        except queue.Empty:
            return self._decide()
        self._record(checked, waiting)
        self._decide()
        return True

    def _decide(self) -> bool:
        started = perf_counter()
        decided = self._hub.decide()
        self.counts.seconds["decide"] += perf_counter() - started
        self.counts.entries_decided += decided
        if decided:
            self._decided.set()
        return bool(decided)

    def _release_once(self) -> bool:
        """Seal and tell what was decided, at most once in each interval. Whether there was anything to do."""
        if self._decided.wait(_IDLE_S) and not self._stopping.is_set():
            self._stopping.wait(max(0.0, self._sealed_at + self._settings.seal_interval_ms / 1000 - perf_counter()))
        self._decided.clear()
        started = perf_counter()
        sealed = self._hub.register.seal()
        self._sealed_at = perf_counter()
        news = self._hub.feed()
        self.counts.seconds["seal"] += self._sealed_at - started
        self.counts.seconds["feed"] += perf_counter() - self._sealed_at
        self.counts.leaves_sealed += sealed.count
        if news:
            with self._news:
                self._news.notify_all()
        return bool(sealed.count or news)

    def _record(self, checked: Sequence[Verified | Rejected], waiting: Sequence[Waiting]) -> None:
        started = perf_counter()
        try:
            answers = self._hub.record(checked)
        except BaseException as exc:
            _fail(waiting, exc if isinstance(exc, SightlineError) else Unavailable("internal_error"))
            raise
        self.counts.seconds["record"] += perf_counter() - started
        for one in checked:
            if isinstance(one, Rejected) and one.sender is None:
                # Nobody is told: nobody proved to have sent it. Size, digest and reason are all that is kept.
                _log.info("turned away", code=one.refusal.code, size=one.size, digest=one.digest.hex())
        for (_, future), answer in zip(waiting, answers, strict=True):
            self.counts.outcomes[answer.outcome] += 1
            if answer.refusal is not None:
                self.counts.codes[answer.refusal.code] += 1
            future.set_result(answer)

    def _strike(self) -> None:
        moment = perf_counter()
        if moment - self._struck_at < self._settings.clock_interval_s:
            return
        self._struck_at = moment
        self._hub.strike.hourly()
        self.counts.clocks_struck += self._hub.strike()

    def _stalled(self, name: str, exc: Unavailable, failures: int) -> None:
        """Say what the line waits for, and wait a little longer each time."""
        if self._trouble.get(name) != exc.code:
            _log.warning("line waits", code=exc.code)
        self._trouble[name] = exc.code
        self.counts.stops += 1
        self._stopping.wait(_BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)])


def _fail(waiting: Sequence[Waiting], exc: SightlineError) -> None:
    for _, future in waiting:
        future.set_exception(exc)
