"""kill -9 at many instants under load, and then: nothing accepted is lost or doubled, nothing shown is unrecorded.

``SIGHTLINE_KILLS`` says how many (30 by default).
"""

import os
import time
from pathlib import Path
from random import Random

import pytest
from tests.faults.books import check_books, read_on
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


def close_the_books(campaign: Campaign) -> list[str]:
    """Read every feed to its end, compare all that is known with all that is kept, verify and replay in full."""
    partners, hub = campaign.partners, campaign.open()
    try:
        hub.settle()
        for follower in partners.followers.values():
            read_on(hub, follower)
        check_books(hub, partners)
        started = time.perf_counter()
        report = campaign.verified()
        verified = time.perf_counter()
        replay = hub.replay()
        replayed = time.perf_counter()
    finally:
        hub.close()
    assert replay.exit_code == 0, replay.differences[:5]
    assert replay.equal == report.size
    accepted = sum(bool(one.receipt) for one in partners.sent)
    return [
        f"{len(partners.sent)} submissions, {accepted} accepted; {partners.answers['repeated']} receipts came again",
        f"{partners.lost} were without an answer after a kill, {partners.were_there} of them recorded nonetheless",
        f"{replay.entries} ledger entries, {report.size} leaves, {sum(f.seq for f in partners.followers.values())} told",
        f"verify in full {verified - started:.1f} s: exit {report.exit_code}",
        f"replay in full {replayed - verified:.1f} s: exit {replay.exit_code}",
    ]
