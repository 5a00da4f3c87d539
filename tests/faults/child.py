"""The process that is killed: the embedded hub and its line, spoken to over a pipe."""

import os
import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import msgspec
import orjson

from sightline.kernel.errors import SightlineError, Unavailable
from sightline.kernel.ids import DeskId
from sightline.record.stage import Answer
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings
from sightline.view.reading import ItemView
from tests.faults import frames
from tests.faults.marks import AT_END, AT_START, FEED, STARTING, Marks

_EPOCH = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_PAGE = 200


class Kill(msgspec.Struct, frozen=True):
    """Die at the `nth` time that the hub comes to `step`: there, some microseconds later, or when the stage is done.

    When the stage is done its transaction is committed, and nobody was told yet.
    """

    step: str
    nth: int
    after_us: int = 0
    at_end: bool = False


class Plan(msgspec.Struct, frozen=True):
    """How one life of the hub is run."""

    folder: str
    marks: str
    origin: str
    began: float
    """`time.monotonic` of the run's beginning: parent and child read the same clock."""
    pace: float = 1.0
    """How many times faster than ours the hub's time passes, so that hours strike and deadlines run out."""
    kill: Kill | None = None
    batch: int = 256
    seal_ms: int = 100


class PacedClock:
    """Time that all lives of one run share. It never goes back: the machine's monotonic clock drives it."""

    def __init__(self, began: float, pace: float) -> None:
        self._began = began
        self._pace = pace

    def now(self) -> datetime:
        """The present."""
        return _EPOCH + timedelta(seconds=(time.monotonic() - self._began) * self._pace)


class Steps:
    """What the hub calls at each step: marks it and, when the plan says so, ends the process there."""

    def __init__(self, marks: Marks, kill: Kill | None) -> None:
        self._marks = marks
        self._kill = kill
        self._seen: Counter[str] = Counter()

    def __call__(self, step: str) -> None:
        self._marks.entered(step)
        self._seen[step] += 1
        kill = self._kill
        if kill is None or kill.at_end or (step, self._seen[step]) != (kill.step, kill.nth):
            return
        if kill.after_us == 0:
            self._marks.killed_at(step, AT_START)
            die()
        threading.Thread(target=_die_after, args=(kill.after_us / 1e6,), daemon=True).start()

    def began(self, stage: str) -> None:
        """A stage was called; it may find nothing to do, and then announces no step."""
        self._marks.entered(stage)

    def ended(self, stage: str) -> None:
        """A stage is done."""
        kill = self._kill
        if kill is not None and kill.at_end and kill.step == stage and self._seen[stage] >= kill.nth:
            self._marks.killed_at(stage, AT_END)
            die()
        self._marks.left(stage)


def die() -> None:
    """What `kill -9` does: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(seconds: float) -> None:
    time.sleep(seconds)
    die()


class _Watched:
    """A stage that says when it begins and when it is done; all else is the stage's own."""

    def __init__(self, stage: Any, name: str, steps: Steps) -> None:
        self._stage = stage
        self._name = name
        self._steps = steps

    def __call__(self, *args: Any) -> Any:
        return self._run(self._stage, *args)

    def seal(self) -> Any:
        """As of the register."""
        return self._run(self._stage.seal)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)

    def _run(self, call: Callable[..., Any], *args: Any) -> Any:
        self._steps.began(self._name)
        try:
            return call(*args)
        finally:
            self._steps.ended(self._name)


def watched(hub: Hub, steps: Steps) -> Hub:
    """The same hub, whose stages also say when they begin and when they are done."""
    stages = {name: _Watched(getattr(hub, name), name, steps) for name in ("verify", "record", "decide", FEED)}
    return replace(hub, register=cast("Any", _Watched(hub.register, "seal", steps)), **cast("Any", stages))


