"""Clocks that ran out become entries, once each, whoever else writes meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from sightline.ledger.store import Collision
from tests.builders_hub import (
    MASH,
    POLICE,
    Town,
    a_child,
    a_hub,
    a_missing,
    a_town,
    alerts,
    holds,
    leaves,
    passes,
    sends,
    signs,
    submits,
)


def epochs(town: Town) -> list[int]:
    """The hours for which the ledger has an epoch."""
    entries: list[Any] = [placed.entry for placed in town.hub.ledger.read(0, 10_000, ("policy.epoch_struck.v1",))]
    return [entry.hour for entry in entries]


def test_an_hours_epoch_is_one_leaf_that_counts_what_was_decided_since_the_last(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    assert town.hub.strike.hourly()
    assert not town.hub.strike.hourly()
    sends(town, POLICE, "missing.reported", a_missing())
    decided = [leaf["eff"] for leaf in leaves(town, typ="decision")]
    passes(town, hours=1)
    assert town.hub.strike.hourly()
    town.hub.settle()
    first, second = leaves(town, typ="epoch")
    assert (first["disclose"], first["withhold"]) == (0, 0)
    assert (second["disclose"], second["withhold"]) == (decided.count("disclose"), decided.count("withhold"))
    assert second["after"] == first["cause"]
    holds(town)
    town.hub.close()


def test_an_epoch_that_lost_a_race_is_struck_the_next_time(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    original = town.hub.ledger.append

    def beaten(*_: Any, **__: Any) -> None:
        raise Collision

    town.hub.ledger.append = beaten  # type: ignore[method-assign]  # another writer of the policy stream was first
    assert not town.hub.strike.hourly()
    town.hub.ledger.append = original  # type: ignore[method-assign]  # and is gone
    assert town.hub.strike.hourly()
    assert len(epochs(town)) == 1
    town.hub.close()


def test_a_restart_within_the_hour_makes_no_second_epoch(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    assert town.hub.strike.hourly()
    other = a_hub(tmp_path, town.clock)
    assert not other.strike.hourly()
    assert len(epochs(town)) == 1
    other.close()
    town.hub.close()


def test_two_that_strike_the_same_clock_raise_one_alert(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    sends(town, POLICE, "missing.reported", a_missing())
    rival = a_hub(tmp_path, town.clock)
    passes(town, hours=6)
    rival.strike()
    rival.settle()
    assert len(alerts(town, POLICE, "alert.ppn1_due")) == 1
    rival.close()
    town.hub.close()


@pytest.mark.slow
def test_more_clocks_than_one_batch_are_all_struck(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    events = [signs(town, POLICE, "missing.reported", a_missing(a_child(n))) for n in range(1, 212)]
    submits(town, *events[:110])
    submits(town, *events[110:])
    passes(town, hours=6)
    # Two clocks of each report run out at six hours: the review of what is known, and whether a PPN1 is due.
    assert len(town.hub.ledger.read(0, 10_000, ("child.clock_struck.v1",))) == 2 * len(events)
    assert len(leaves(town, desk=MASH, typ="decision")) == 3 * len(events)
    town.hub.close()
