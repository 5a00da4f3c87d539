"""A hub's workers as forked lives, each of which may be killed, stopped or held at a step; and what their pages say."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGTERM
from typing import Any

import msgspec

from sightline.kernel.ports import Clock
from tests.builders_distributed import STAGES, Works, databases, waits_for, works
from tests.builders_kafka import Node
from tests.distributed.crowd import Crowd
from tests.distributed.marked import Life, Plan
from tests.faults.load import Load

SEED = 2026


@contextmanager
def crowded(
    node: Node, opa: str, postgres: str, folder: Path, clock: Clock, *, each_second: float = 4.0, **settings: Any
) -> Iterator[Crowd]:
    """A hub with the load's desks and no worker running, and partners who send to it. `settings`: of the hub."""
    load = Load(SEED, clock)

    def admit(area: Works) -> None:
        load.found(area.hub)

    with (
        databases(postgres, folder) as addresses,
        works(node, opa, addresses, folder, clock=clock, admit=admit, **settings) as area,
    ):
        yield Crowd(area, load, each_second=each_second)


class Crew:
    """Workers by name; several of one kind under names of their own."""

    def __init__(self, area: Works) -> None:
        self._area = area
        self.lives: dict[str, Life] = {}

    def start(self, *stages: str) -> None:
        """These, ready when this returns."""
        for stage in stages:
            self.begin(stage, stage, Plan(marks=""))
        waits_for(lambda: all(self.page(stage)[0] == 200 for stage in stages))

    def begin(self, name: str, stage: str, plan: Plan) -> Life:
        """One, for which something is planned; it may not be ready yet."""
        plan = msgspec.structs.replace(plan, marks=str(self._area.folder / f"marks-{name}"))
        settings = self._area.environment(stage)
        self.lives[name] = Life(stage, plan, settings=settings, log=self._area.folder / f"{name}.log")
        return self.lives[name]

    def page(self, name: str) -> tuple[int, str]:
        """What its page says: the status, and what it waits for. The page itself always answers, and soon."""
        url = self.lives[name].health
        return asked(url) if url else (0, "")

    def says(self, trouble: set[str], *names: str) -> bool:
        """Whether each of them waits for one of these."""
        pages = [self.page(name) for name in names]
        return all(status == 503 and trouble & set(said.split(", ")) for status, said in pages)

    def are_ready(self) -> bool:
        """Whether all move."""
        return all(self.page(name)[0] == 200 for name in self.lives)

    def stop(self, *names: str) -> None:
        """In good order."""
        for name in names:
            life = self.lives.pop(name)
            life.send(SIGTERM)
            assert life.wait() == 0, f"{name} did not end well: see its log"
            life.close()

    def close(self) -> None:
        """End all that still run, stopped ones too."""
        for life in self.lives.values():
            if life.code is None:
                life.send(SIGCONT)
            life.close()


def asked(url: str) -> tuple[int, str]:
    """The status of a page's ``/readyz``, and what it says is waited for."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(json.load(error)["trouble"])


@contextmanager
def crew_of(area: Works, *stages: str) -> Iterator[Crew]:
    """Those workers, by default all, running."""
    crew = Crew(area)
    try:
        crew.start(*(stages or STAGES))
        yield crew
    finally:
        crew.close()
