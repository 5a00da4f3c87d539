"""kill -9 at many instants under load, and then: nothing accepted is lost or doubled, nothing shown is unrecorded.

``SIGHTLINE_KILLS`` says how many (30 by default).
"""

import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.books import close_the_books
from tests.faults.campaign import Campaign, schedule

SEED = 2026
KILLS = int(os.environ.get("SIGHTLINE_KILLS", "30"))


@pytest.mark.faults
def test_whatever_instant_it_is_killed_at_nothing_accepted_is_lost_or_doubled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    campaign = Campaign(tmp_path, seed=SEED)
    for end in schedule(KILLS, Random(SEED)):
        campaign.life(end)
    campaign.last_life()
    summary = [*campaign.tally.lines(), *close_the_books(campaign)]
    with capsys.disabled():
        print("\n" + "\n".join([*summary, f"in all {time.monotonic() - began:.0f} s, seed {SEED}"]))
    assert campaign.tally.kills == KILLS
    assert not campaign.tally.never_hit(), "no kill landed in these steps"
    assert campaign.tally.lives_with_bodies * 4 >= KILLS, "readers got too little between kills"
