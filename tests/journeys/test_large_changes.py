"""A policy, or a desk's standing, changes: all that rests on it is decided again, in slices that the ledger records."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sightline.kernel.errors import Refused
from sightline.kernel.ports import PolicyEngine
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    MASH,
    POLICE,
    Town,
    a_child,
    a_cpi,
    a_missing,
    can_read,
    decision,
    feed,
    holds,
    leaves,
    reopened,
    sends,
    signs,
    submits,
)


def slices(town: Town) -> list[Any]:
    """The slices that the ledger records."""
    return [placed.entry for placed in town.hub.ledger.read(0, 100_000, ("policy.slice_opened.v1",))]


def test_a_suspended_desk_reads_nothing_at_once_and_what_it_saw_is_recalled(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    assert can_read(town, MASH, sent.item)
    town.hub.admin.change_standing(MASH, "suspended")
    with pytest.raises(Refused) as why:
        town.hub.view.items(MASH)
    assert why.value.code == "desk_not_in_standing"
    assert leaves(town, desk=MASH, typ="recall") == []
    town.hub.settle()
    assert decision(town, MASH, sent.item)["rules"] == ["H-05"]
    about = {leaf["id"] for leaf in leaves(town, desk=MASH, item=sent.item)}
    assert [entry.kind for entry in feed(town, MASH) if entry.leaf in about] == ["item", "recall"]
    assert len(slices(town)) == 1
    town.hub.admin.change_standing(MASH, "good")
    town.hub.settle()
    assert can_read(town, MASH, sent.item)
    holds(town)


def test_a_change_about_one_desk_decides_nothing_for_the_others(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    before = {leaf["desk"]: leaf["id"] for leaf in leaves(town, item=sent.item)}
    town.hub.admin.change_standing(MASH, "withdrawn")
    town.hub.settle()
    after = {leaf["desk"]: leaf["id"] for leaf in leaves(town, item=sent.item, typ="decision")}
    assert {desk for desk, leaf in after.items() if leaf != before[desk]} == {MASH}


@pytest.mark.slow
def test_more_than_five_hundred_items_are_decided_again_in_slices_of_at_most_that(town: Town) -> None:
    events = [signs(town, CHARITY, "cpi.submitted", a_cpi()) for _ in range(520)]
    for start in range(0, len(events), 130):
        submits(town, *events[start : start + 130])
    town.hub.settle()
    town.hub.admin.change_standing(BUREAU, "suspended")
    town.hub.settle()
    first, second = slices(town)
    assert (first.last, second.last) == (False, True)
    recalled = leaves(town, desk=BUREAU, typ="recall")
    assert len(recalled) == 520
    assert sum(first.after < leaf["item"] <= first.upto for leaf in recalled) == 500
    holds(town)


class Stricter:
    """A later policy: as the one before, but the charity's reports are withheld from everybody else."""

    policy = f"sha256:{'s' * 42}A"

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self.engine = engine.engine

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        return [self._stricter(*one) for one in zip(facts, self._engine.decide(facts), strict=True)]

    def _stricter(self, facts: bytes, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        if b'"originator_sector":"voluntary_and_faith"' not in facts or b'"originating":true' in facts:
            return answer
        classes = {*answer["classes"], *(entry.partition(":")[0] for entry in answer["withheld"])}
        return {
            **answer,
            "outcome": "withhold",
            "classes": [],
            "withheld": sorted(f"{c}:H-01" for c in classes),
            "told": "nothing",
            "rules": ["D-01", "H-01"],
            "basis": [],
            "obligations": [],
        }


def test_a_new_policy_decides_all_again_and_leaves_only_what_differs(town: Town) -> None:
    cpi = sends(town, CHARITY, "cpi.submitted", a_cpi())
    missing = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    before = len(leaves(town))
    reopened(town, engine=Stricter)
    assert can_read(town, BUREAU, cpi.item)  # until its slice is sealed the last decision holds
    town.hub.settle()
    assert not can_read(town, BUREAU, cpi.item)
    assert can_read(town, MASH, missing.item)
    changed = leaves(town)[before:]
    assert [leaf["typ"] for leaf in changed] == ["policy", "decision", "recall"]
    assert {leaf.get("pol", Stricter.policy) for leaf in changed} == {Stricter.policy}
    assert [entry.reason for entry in slices(town)] == ["policy"]
