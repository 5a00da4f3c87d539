"""A full disk, under each file that grows: the line says what it waits for, and goes on when there is room again."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.faults.books import close_the_books
from tests.faults.campaign import Campaign
from tests.faults.process import HubProcess, members

pytestmark = pytest.mark.faults

PATIENCE_S = 20.0


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return Campaign(tmp_path, seed=3)


@contextmanager
def no_room_for_export(campaign: Campaign, _hub: HubProcess) -> Iterator[None]:
    """The next checkpoint is written to a device that is always full."""
    (folder,) = (campaign.folder / "register" / ".tmp").iterdir()
    aside = folder / "checkpoint"
    aside.symlink_to("/dev/full")
    yield
    aside.unlink()


@contextmanager
def no_file_may_grow(campaign: Campaign, hub: HubProcess) -> Iterator[None]:
    """No file of the hub's processes may become larger than the database's log is now."""
    largest = max(path.stat().st_size for path in campaign.folder.glob("*.sqlite*"))
    with limited(hub, largest + 1):
        yield


@contextmanager
def no_file_but_small_ones(campaign: Campaign, hub: HubProcess) -> Iterator[None]:
    """Not even the keys' database may grow."""
    with limited(hub, max(path.stat().st_size for path in campaign.folder.glob("keys/*.sqlite*")) + 1):
        yield


@contextmanager
def limited(hub: HubProcess, size: int) -> Iterator[None]:
    processes = members(hub.pid)
    assert len(processes) == 2, "the hub and its decider"
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    yield
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


NoRoom = Callable[[Campaign, HubProcess], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("no_room", "troubles"),
    [
        pytest.param(no_room_for_export, {"export_failed"}, id="export"),
        pytest.param(no_file_may_grow, {"database_unavailable"}, id="ledger"),
        pytest.param(no_file_but_small_ones, {"database_unavailable", "vault_unavailable"}, id="keys"),
    ],
)
def test_when_the_disk_is_full_the_line_says_so_and_goes_on_when_there_is_room(
    campaign: Campaign, no_room: NoRoom, troubles: set[str]
) -> None:
    partners, hub = campaign.partners, campaign.start()
    hub.ready()
    partners.send(30, hub)
    partners.finish(hub)
    partners.excuses |= troubles
    with no_room(campaign, hub):
        partners.send(60, hub)
        assert troubles & set(trouble(campaign, hub).split(", "))
    campaign.end(hub)
    assert close_the_books(campaign)


def trouble(campaign: Campaign, hub: HubProcess) -> str:
    """What the line says that it waits for; never that it stopped for good."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        health = campaign.partners.ask_health(hub)
        assert health.alive, health
        assert not health.corrupt, health
        if health.trouble:
            return health.trouble
    raise AssertionError("the line says nothing of the full disk")