class Child:
    """One life: reads questions, writes answers. Polls have a thread of their own, as readers do over HTTP."""

    def __init__(self, hub: Hub, runner: Runner, pipe: "Connection[bytes, bytes]") -> None:
        self._hub = hub
        self._runner = runner
        self._pipe = pipe
        self._lock = threading.Lock()
        self._polls: queue.SimpleQueue[frames.Poll | None] = queue.SimpleQueue()

    def say(self, message: frames.FromChild) -> None:
        """Write one message, whole."""
        with self._lock:
            frames.write(self._pipe, message)

    def run(self) -> None:
        """Answer until told to quit, or until the parent is gone."""
        reader = threading.Thread(target=self._poll_all, daemon=True)
        reader.start()
        while (frame := frames.read(self._pipe)) is not None:
            match frames.to_child.decode(frame):
                case frames.Submit() as one:
                    self._submit(one)
                case frames.Poll() as one:
                    self._polls.put(one)
                case frames.AskHealth():
                    self.say(self._health())
                case frames.Quit():
                    break
        # The hub is closed after this: nobody may be reading then.
        self._polls.put(None)
        reader.join()

    def _submit(self, one: frames.Submit) -> None:
        try:
            answer = self._runner.submit(one.raw)
        except Unavailable as exc:
            self.say(frames.NotNow(n=one.n, code=exc.code))
            return
        answer.add_done_callback(lambda done: self._answer(one.n, done))

    def _answer(self, n: int, done: "Future[Answer]") -> None:
        failure = done.exception()
        if failure is not None:
            self.say(frames.NotNow(n=n, code=getattr(failure, "code", type(failure).__name__)))
            return
        answer = done.result()
        code = answer.refusal.code if answer.refusal else ""
        self.say(frames.Answered(n=n, outcome=answer.outcome, code=code, receipt=answer.receipt))

    def _poll_all(self) -> None:
        while (one := self._polls.get()) is not None:
            self.say(page_of(self._hub, DeskId(one.desk), one.after))

    def _health(self) -> frames.Health:
        health = self._runner.health()
        return frames.Health(
            alive=bool(health["alive"]),
            corrupt=bool(health["corrupt"]),
            trouble=str(health["trouble"]),
            waiting=int(str(health["waiting"])),
            decided=int(str(health["decided"])),
            head=self._hub.ledger.head(),
        )


def page_of(hub: Hub, desk: DeskId, after: int) -> frames.Page:
    """A page of a feed and, read after it, the bodies of its items: what a client gets in two requests."""
    page = hub.feeds.page(desk, after=after, limit=_PAGE)
    return frames.Page(
        desk=desk,
        entries=[frames.Entry(e.seq, e.leaf, e.leaf_hash, e.kind) for e in page.entries],
        bodies=[_body(view) for view in hub.view.items_at(desk, sorted(set(page.items)))],
        count=page.count,
        running=page.running,
        heartbeat=hub.feeds.heartbeat(desk, page),
    )


def _body(view: ItemView) -> frames.Body:
    shown = orjson.dumps(view.body) if view.state == "disclosed" else b""
    return frames.Body(view.ref, view.type, view.state, view.leaf, list(view.classes), shown, view.recall)


def pragmas(hub: Hub, name: str) -> list[Any]:
    """What SQLite says on a connection that writes and on one that reads."""
    with hub.database.transaction() as session:
        written = session.execute(f"PRAGMA {name}")
    with hub.database.reading() as session:
        return [written[0][0], session.execute(f"PRAGMA {name}")[0][0]]


def live(pipe: "Connection[bytes, bytes]", plan: Plan, log: str) -> None:
    """Live until told to quit, or killed."""
    log_to(log)
    marks = Marks(Path(plan.marks))
    marks.entered(STARTING)
    # A file that may not grow is an error to handle, not a signal to die of.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    clock, steps = PacedClock(plan.began, plan.pace), Steps(marks, plan.kill)
    try:
        hub = embedded(Path(plan.folder), origin=plan.origin, clock=clock, on_step=steps)
    except SightlineError as exc:
        frames.write(pipe, frames.Failed(type(exc).__name__, exc.code, exc.detail))
        raise SystemExit(3) from None
    hub = watched(hub, steps)
    runner = Runner(hub, _settings(plan))
    child = Child(hub, runner, pipe)
    marks.left(STARTING)
    runner.start()
    child.say(frames.Ready(pragmas(hub, "synchronous"), pragmas(hub, "journal_mode")))
    child.run()
    is_done = runner.stop()
    hub.close()
    raise SystemExit(0 if is_done else 4)


def _settings(plan: Plan) -> Settings:
    return Settings(
        data=Path(plan.folder), batch_submissions=plan.batch, seal_interval_ms=plan.seal_ms, clock_interval_s=0.05
    )


def log_to(log: str) -> None:
    """What this process prints goes into that file."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
