"""Broker, PostgreSQL and OPA are stopped, paused and started again under load, and disks are full.

In each case: every page that has to says what its worker waits for, within a bounded time; the line goes on by itself; and
nothing accepted is lost or doubled, or readable and unrecorded.
"""

import gc
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import httpx2
import psycopg
import pytest

from sightline.adapters.clock import SystemClock
from tests.builders_distributed import STAGES, waits_for
from tests.builders_kafka import Node
from tests.conftest import a_free_port
from tests.distributed.crew import Crew, asked, crew_of, crowded
from tests.distributed.crowd import Crowd
from tests.distributed.services import Service, broker_in, cluster, engine

# The partners' client (kafka-python) leaves a socket behind for each connection that a stopped broker ended or refused.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)

ANSWER_S = 3.0
"""How long a database may take here."""
SOON_S = 30.0
"""How long a page may take to say what is waited for: its service's time-out, and what this machine does besides."""
DATABASE = {"database_unavailable", "vault_unavailable"}


@dataclass(frozen=True, kw_only=True)
class Town:
    """A hub with its services, its workers and its partners."""

    services: dict[str, Service]
    crowd: Crowd
    crew: Crew
    postgres: str


@pytest.fixture(scope="module")
def town(node_of_all: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with ExitStack() as opened:
        postgres, address = opened.enter_context(cluster())
        opa, url = opened.enter_context(engine())
        folder = tmp_path_factory.mktemp("town")
        crowd = opened.enter_context(
            crowded(node_of_all, url, address, folder, SystemClock(), database_timeout_s=ANSWER_S)
        )
        crew = opened.enter_context(crew_of(crowd.area))
        services = {"postgres": postgres, "opa": opa, "kafka": broker_in(node_of_all.folder)}
        yield Town(services=services, crowd=crowd, crew=crew, postgres=address)
    gc.collect()  # So that what was left behind is noticed here, where it is excused, and in no other file of tests.


@contextmanager
def under_load(town: Town) -> Iterator[None]:
    """Partners send before, meanwhile and after; then every worker moves again, and the books are right."""
    with town.crowd.sending():
        town.crowd.sends(6)
        yield
        town.crowd.follow()
        town.crowd.sends(6)
    waits_for(town.crew.are_ready)
    town.crowd.follow()
    assert town.crowd.close_the_books()


WAITS = {
    "postgres": (STAGES, DATABASE),
    "opa": (("decide",), {"engine_down"}),
    "kafka": (("record", "relay"), {"broker_unavailable"}),
}


@pytest.mark.parametrize("fault", ["paused", "stopped"])
@pytest.mark.parametrize("name", ["postgres", "opa", "kafka"])
def test_a_service_that_fails_is_named_and_the_line_goes_on_when_it_is_back(town: Town, name: str, fault: str) -> None:
    service = town.services[name]
    failing: AbstractContextManager[None] = getattr(service, fault)()
    stages, troubles = WAITS[name]
    with under_load(town):
        with failing:
            waits_for(lambda: town.crew.says(troubles, *stages), SOON_S)
            others = set(STAGES) - set(stages)
            assert all(town.crew.page(other)[0] == 200 for other in others), "a worker waits for what it does not need"
        waits_for(town.crew.are_ready)


# ----------------------------------------------------------------------------------------------------------- full disks


@contextmanager
def no_room_for_export(town: Town) -> Iterator[None]:
    """The next checkpoint is written to a device that is always full."""
    (folder,) = (town.crowd.area.settings.export / ".tmp").iterdir()
    aside = folder / "checkpoint"
    aside.symlink_to("/dev/full")
    yield
    aside.unlink()


@contextmanager
def no_room_for_the_ledger(town: Town) -> Iterator[None]:
    """No file of the cluster may become larger than the ledger's is now: of 16 MB at least, as large as a piece of WAL."""
    name = (town.crowd.area.settings.database or town.crowd.area.folder).read_text().strip().rpartition("/")[2]
    with psycopg.connect(town.postgres.rpartition("/")[0] + f"/{name}", autocommit=True) as admin:
        with admin.transaction(force_rollback=True):  # What is rolled back takes up its room all the same.
            admin.execute(
                "INSERT INTO ledger_events SELECT gen_random_uuid(), 1, 'none', decode(repeat('ab', 1500), 'hex')"
                " FROM generate_series(1, 12000)"
            )
        admin.execute("CHECKPOINT")
        ((size,),) = admin.execute("SELECT pg_relation_size('ledger_events')").fetchall()
    assert size >= 2**24
    limits(town.services["postgres"], str(size))
    try:
        yield
    finally:
        limits(town.services["postgres"], "unlimited")


def limits(service: Service, size: str) -> None:
    """Every file of that service's processes. As their owner, who needs no rights of an administrator for it."""
    for pid in service.pids():
        owner = subprocess.run(["ps", "-o", "user=", "-p", str(pid)], capture_output=True, text=True, check=False)
        as_owner = ["runuser", "-u", owner.stdout.strip(), "--"] if owner.stdout.strip() == "postgres" else []
        command = [*as_owner, "prlimit", "--pid", str(pid), f"--fsize={size}:unlimited"]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not owner.stdout, done.stderr


@pytest.mark.parametrize(
    ("no_room", "stage", "trouble"),
    [
        pytest.param(no_room_for_export, "seal", "export_failed", id="export"),
        pytest.param(no_room_for_the_ledger, "record", "database_fault", id="ledger"),
    ],
)
def test_a_full_disk_is_named_and_the_line_goes_on_when_there_is_room(
    town: Town, no_room: Callable[[Town], AbstractContextManager[None]], stage: str, trouble: str
) -> None:
    with under_load(town), no_room(town):
        waits_for(lambda: town.crew.says({trouble}, stage), SOON_S)


# ---------------------------------------------------------------------------------------------------------------- serve


def test_serve_starts_without_its_services_says_what_it_waits_for_and_goes_on(town: Town) -> None:
    area, port = town.crowd.area, a_free_port()
    url = f"http://127.0.0.1:{port}"
    with town.services["opa"].stopped():
        with town.services["postgres"].paused():
            serve = area.begin("serve", "serve", "--port", str(port), settings=area.environment("serve"))
            waits_for(lambda: answers(url) and asked(url) == (503, "database_unavailable"), SOON_S)
            refused = httpx2.post(f"{url}/v1/submissions", content=b"x" * 1000, timeout=30)
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        # The engine is still away: it is said, and what comes is recorded all the same.
        waits_for(lambda: answers(url) and asked(url) == (503, "engine_down"), SOON_S)
        raw = town.crowd.signs_one()
        taken = httpx2.post(f"{url}/v1/submissions", content=raw, timeout=30)
        assert taken.status_code == 201
    waits_for(lambda: asked(url)[0] == 200)
    with town.services["postgres"].paused():
        waits_for(lambda: asked(url)[0] == 503 and bool(DATABASE & set(asked(url)[1].split(", "))), SOON_S)
    waits_for(lambda: asked(url)[0] == 200)
    with under_load(town):
        pass
    serve.terminate()
    assert serve.wait(60) == 0
    if serve.stdout:
        serve.stdout.close()


def answers(url: str) -> bool:
    """Whether anything answers there."""
    try:
        return httpx2.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx2.HTTPError:
        return False
