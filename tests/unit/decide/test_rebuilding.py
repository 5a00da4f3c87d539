"""Folds are made anew also where the engine failed, where a key is gone, and where the policy of the time is not at hand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sightline.adapters.scratch import Scratch
from sightline.decide import rebuilding
from sightline.decide.rebuilding import OWN_TABLES, RebuildFolds
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.ledger import comparing
from sightline.ledger.comparing import Found
from sightline.ledger.deciding import PARKED_RULE
from sightline.ledger.world import PolicyData
from sightline.runtime.build_decide import read_rules
from tests.builders_clocks import least
from tests.builders_hub import (
    CHARITY,
    HEALTH,
    POLICE,
    Town,
    a_child,
    a_cpi,
    a_flag,
    a_missing,
    a_town,
    admits,
    alerts,
    copied,
    holds,
    leaves,
    passes,
    reopened,
    rows,
    sends,
    signs,
    submits,
)
from tests.builders_rebuild import FOLDS, keys_of, opened, rebuilds, standing
from tests.builders_stages import Week


class Failing:
    """The real engine, which cannot decide about one type while it is broken."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self.policy, self.engine = engine.policy, engine.engine
        self.is_broken = True

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        fails = [self.is_broken and b'"type":"cpi.submitted"' in one for one in facts]
        answers = self._engine.decide(facts)
        return [{"undecidable": "trap"} if fail else one for fail, one in zip(fails, answers, strict=True)]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = copied(tmp_path / "hub")
    yield town
    town.hub.close()


def checks(town: Town) -> Found:
    return rebuilds(town.hub.ledger, town.folder, "folds", check=True)


def test_what_could_not_be_decided_and_was_parked_is_folded_as_it_was(tmp_path: Path) -> None:
    town = a_town(tmp_path / "hub", engine=Failing)
    (sent,) = submits(town, signs(town, CHARITY, "cpi.submitted", a_cpi(a_child())))
    town.hub.decide()
    assert leaves(town, item=sent.items[0]) == []
    assert checks(town).is_equal, "it waits to be parked"
    town.hub.settle()
    sends(town, POLICE, "missing.reported", a_missing())
    assert checks(town).is_equal
    assert rebuilds(town.hub.ledger, town.folder, "views", check=True).is_equal
    town.hub.close()


def test_what_waits_to_be_parked_is_parked_after_a_rebuild_without_the_state_that_said_so(tmp_path: Path) -> None:
    town = a_town(tmp_path / "hub", engine=Failing)
    (sent,) = submits(town, signs(town, CHARITY, "cpi.submitted", a_cpi()))
    while town.hub.ledger.head() > town.hub.decide.at:
        assert town.hub.decide(limit=1000 if town.hub.ledger.head() - town.hub.decide.at > 1 else 1)
    rows(town, "DELETE FROM decide_state")
    assert not rebuilds(town.hub.ledger, town.folder, "folds").is_equal
    town = reopened(town, engine=Failing)
    town.hub.settle()
    town.hub.settle()
    assert {leaf["rules"][0] for leaf in leaves(town, item=sent.item)} == {PARKED_RULE}
    holds(town)
    town.hub.close()


def test_what_is_open_is_made_anew_and_shown_to_the_desk_that_comes_later(town: Town) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    passes(town, hours=8)
    sends(town, POLICE, "missing.reviewed", {**least("missing.reviewed"), "child": a_child(2)})
    asked = {alert.ref for alert in alerts(town, POLICE) if alert.status == "open"}
    assert len(asked) < len(alerts(town, POLICE))
    rows(town, "DELETE FROM open_alerts")
    assert rebuilds(town.hub.ledger, town.folder, "folds").tables["open_alerts"].missing >= len(asked)
    reopened(town)
    late = admits(town, "hampshire-police/night", "police", "police_missing_persons")
    town.hub.settle()
    assert {alert.ref for alert in alerts(town, late)} == asked
    assert checks(town).is_equal
    holds(town)


def test_folds_that_rest_on_a_destroyed_key_are_left_as_they_stand_and_the_rest_is_mended(town: Town) -> None:
    kept = sends(town, POLICE, "missing.reported", a_missing())
    gone = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(3), gone.child))
    ((record,),) = rows(town, "SELECT child FROM child_refs WHERE ref = ?", gone.child["ref"])
    with keys_of(town.folder) as vault:
        vault._db.execute("DELETE FROM keys WHERE name = ?", (f"child:{record}",))  # noqa: SLF001  # nothing public destroys a key yet
    before = standing(town.hub.database, *FOLDS)
    found = checks(town)
    assert found.is_equal
    assert found.tables["item_folds"].kept > 0
    rows(town, "DELETE FROM item_folds WHERE ref = ?", kept.item)
    found = rebuilds(town.hub.ledger, town.folder, "folds")
    assert [(name, tally.differences) for name, tally in found.tables.items() if tally.differences] == [
        ("item_folds", 1)
    ]
    assert standing(town.hub.database, *FOLDS) == before


@pytest.mark.slow
def test_without_the_data_of_the_policy_of_the_time_the_leaves_say_whom_it_considered(tmp_path: Path) -> None:
    town = Week(a_town(tmp_path / "hub")).passes().town
    nothing = PolicyData(duties={}, alerts={}, remits={}, areas={}, switched={}, clocks={})
    with keys_of(town.folder) as vault, closing(Scratch(tmp_path, OWN_TABLES)) as scratch:
        found = RebuildFolds(
            ledger=town.hub.ledger,
            scratch=scratch,
            vault=vault,
            fields=read_rules(share("policies")).fields,
            policy="sha256:another",
            data=nothing,
        ).check()
    assert found.is_equal, found
    town.hub.close()


@pytest.mark.slow
def test_however_little_is_in_hand_and_however_small_the_pages_the_result_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded: what is folded is dropped from hand and loaded again from where the rebuild puts it."""
    town = Week(a_town(tmp_path / "hub")).passes().runs_out().town
    for module, name in ((rebuilding, "FOLDS_KEPT"), (rebuilding, "BATCH"), (rebuilding, "_LEAVES")):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(comparing, "PAGE", 2)
    before = opened(standing(town.hub.database, *FOLDS), town.folder)
    assert checks(town).is_equal
    for table in FOLDS:
        rows(town, f"DELETE FROM {table}")
    rebuilds(town.hub.ledger, town.folder, "folds")
    assert opened(standing(town.hub.database, *FOLDS), town.folder) == before
    town.hub.close()


def test_an_older_programs_form_of_a_fold_is_no_difference(town: Town) -> None:
    """Fields that have been added since are left out of what that program wrote."""
    sends(town, HEALTH, "missing.reported", a_missing())
    ((position, state),) = rows(town, "SELECT position, state FROM item_folds ORDER BY position LIMIT 1")
    members = msgspec.msgpack.decode(bytes(state))
    longer = msgspec.msgpack.encode([*members, "of a later program"])
    rows(town, "UPDATE item_folds SET state = ? WHERE position = ?", longer, position)
    assert checks(town).is_equal


def test_a_large_change_that_is_half_done_is_folded_so(town: Town) -> None:
    for serial in range(3):
        sends(town, POLICE, "missing.reported", a_missing(a_child(serial)))
    town.hub.admin.change_standing(HEALTH, "suspended")
    town.hub.decide()
    assert checks(town).is_equal
    town.hub.settle()
    sends(town, POLICE, "flag.raised", a_flag(a_child(1), "location_protected"))
    passes(town, hours=25)
    town.hub.strike.hourly()
    town.hub.settle()
    assert checks(town).is_equal
