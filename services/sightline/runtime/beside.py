"""The hub's end of a decide stage that runs in a process of its own (`decide_process`), so that two cores work.

It is started again when it dies; nothing is lost by that, for it moves its position and writes its results in one
transaction. When the hub dies, its input ends, and it ends with it.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import IO

import structlog

from sightline.ledger.positions import position
from sightline.runtime import reports
from sightline.runtime.decider import BACK_OFF_S, DEAF, GONE, STARTING, Decider, Ears, Here, back_off_s
from sightline.runtime.hub import Hub
from sightline.runtime.reports import FINISHED, STOP, UNFINISHED, WAKE, Broke, Progress, Report, Waits
from sightline.runtime.settings import Settings

_log = structlog.get_logger("sightline.decide")

_MODULE = "sightline.runtime.decide_process"
_REAPING_S = 5.0

Process = subprocess.Popen[bytes]


def command_for(folder: Path) -> list[str]:
    """The decide stage of the hub in that folder. -P: what lies in the working directory is not our code."""
    return [sys.executable, "-P", "-m", _MODULE, str(folder)]


def decider_for(hub: Hub, settings: Settings) -> Decider:
    """The one that the settings ask for. The hub is that of the settings' folder, under the machine's own clock."""
    if settings.decide == "process" or (settings.decide == "auto" and _cores() > 1):
        with hub.database.reading() as session:
            return Beside(command_for(settings.data), position=position(session, "decide"))
    return Here(hub.decide)


def _cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class Beside:
    """A decider in a process of its own. Every method may be called from any thread."""

    def __init__(self, command: Sequence[str], *, position: int = 0) -> None:
        """`position`: up to which the ledger is decided, as far as is known before the process says so itself."""
        self.progress = Progress(position)
        self._command = list(command)
        self._ears = DEAF
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._stopping = threading.Event()
        self._is_final = False
        """The process that runs, if one does, is the last."""
        self._waits_for = STARTING
        self._watcher = threading.Thread(target=self._watch, name="sightline-decide", daemon=True)

    @property
    def is_over(self) -> bool:
        """Whether no process runs, nor will be started."""
        return not self._watcher.is_alive()

    @property
    def pid(self) -> int:
        """Of the process; 0 while there is none."""
        process = self._process
        return process.pid if process is not None else 0

    def start(self, ears: Ears) -> None:
        """Start the process, which takes a moment; `ears` hear of all that it says."""
        self._ears = ears
        ears.waits(self._waits_for)
        self._watcher.start()

    def __call__(self, *, is_new: bool) -> bool:
        """Wake the process if there is something new. The caller never decides, and so has done nothing."""
        if is_new:
            self._say(WAKE)
        return False

    def stop(self, timeout_s: float) -> bool:
        """Let it finish what is there; kill it when that takes longer. Whether it ended by itself."""
        deadline = perf_counter() + timeout_s
        self._stopping.set()
        self._say(STOP)
        self._join(deadline - perf_counter())
        is_done = self.is_over
        self._kill()
        self._join(_REAPING_S)
        return is_done

    def _join(self, timeout_s: float) -> None:
        if self._watcher.is_alive() and self._watcher is not threading.current_thread():
            self._watcher.join(max(0.0, timeout_s))

    def _kill(self) -> None:
        """End the process now, and start no other."""
        with self._lock:
            self._is_final = True
            if self._process is not None:
                self._process.kill()

    def _watch(self) -> None:
        """One process after the other: when it dies the next is started, a little later each time."""
        failures = 0
        while True:
            moved = self._live()
            if self._is_final:
                return
            self._ears.waits(self._waits_for)
            failures = 0 if moved else failures + 1
            if self._stopping.is_set() and failures > len(BACK_OFF_S):
                return
            self._stopping.wait(back_off_s(failures))

    def _live(self) -> bool:
        """One process, from its start to its end; whether it decided anything."""
        self._waits_for = GONE
        try:
            process = self._launched()
        except OSError as exc:
            _log.warning("decider not started", kind=type(exc).__name__)
            return False
        if process is None:
            return False
        with process:
            moved = self._listen(process)
            with self._lock:  # Nobody may write to a number that by then names another file.
                _inlet(process).close()
        with self._lock:
            self._process = None
        if self._stopping.is_set() and process.returncode in (FINISHED, UNFINISHED):
            self._is_final = True
        elif not self._is_final:
            _log.warning("decider gone", status=process.returncode)
        return moved

    def _launched(self) -> Process | None:
        """A new process; None when there must be none any more."""
        with self._lock:
            if self._is_final:
                return None
            process = self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            os.set_blocking(_inlet(process).fileno(), False)
        if self._stopping.is_set():
            self._say(STOP)
        return process

    def _listen(self, process: Process) -> bool:
        """Until its output ends; whether it decided anything."""
        moved = False
        for line in process.stdout or ():
            try:
                report = reports.read(line)
            except ValueError:
                # Cut short by its end, or something else speaks: nothing more of it can be believed.
                process.kill()
                break
            moved |= isinstance(report, Progress) and report.entries > 0
            self._heard(report)
        return moved

    def _heard(self, report: Report) -> None:
        match report:
            case Progress():
                self.progress, self._waits_for = report, GONE
                self._ears.decided(report)
            case Waits():
                self._waits_for = report.code
                self._ears.waits(report.code)
            case Broke():
                self._is_final = True
                self._ears.broke(report.code)

    def _say(self, what: bytes) -> None:
        """Never waits: a process with so much to read has been woken."""
        with self._lock, suppress(OSError):
            if self._process is not None and not (inlet := _inlet(self._process)).closed:
                os.write(inlet.fileno(), what)


def _inlet(process: Process) -> IO[bytes]:
    if process.stdin is None:
        raise ValueError("it was started without a pipe to write to")
    return process.stdin
