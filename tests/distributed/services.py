"""A hub's services as a fault test handles them: stopped without warning, paused and started again, by process id."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builders_kafka import ROOT


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service, with its state in a folder of infra's."""

    name: str
    folder: Path
    up: Sequence[str | Path]
    """How it is started, also again: on what it kept, and where it was."""
    pids: Callable[[], list[int]]
    end: signal.Signals = signal.SIGKILL

    def start(self) -> str:
        """Its address."""
        done = subprocess.run(
            [str(part) for part in self.up], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While this holds, it is not there."""
        first, *_ = self.pids()
        os.kill(first, self.end)
        while Path(f"/proc/{first}").exists() and not is_dead(first):
            pass
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While this holds, it is there, and does nothing."""
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)


def is_dead(pid: int) -> bool:
    """Whether only its entry is left, for whoever started it (proc_pid_stat(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX"
    except OSError:
        return True


def with_children(parent: int) -> list[int]:
    """That process and those that it started."""
    found = [parent]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, of, *_ = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(of) == parent:
            found.append(int(stat.parent.name))
    return found


def broker_in(folder: Path) -> Service:
    """The node of that folder."""
    return Service(
        name="kafka",
        folder=folder,
        up=["infra/kafka/up", "--throwaway", folder],
        pids=lambda: [int((folder / "pid").read_text())],
    )


@contextmanager
def cluster() -> Iterator[tuple[Service, str]]:
    """A PostgreSQL cluster of its own, and its address."""
    folder = Path(tempfile.mkdtemp(prefix="sightline-postgres-"))

    def pids() -> list[int]:
        home = folder / "location"
        data = Path(home.read_text().strip() if home.exists() else folder) / "data"
        return with_children(int((data / "postmaster.pid").read_text().split()[0]))

    # SIGQUIT is its "immediate": no checkpoint, no good-bye, and what was committed is recovered at the next start.
    made = Service(
        name="postgres", folder=folder, up=["infra/postgres/up", "--throwaway", folder], pids=pids, end=signal.SIGQUIT
    )
    try:
        yield made, made.start()
    finally:
        subprocess.run([ROOT / "infra/postgres/down", "--throwaway", folder], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def engine() -> Iterator[tuple[Service, str]]:
    """An OPA server of its own, and its address."""
    folder = Path(tempfile.mkdtemp(prefix="sightline-opa-"))
    command: list[str | Path] = ["infra/opa/up", folder]
    first = Service(name="opa", folder=folder, up=command, pids=lambda: [int((folder / "pid").read_text())])
    try:
        address = first.start()
        yield Service(name="opa", folder=folder, up=["infra/opa/up", "--as-it-is", folder], pids=first.pids), address
    finally:
        subprocess.run([ROOT / "infra/opa/down", "--throwaway", folder], check=False, capture_output=True)
