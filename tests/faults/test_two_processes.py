"""Two hubs on one folder: a second one is a stand-by that loses by compare and set, and takes over when the first dies."""

import time
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.faults.books import close_the_books
from tests.faults.campaign import Campaign
from tests.faults.process import HubProcess

pytestmark = pytest.mark.faults


def listen_for(campaign: Campaign, seconds: float, *hubs: HubProcess) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert all(campaign.partners.listen(hub) for hub in hubs), campaign.last_words()


def test_two_processes_on_one_folder_lose_and_double_nothing_and_one_survives_the_other(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=5)
    partners = campaign.partners
    partners.excuses |= {"contended", "database_unavailable"}
    first, second = campaign.start(), campaign.start(marks="marks of the second")
    first.ready()
    second.ready()
    for _ in range(15):
        partners.send(10, first, second)
        listen_for(campaign, 0.05, first, second)
    first.kill()
    assert first.wait() == -SIGKILL
    partners.ended(first)
    first.marks.close()
    campaign.report = campaign.verified(campaign.report)
    partners.send(50, second)
    campaign.end(second)
    assert close_the_books(campaign)


def test_two_that_found_one_folder_at_once_found_one_hub(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=6, is_founded=False)
    hubs = [campaign.start(), campaign.start(marks="marks of the second")]
    stand = [hub for hub in hubs if hub.stands()]
    assert stand, campaign.last_words()
    campaign.found()
    partners = campaign.partners
    partners.excuses |= {"contended", "database_unavailable"}
    partners.send(40, *stand)
    listen_for(campaign, 0.5, *stand)
    for hub in stand[1:]:
        hub.quit()
        partners.ended(hub)
    campaign.end(stand[0])
    assert close_the_books(campaign)
