"""The demo's processes: `serve` and the five workers, each with its own keys and its own log, all at the story's time."""

import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO

from sightline.entrypoints.demo import process
from sightline.entrypoints.demo.week import StoryStopped

START_S = 90.0
"""How long a process may take until it is ready: six start at once, on a machine that has other things to do."""
ANSWER_S = 30.0
STOP_S = 20.0


class Member:
    """One process."""

    def __init__(self, stage: str, settings: Mapping[str, str], at: datetime, log: Path) -> None:
        self.stage = stage
        self.url = ""
        """Where it answers, once it is ready."""
        self._log = log
        with log.open("a", encoding="utf-8") as said:
            # Bytes as they come, so that what was not read yet can be waited for; a group of its own, so that a Ctrl-C
            # is the demo's affair, and so that one that is held still does not outlive a demo that was killed.
            self._process = subprocess.Popen(  # noqa: S603 - this very program, and words of our own
                [sys.executable, "-m", process.__name__, stage, at.isoformat()],
                env=dict(settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                bufsize=0,
                process_group=0,
            )

    def is_ready(self) -> None:
        """Returns when it is. Raises `StoryStopped` if it ends, or takes too long."""
        self.url = self._next(START_S)

    def tell(self, at: datetime) -> None:
        """Give it the time."""
        _pipe(self._process.stdin).write(at.isoformat().encode() + b"\n")

    def has_heard(self) -> None:
        """Returns when it has set its clock."""
        self._next(ANSWER_S)

    def hold(self) -> None:
        """It stands still, in the middle of whatever it does."""
        self._process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)

    def check(self) -> None:
        """Raises `StoryStopped` if it has ended."""
        if self._process.poll() is not None:
            raise StoryStopped(self._last_words())

    def end(self) -> None:
        """Ask it to stop; `ended` waits for it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self.let_go()

    def ended(self) -> None:
        """Returns when it is gone; kills it when that takes too long."""
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            _pipe(pipe).close()

    def _next(self, within_s: float) -> str:
        """The next line that it says."""
        said = _pipe(self._process.stdout)
        if not select.select([said], [], [], within_s)[0]:
            raise StoryStopped(f"{self.stage} does not answer")
        line = said.readline().decode().strip()
        if not line:
            raise StoryStopped(self._last_words())
        return line

    def _last_words(self) -> str:
        words = self._log.read_text(encoding="utf-8").splitlines()
        return f"{self.stage} has ended; the last that it said: {words[-1] if words else 'nothing'}"


class Staff:
    """All of them."""

    def __init__(self, settings: Mapping[str, Mapping[str, str]], folder: Path) -> None:
        """`settings`: of each stage, by its name. Logs are written to the folder."""
        self._settings = settings
        self._folder = folder
        self._members: dict[str, Member] = {}

    def start(self, stages: Iterable[str], at: datetime) -> None:
        """Start these, all at once; ready when this returns."""
        begun = list(stages)
        for stage in begun:
            self._members[stage] = Member(stage, self._settings[stage], at, self._folder / f"{stage}.log")
        for stage in begun:
            self._members[stage].is_ready()

    def __getitem__(self, stage: str) -> Member:
        """That process."""
        return self._members[stage]

    def check(self) -> None:
        """Raises `StoryStopped` if one has ended."""
        for member in self._members.values():
            member.check()

    def stop(self, stages: Iterable[str] = ()) -> None:
        """Stop these, or all, in order."""
        leaving = [self._members.pop(stage) for stage in list(stages) or list(self._members)]
        for member in leaving:
            member.end()
        for member in leaving:
            member.ended()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise StoryStopped("a process without a line to it")
    return pipe
