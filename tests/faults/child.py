"""The process that is killed: the embedded hub and its line, spoken to over a pipe."""

import os
import queue
import signal
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import orjson

from sightline.kernel.errors import SightlineError, Unavailable
from sightline.kernel.ids import DeskId
from sightline.record.stage import Answer
from sightline.runtime.beside import Beside
from sightline.runtime.decider import STARTING as DECIDER_STARTING
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings
from sightline.view.reading import ItemView
from tests.faults import frames
from tests.faults.decider import command_for
from tests.faults.marks import FEED, STARTING, Marks
from tests.faults.steps import PacedClock, Plan, Steps, Watched, WatchedRegister

_PAGE = 200


def watched(hub: Hub, steps: Steps) -> Hub:
    """The same hub, whose stages also say when they begin and when they are done."""
    stages = {name: Watched(getattr(hub, name), name, steps) for name in ("verify", "record", "decide", FEED)}
    return replace(hub, register=cast("Any", WatchedRegister(hub.register, steps)), **cast("Any", stages))


class Child:
    """One life: reads questions, writes answers. Polls have a thread of their own, as readers do over HTTP."""

    def __init__(self, hub: Hub, runner: Runner, decider: Beside, pipe: "Connection[bytes, bytes]") -> None:
        self._hub = hub
        self._runner = runner
        self._decider = decider
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
            decider=self._decider.pid,
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
    """Live until told to quit, or killed. The hub and its decider are a group of processes."""
    os.setpgid(0, 0)
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
    decider = Beside(command_for(plan))
    runner = Runner(hub, _settings(plan), decider)
    child = Child(hub, runner, decider, pipe)
    runner.start()
    while runner.health()["trouble"] == DECIDER_STARTING:
        time.sleep(0.002)
    marks.left(STARTING)
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
