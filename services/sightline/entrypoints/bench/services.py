"""Kafka, OPA and PostgreSQL for one measurement: new ones, in a folder of their own, started and stopped by infra/."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sightline.entrypoints.bench.measure import say
from sightline.entrypoints.services import Started, line
from sightline.formats.broker_access import Access
from sightline.kernel.share import share
from sightline.runtime.settings import Settings

NAMES = ("kafka", "opa", "postgres")


class Services(Started):
    """By their folder."""

    __slots__ = ()

    def administrator(self) -> Access:
        """How the broker's administrator reaches it: who measures sends and reads in everyone's name."""
        return Access(
            bootstrap=self.kafka,
            ca=self.authority,
            user="admin",
            password=line(self.passwords / "admin.password"),
        )

    def environment(self, settings: Settings, stage: str) -> dict[str, str]:
        """What a worker of that stage is given: the keys and the log-in of its stage, and no others."""
        given: dict[str, object] = {"DATABASE": settings.database, "DATA": settings.data}
        if stage in {"record", "decide", "clock"}:
            given |= {"VAULT": settings.vault}
        if stage == "decide":
            given |= {"OPA_URL": settings.opa_url}
        if stage != "relay":
            given |= {"KEYS_FOLDER": settings.data / f"keys-{stage}"}
        if stage in {"record", "relay"}:
            password = self.passwords / f"hub.{stage}.password"
            given |= {"KAFKA": self.kafka, "KAFKA_CA": self.authority, "KAFKA_PASSWORD": password}
        return {f"SIGHTLINE_{name}": str(value) for name, value in given.items()}

    def pids(self) -> dict[str, int]:
        """The first process of each."""
        postgres = self.folder / "postgres"
        elsewhere = postgres / "location"
        home = Path(line(elsewhere)) if elsewhere.exists() else postgres
        files = {
            "kafka": self.folder / "kafka" / "pid",
            "opa": self.folder / "opa" / "pid",
            "postgres": home / "data" / "postmaster.pid",
        }
        return {name: int(file.read_text(encoding="ascii").split()[0]) for name, file in files.items()}


def missing() -> str:
    """What the services need and is not there, with how to get it; empty when nothing is missing."""
    infra = _infra()
    if not (infra / "up").exists():
        return "services are started by the programs of a clone: run it in one"
    for name in NAMES:
        found = _run(infra / name / "find")
        if found.returncode:
            return (found.stderr.strip().splitlines() or [f"{name} not found"])[-1]
    return ""


@contextmanager
def standing(folder: Path, agencies: Mapping[str, Sequence[str]]) -> Iterator[Services]:
    """Services that these agencies and desks know, until the end of the block. Raises RuntimeError if they do not start."""
    folder.mkdir(parents=True)
    declared = folder / "agencies.yaml"
    declared.write_text(json.dumps({"agencies": {name: list(desks) for name, desks in agencies.items()}}))
    place = folder / "services"
    say("services: starting")
    try:
        started = _run(_infra() / "up", "--agencies", declared, place)
        if started.returncode:
            raise RuntimeError(f"the services did not start: {started.stderr.strip()}")
        yield Services(place)
    finally:
        _run(_infra() / "down", "--throwaway", place)


def _infra() -> Path:
    return share("policies").parent / "infra"


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)  # noqa: S603  # our own programs
