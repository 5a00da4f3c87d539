"""The embedded line: threads that check, write, release and publish, and a decider between the second and the third.

All stop when told, and after their batch. Checking (parse, signatures) overlaps with recording of the batch before, with
sealing and telling of the one before that, and with the export of what was told: signatures and disks release the
interpreter lock, and no desk waits for a folder. The decider runs in a process of its own, or in the thread that writes.
Each table has one writer, and the store lets one transaction write at a time.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import perf_counter

import structlog

from sightline.kernel.errors import Corrupt, SightlineError, Unavailable
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Rejected, Verified
from sightline.record.stage import Answer
from sightline.runtime.checking import Checking, Waiting, fail
from sightline.runtime.counts import Counts
from sightline.runtime.decider import STARTING, Decider, Ears, Here, back_off_s
from sightline.runtime.hub import Hub
from sightline.runtime.intake import note_answers
from sightline.runtime.reports import Progress
from sightline.runtime.settings import Settings

_log = structlog.get_logger("sightline.line")

_IDLE_S, _AHEAD_S = 0.05, 0.01
_UNDECIDED = 2_048
"""Entries that may wait for the decider: beyond it the line takes nothing, and then the hub says that it is busy."""


class Runner:
    """Runs a hub's stages. `submit` may be called from any thread."""

    def __init__(self, hub: Hub, settings: Settings, decider: Decider | None = None) -> None:
        """`decider`: by default the hub's own decide stage, in the thread that writes."""
        self.counts = Counts()
        self.decider = decider or Here(hub.decide)
        self._hub = hub
        self._settings = settings
        self._interval_s = settings.seal_interval_ms / 1000
        self._checking = Checking(hub.check, settings, self.counts)
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._trouble: dict[str, str] = {}
        self._corrupt = ""
        self._decided = threading.Event()
        self._recorded = 0
        """Position of the last entry, as far as the line knows."""
        self._sealed = threading.Event()
        self._struck_at = 0.0
        self._write = self._thread("write", self._write_once, self._wrote_all)
        self._release = self._thread("release", self._release_once, self._released_all)
        self._publish = self._thread("publish", self._publish_once, self._published_all)
        self._threads = (self._checking.thread, self._write, self._release, self._publish)
        self._rests_until = dict.fromkeys(("release", "publish"), 0.0)

    def _thread(self, name: str, once: Callable[[], bool], is_done: Callable[[], bool]) -> threading.Thread:
        """One that calls `once` again and again."""
        return threading.Thread(
            target=self._keep_going, args=(name, once, is_done), name=f"sightline-{name}", daemon=True
        )

    def start(self) -> None:
        """Begin. What a stop or a kill left undone is finished first."""
        self.decider.start(Ears(decided=self._hear_decided, waits=self._hear_waits, broke=self._break))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Take nothing more, finish what was taken, seal and tell it; whether that was done in time."""
        self._stopping.set()
        self._checking.stop()
        self._decided.set()
        self._sealed.set()
        with self._news:
            self._news.notify_all()
        deadline = perf_counter() + timeout_s
        for thread in (self._checking.thread, self._write):
            thread.join(max(0.0, deadline - perf_counter()))
        is_decided = self.decider.stop(deadline - perf_counter())
        for thread in (self._release, self._publish):
            thread.join(max(0.0, deadline - perf_counter()))
        return is_decided and not any(thread.is_alive() for thread in self._threads)

    def submit(self, raw: bytes) -> "Future[Answer]":
        """The answer to one submission, when it is recorded. Raises `Unavailable` when no more can wait."""
        return self._checking.put(raw)

    def wait_for_news(self, desk: DeskId, after_seq: int, timeout_s: float) -> bool:
        """Whether the desk's feed has come past that number, waiting for it at most `timeout_s`."""
        with self._news:
            return self._news.wait_for(lambda: self._stopping.is_set() or self.seq_of(desk) > after_seq, timeout_s)

    def seq_of(self, desk: DeskId) -> int:
        """The number of the desk's last entry, as far as the line knows."""
        return self._hub.feed.seq_of(desk)

    def health(self) -> dict[str, object]:
        """Whether the line moves, and what it waits for if not."""
        return {
            "alive": all(thread.is_alive() for thread in self._threads),
            "stopping": self._stopping.is_set(),
            "trouble": self._corrupt or ", ".join(sorted(self._trouble.values())),
            "corrupt": bool(self._corrupt),
            "waiting": self._checking.waiting,
            "decided": self.decider.progress.position,
        }

    def _keep_going(self, name: str, once: Callable[[], bool], is_done: Callable[[], bool]) -> None:
        """Call `once` until everything is done; wait and try again while something does not answer."""
        failures = 0
        while not self._corrupt:
            # Asked first: what was done while `once` ran must be followed by another look.
            is_last = self._stopping.is_set() and is_done()
            try:
                moved = once()
                failures = 0
                self._trouble.pop(name, None)
            except Unavailable as exc:
                self._note(name, exc.code)
                self._stopping.wait(back_off_s(failures))
                failures += 1
                moved = False
            except Exception as exc:  # noqa: BLE001  # whatever it is, the line must be seen to have stopped
                code = exc.code if isinstance(exc, SightlineError) else "internal_error"
                _log.error("line stopped", code=code, kind=type(exc).__name__, corrupt=isinstance(exc, Corrupt))
                self._break(code)
                return
            if not moved and (is_last or (failures and self._stopping.is_set())):
                return

    def _break(self, code: str) -> None:
        """Our own evidence disagrees, or we have a fault: stop, say so, and leave nobody waiting."""
        self._corrupt = self._corrupt or code
        self._checking.close()
        self.decider.stop(0.0)
        self._checking.turn_away()

    def _wrote_all(self) -> bool:
        return self._checking.is_done

    def _released_all(self) -> bool:
        return not self._write.is_alive() and self.decider.is_over

    def _published_all(self) -> bool:
        return not self._release.is_alive()

    def _write_once(self) -> bool:
        """Record the next batch if there is one, and see that it is decided. Whether there was anything to do."""
        # Before the batch: a deadline must not wait until partners stop sending (P12).
        is_new = self._strike()
        if self._is_far_ahead():
            self._stopping.wait(_AHEAD_S)
            return self.decider(is_new=is_new)
        batch = self._checking.take()
        if batch is None:
            return self.decider(is_new=is_new)
        self._record(*batch)
        self.decider(is_new=True)
        return True

    def _is_far_ahead(self) -> bool:
        """Whether more is recorded than the decider can soon decide. What was taken before a stop is recorded anyway."""
        waiting = self._recorded - self.decider.progress.position
        return waiting > _UNDECIDED and not self._stopping.is_set()

    def _hear_decided(self, progress: Progress) -> None:
        self._trouble.pop("decide", None)
        self.counts.seconds["decide"] += progress.seconds
        self.counts.entries_decided += progress.entries
        self._decided.set()

    def _hear_waits(self, code: str) -> None:
        if code == STARTING:
            self._trouble["decide"] = code
        else:
            self._note("decide", code)

    def _release_once(self) -> bool:
        """Seal and tell what was decided. Whether there was anything to do.

        It rests in between for as long as it took, at most for the interval: little is told at once, much together.
        """
        started = self._waited("release", self._decided)
        sealed = self._hub.register.commit()
        committed = perf_counter()
        # Told before it is exported: what a desk may read is what the stored checkpoint covers.
        news = self._hub.feed()
        if news:
            with self._news:
                self._news.notify_all()
        told = perf_counter()
        if sealed.count:
            self._sealed.set()
        self._rests_until["release"] = told + min(told - started, self._interval_s)
        self.counts.seconds["seal"] += committed - started
        self.counts.seconds["feed"] += told - committed
        self.counts.leaves_sealed += sealed.count
        return bool(sealed.count or news)

    def _publish_once(self) -> bool:
        """Let the folder follow what was sealed; it rests in between, for the interval at least. Nothing waits for it."""
        started = self._waited("publish", self._sealed)
        self._hub.register.publish()
        ended = perf_counter()
        self._rests_until["publish"] = ended + max(ended - started, self._interval_s)
        self.counts.seconds["publish"] += ended - started
        return False

    def _waited(self, name: str, news: threading.Event) -> float:
        """Wait a moment for news, and rest if that was agreed; when it is time to begin."""
        if news.wait(_IDLE_S) and not self._stopping.is_set():
            self._stopping.wait(max(0.0, self._rests_until[name] - perf_counter()))
        news.clear()
        return perf_counter()

    def _record(self, checked: Sequence[Verified | Rejected], waiting: Sequence[Waiting]) -> None:
        started = perf_counter()
        try:
            answers = self._hub.record(checked)
        except BaseException as exc:
            fail(waiting, exc if isinstance(exc, SightlineError) else Unavailable("internal_error"))
            raise
        self._recorded = self._hub.ledger.head()
        self.counts.seconds["record"] += perf_counter() - started
        note_answers(self.counts, checked, answers)
        for (_, future), answer in zip(waiting, answers, strict=True):
            future.set_result(answer)

    def _strike(self) -> bool:
        """Whether any clock ran out, at most once in each interval."""
        moment = perf_counter()
        if moment - self._struck_at < self._settings.clock_interval_s:
            return False
        self._struck_at = moment
        is_hour = self._hub.strike.hourly()
        struck = self._hub.strike()
        self.counts.clocks_struck += struck
        return is_hour or bool(struck) or bool(self._hub.strike.delays())

    def _note(self, name: str, code: str) -> None:
        """Say what the line waits for."""
        if self._trouble.get(name) != code:
            _log.warning("line waits", code=code)
        self._trouble[name] = code
        self.counts.stops += 1
