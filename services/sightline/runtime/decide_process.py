"""The decide stage in a process of its own: ``python -m sightline.runtime.decide_process FOLDER``.

It shares the hub's files with the hub and nothing else. On standard input the hub says that there is something new
(`WAKE`) or that all must be finished (`STOP`); on standard output each report is one line. When the input ends the hub
is gone, and so is this process, at once. Signals are the hub's affair: a Ctrl-C reaches both.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from time import perf_counter

import structlog

from sightline.adapters.clock import SystemClock
from sightline.adapters.keyfolder import wrapping_key
from sightline.adapters.opa_wasm import WasmEngine
from sightline.decide.stage import Decide
from sightline.kernel.errors import Corrupt, SightlineError, Unavailable
from sightline.kernel.ports import Clock
from sightline.kernel.share import share
from sightline.runtime import logs, memory
from sightline.runtime.build_decide import build_decide, read_rules
from sightline.runtime.decider import back_off_s
from sightline.runtime.reports import (
    BROKEN,
    FINISHED,
    ORPHANED,
    STOP,
    UNFINISHED,
    Broke,
    Progress,
    Report,
    Waits,
    written,
)
from sightline.runtime.stores import KEYS, ledger_of, vault_of
from sightline.runtime.usage import cpu_s, peak_memory_bytes

_log = structlog.get_logger("sightline.decide")

_ORDERS = 4096
"""Read at once."""
_TURN_S = 0.001
"""How long the thread that decides may keep the one that writes waiting for the interpreter."""
_POLL_S = 0.25
"""What other programs record (`sightline admin`) is found without being told of it."""


@contextmanager
def opened(
    folder: Path, *, clock: Clock | None = None, on_step: Callable[[str], None] = lambda _: None
) -> Iterator[Decide]:
    """The stage over the hub's files in that folder. Of the hub's keys it reads the wrapping key alone."""
    policies = share("policies")
    with (
        closing(vault_of(folder, wrapping_key(folder / KEYS))) as vault,
        closing(ledger_of(folder)) as ledger,
        closing(WasmEngine(policies)) as engine,
    ):
        decide = build_decide(
            ledger=ledger,
            vault=vault,
            engine=engine,
            rules=read_rules(policies),
            clock=clock or SystemClock(),
            on_step=on_step,
        )
        with closing(decide):
            yield decide


class Line:
    """The hub's line, at the other end: what the hub says, and what is said to it."""

    def __init__(self, orders: int, reports: int) -> None:
        self._orders = orders
        self._reports = reports
        self._woken = threading.Event()
        self._stopping = threading.Event()
        threading.Thread(target=self._listen, name="sightline-orders", daemon=True).start()

    @property
    def is_stopping(self) -> bool:
        """Whether what is there now is the last to be decided."""
        return self._stopping.is_set()

    def wait(self) -> None:
        """Until there may be something new."""
        self._woken.wait(_POLL_S)
        self._woken.clear()

    def back_off(self, failures: int) -> None:
        """Wait before another try, not longer than the hub does."""
        self._stopping.wait(back_off_s(failures))

    def say(self, report: Report) -> None:
        """One line, whole."""
        try:
            os.write(self._reports, written(report))
        except OSError:
            os._exit(ORPHANED)

    def _listen(self) -> None:
        while said := os.read(self._orders, _ORDERS):
            if STOP in said:
                self._stopping.set()
            self._woken.set()
        # At once: a hub that is started again in this folder has a decider of its own.
        os._exit(ORPHANED)


def run(opening: AbstractContextManager[Decide], line: Line) -> int:
    """Decide until told to stop; how it ended."""
    try:
        with opening as decide:
            memory.settle()
            sys.setswitchinterval(_TURN_S)
            return _keep_deciding(decide, line)
    except Unavailable as exc:
        line.say(Waits(exc.code))
        return UNFINISHED
    except Exception as exc:  # noqa: BLE001  # whatever it is, the line must be seen to have stopped
        code = exc.code if isinstance(exc, SightlineError) else "internal_error"
        _log.error("decider stopped", code=code, corrupt=isinstance(exc, Corrupt), exc_info=exc)
        line.say(Broke(code))
        return BROKEN


def _keep_deciding(decide: Decide, line: Line) -> int:
    failures, is_silent = 0, True
    while True:
        is_last = line.is_stopping
        try:
            moved = _decide_all(decide, line)
        except Unavailable as exc:
            line.say(Waits(exc.code))
            if is_last:
                return UNFINISHED
            line.back_off(failures)
            failures, is_silent = failures + 1, True
            continue
        if is_silent and not moved:
            # That it has started, or goes on, is news even when there was nothing to decide.
            line.say(_progress(decide))
        if is_last:
            return FINISHED
        failures, is_silent = 0, False
        line.wait()


def _decide_all(decide: Decide, line: Line) -> bool:
    """Batch after batch, until nothing is left to do; whether there was anything."""
    moved = False
    while True:
        started = perf_counter()
        entries = decide.ahead()
        if not entries:
            return moved
        moved = True
        line.say(_progress(decide, entries=entries, seconds=perf_counter() - started))


def _progress(decide: Decide, *, entries: int = 0, seconds: float = 0.0) -> Progress:
    return Progress(
        position=decide.at,
        entries=entries,
        seconds=seconds,
        asked=decide.memo_asked,
        cpu_s=cpu_s(),
        peak_memory_bytes=peak_memory_bytes(),
    )


def the_line() -> Line:
    """The hub at this process's standard streams. From now on whatever is printed goes to standard error."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    reports = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Line(sys.stdin.fileno(), reports)


def main(folder: Path) -> int:
    """Decide for the hub of that folder."""
    line = the_line()
    logs.configure()
    return run(opened(folder), line)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
