"""The decider in a process of its own: either of the two dies alone, and what the one left to the other to do."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM

import pytest

from sightline.kernel.errors import Corrupt
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.runtime.beside import Beside, command_for
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings
from sightline.runtime.stores import KEYS
from tests.builders_hub import POLICE, a_missing, a_town, sends
from tests.faults.books import close_the_books
from tests.faults.campaign import ORIGIN, Campaign
from tests.faults.process import members

pytestmark = pytest.mark.faults

PATIENCE_S = 20.0


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    return Campaign(tmp_path, seed=4)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.005)


def runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] not in "ZX"


def how_long_it_runs(process: int) -> float:
    began = time.monotonic()
    wait_until(lambda: not runs(process))
    return time.monotonic() - began


def test_a_decider_that_is_killed_is_started_again_and_nothing_is_lost_or_doubled(campaign: Campaign) -> None:
    partners, hub = campaign.partners, campaign.start()
    hub.ready()
    killed = set()
    for n in range(5):
        partners.send(30, hub)
        time.sleep(0.02 * n)
        killed.add(decider := campaign.partners.ask_health(hub).decider)
        os.kill(decider, SIGKILL)
        wait_until(lambda: campaign.partners.ask_health(hub).trouble == "decider_gone")
        assert campaign.partners.ask_health(hub).alive
        wait_until(lambda: not campaign.partners.ask_health(hub).trouble)
    assert len(killed) == 5
    campaign.end(hub)
    assert close_the_books(campaign)


def test_a_decider_whose_hub_is_killed_ends_by_itself_and_the_next_hub_goes_on(campaign: Campaign) -> None:
    partners = campaign.partners
    for _ in range(4):
        hub = campaign.start()
        hub.ready()
        partners.send(40, hub)
        decider = campaign.partners.ask_health(hub).decider
        hub.kill(alone=True)
        assert how_long_it_runs(decider) < 2
        assert hub.wait() == -SIGKILL
        partners.ended(hub)
        campaign.report = campaign.verified(campaign.report)
    campaign.last_life()
    assert close_the_books(campaign)


def test_a_hub_that_stops_leaves_no_process_behind_and_nothing_undecided(campaign: Campaign) -> None:
    hub = campaign.start()
    hub.ready()
    campaign.partners.send(60, hub)
    campaign.partners.finish(hub)
    assert len(members(hub.pid)) == 2
    assert hub.quit() == 0
    assert not members(hub.pid)
    campaign.partners.ended(hub)
    opened = campaign.open()
    assert (opened.decide(), opened.register.seal().count, opened.feed()) == (0, 0, set())
    opened.close()


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_a_signal_that_reaches_both_leaves_the_decider_to_the_hub(campaign: Campaign, signal: int) -> None:
    hub = campaign.start()
    hub.ready()
    decider = campaign.partners.ask_health(hub).decider
    os.kill(decider, signal)
    campaign.partners.send(30, hub)
    campaign.partners.finish(hub)
    assert campaign.partners.ask_health(hub).decider == decider
    campaign.end(hub)


# -------------------------------------------------------------------------------- as `sightline serve` starts them


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = embedded(tmp_path / "hub", origin=ORIGIN)
    yield hub
    hub.close()


def a_line(hub: Hub, folder: Path) -> tuple[Runner, Beside]:
    decider = Beside(command_for(folder))
    runner = Runner(hub, Settings(data=folder), decider)
    runner.start()
    return runner, decider


def test_a_line_decides_in_the_other_process_and_says_how_far_it_came(hub: Hub, tmp_path: Path) -> None:
    runner, decider = a_line(hub, tmp_path / "hub")
    wait_until(lambda: runner.health()["decided"] == hub.ledger.head() > 0)
    assert decider.progress.peak_memory_bytes > 20_000_000
    assert decider.progress.cpu_s > 0
    assert runner.counts.entries_decided > 0
    assert runner.counts.seconds["decide"] > 0
    assert not runner.health()["trouble"]
    process = decider.pid
    assert runner.stop()
    assert not runs(process)
    assert hub.decide.at == 0, "the hub decided itself"


def test_what_another_program_records_is_decided_without_being_told_of_it(hub: Hub, tmp_path: Path) -> None:
    runner, _ = a_line(hub, tmp_path / "hub")
    wait_until(lambda: runner.health()["decided"] == hub.ledger.head())
    hub.strike.hourly()
    wait_until(lambda: runner.health()["decided"] == hub.ledger.head())
    assert runner.stop()


def test_a_damaged_key_stops_the_line_by_name(hub: Hub, tmp_path: Path) -> None:
    key = tmp_path / "hub" / KEYS / "wrapping.key"
    key.write_bytes(key.read_bytes()[::-1])
    runner, decider = a_line(hub, tmp_path / "hub")
    wait_until(lambda: runner.health()["corrupt"])
    assert runner.health()["trouble"] == "key_damaged"
    assert runner.stop()
    assert decider.is_over


def test_when_the_line_breaks_elsewhere_its_decider_ends(hub: Hub, tmp_path: Path) -> None:
    runner, decider = a_line(hub, tmp_path / "hub")
    wait_until(lambda: not runner.health()["trouble"])

    def breaks() -> bool:
        raise Corrupt("head_differs", "on purpose")

    hub.strike.hourly = breaks  # type: ignore[method-assign]  # a broken part on purpose
    wait_until(lambda: runner.health()["corrupt"])
    wait_until(lambda: decider.is_over)
    assert decider.pid == 0
    assert runner.health()["trouble"] == "head_differs"
    assert runner.stop()


def test_what_the_decider_waits_for_is_what_the_line_waits_for(tmp_path: Path) -> None:
    town = a_town(tmp_path / "hub")
    sends(town, POLICE, "missing.reported", a_missing())
    policy = town.hub.ledger.load([POLICY_STREAM])[POLICY_STREAM]
    other = {"policy": "sha256:of another policy", "engine": "sha256:of its engine", "hold": False}
    policy.note(Policy.Activated, step="another policy", timestamp=town.clock.now(), **other)
    town.hub.ledger.append(policy.collect())
    runner, decider = a_line(town.hub, town.folder)
    wait_until(lambda: runner.health()["trouble"] == "policy_missing")
    assert runner.health()["alive"]
    assert not runner.health()["corrupt"]
    assert runner.counts.stops > 0
    assert runner.stop()
    assert decider.pid == 0
    town.hub.close()
