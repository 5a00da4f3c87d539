"""P6. Unknown means no: default deny; what cannot be read withholds and says so; no answer of the engine is never a yes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ports import PolicyEngine
from sightline.ledger.deciding import PARKED_RULE
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_category,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_missing,
    a_sanitised,
    a_town,
    admits,
    can_read,
    decision,
    feed,
    holds,
    leaves,
    reopened,
    rows,
    sees,
    sends,
    signs,
    submits,
)
from tests.builders_policy import a_policy_without

Answer = Callable[[bytes, Mapping[str, Any]], Mapping[str, Any]]


class Twisted:
    """The real engine, whose answers something of ours comes between."""

    def __init__(self, engine: PolicyEngine, twist: Answer) -> None:
        self._engine = engine
        self._twist = twist
        self.policy, self.engine = engine.policy, engine.engine

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        return [self._twist(one, answer) for one, answer in zip(facts, self._engine.decide(facts), strict=True)]


def twisting(twist: Answer) -> Callable[[PolicyEngine], PolicyEngine]:
    return lambda engine: Twisted(engine, twist)


def of_type(event_type: str, facts: bytes) -> bool:
    """Whether a facts document is about an item of that type."""
    return b'"type":"%b"' % event_type.encode() in facts


def only(event_type: str, spoilt: Mapping[str, Any]) -> Answer:
    """Spoil the answers about items of that type, and no other."""
    return lambda facts, answer: {**answer, **spoilt} if of_type(event_type, facts) else answer


# ---------------------------------------------------------------------------------------------------------- unknown


def test_where_no_rule_permits_nothing_is_shown(town: Town) -> None:
    sent = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(), to=[SCHOOL]))
    leaf = decision(town, SCHOOL, sent.item)
    assert (leaf["eff"], leaf["classes"], leaf["told"]) == ("withhold", [], "nothing")


def test_what_no_schema_names_is_shown_to_its_sender_only_and_said_to_be_unknown(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(shoe_size=38))
    assert sent.receipt is not None
    assert [(d.code, d.pointer) for d in sent.receipt.defects] == [("unknown_field", "/~")]
    assert town.hub.view.item(POLICE, sent.item).body["shoe_size"] == 38
    for desk in (BUREAU, CSC, MASH):
        assert "shoe_size" not in town.hub.view.item(desk, sent.item).body
        assert "unknown:H-02" in decision(town, desk, sent.item)["withheld"]


@pytest.mark.parametrize("value", ["maybe", 5, [], [[]], {"is": "so"}, "yes please"])
def test_whether_a_child_is_looked_after_counts_as_unknown_where_it_cannot_be_read(town: Town, value: Any) -> None:
    """D-12 keeps the whereabouts from a forum unless the child is known not to be looked after."""
    forum = admits(town, "hampshire-partnership/forum", "mace", "partnership_forum")
    place = {"information_location": "Exampleton", "to": [forum]}
    for child, shown in ((a_child(1, is_looked_after=False), True), (a_child(2, is_looked_after=value), False)):
        cpi = sends(town, CHARITY, "cpi.submitted", a_cpi(child))
        clean = sends(town, BUREAU, "cpi.sanitised", a_sanitised(cpi.item, **place))
        leaf = decision(town, forum, clean.item)
        assert ("location" in leaf["classes"]) is shown
        assert ("location:D-12" in leaf["withheld"]) is not shown
    holds(town)


def test_nothing_recorded_is_a_known_value(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    assert not any("H-02" in entry for leaf in leaves(town, item=sent.item) for entry in leaf["withheld"])


def test_an_unreadable_urgency_withholds_what_urgency_would_have_opened_and_says_so(town: Town) -> None:
    for urgency, shown in (("immediate_danger", True), ("frightful", False)):
        sent = sends(town, HEALTH, "consent.recorded", a_consent(a_child(), "refused", urgency=urgency, to=[POLICE]))
        assert can_read(town, POLICE, sent.item) is shown
        assert ("H-02" in decision(town, POLICE, sent.item)["rules"]) is not shown


# ----------------------------------------------------------------------------------- an engine that does not answer


class Down:
    """An engine that can be switched off."""

    def __init__(self, engine: PolicyEngine) -> None:
        self._engine = engine
        self.policy, self.engine = engine.policy, engine.engine
        self.is_down = False

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        if self.is_down:
            raise Unavailable("engine_down", "switched off")
        return self._engine.decide(facts)


def switched(kept: list[Down], kind: type[Down]) -> Callable[[PolicyEngine], PolicyEngine]:
    """Put a switch around the engine, and keep it at hand."""

    def around(engine: PolicyEngine) -> PolicyEngine:
        kept.append(kind(engine))
        return kept[-1]

    return around


def test_an_engine_that_is_down_stops_the_line_and_nothing_is_decided(tmp_path: Path) -> None:
    engines: list[Down] = []
    town = a_town(tmp_path, engine=switched(engines, Down))
    before = sends(town, POLICE, "missing.reported", a_missing())
    made = len(leaves(town))
    engines[0].is_down = True
    (sent,) = submits(town, signs(town, CHARITY, "cpi.submitted", a_cpi(a_child())))
    assert sent.answer.outcome == "accepted"  # recording needs no engine
    for _ in range(3):
        with pytest.raises(Unavailable) as why:
            town.hub.settle()
        assert why.value.code == "engine_down"
    assert len(leaves(town)) == made
    assert can_read(town, MASH, before.item)  # the last sealed decision holds
    assert rows(town, "SELECT 1 FROM notices") == []
    engines[0].is_down = False
    town.hub.settle()
    assert can_read(town, BUREAU, sent.item)
    holds(town)
    town.hub.close()


def test_an_engine_that_leaves_a_question_open_stops_the_line_too(tmp_path: Path) -> None:
    class Short(Down):
        def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
            return super().decide(facts)[1:] if self.is_down else super().decide(facts)

    engines: list[Down] = []
    town = a_town(tmp_path, engine=switched(engines, Short))
    town.hub.settle()
    made = len(leaves(town))
    engines[0].is_down = True
    submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    with pytest.raises(Unavailable):
        town.hub.settle()
    assert len(leaves(town)) == made
    town.hub.close()


# ------------------------------------------------------------------------------ an item that alone cannot be decided

UNDECIDABLE: dict[str, Mapping[str, Any]] = {
    "undefined": {"undecidable": "undefined"},
    "too slow": {"undecidable": "deadline"},
    "more shown than there is": {"classes": ["administrative", "biometric", "identity"]},
    "not all accounted for": {"classes": ["assessment"], "withheld": []},
    "unsorted": {"rules": ["H-99", "D-34", "D-01"]},
    "an outcome nobody knows": {"outcome": "perhaps"},
    "a member too many": {"note": "trust me"},
    "no ground": {"basis": []},
    "told what it may not be": {"told": "everything"},
    "of another kind": {"classes": "identity"},
}


@pytest.mark.parametrize("spoilt", UNDECIDABLE.values(), ids=UNDECIDABLE.keys())
def test_one_item_that_cannot_be_decided_is_parked_and_the_rest_goes_on(
    tmp_path: Path, spoilt: Mapping[str, Any]
) -> None:
    town = a_town(tmp_path, engine=twisting(only("flag.raised", spoilt)))
    missing, flag, after = submits(
        town,
        signs(town, POLICE, "missing.reported", a_missing()),
        signs(town, MASH, "flag.raised", a_flag(a_child(), "safe_word_set")),
        signs(town, POLICE, "missing.reported", a_missing(a_child(2))),
    )
    town.hub.settle()
    assert can_read(town, MASH, missing.item)
    assert can_read(town, MASH, after.item)
    parked = leaves(town, item=flag.item)
    assert {leaf["desk"] for leaf in parked} >= {MASH, CSC, POLICE, BUREAU}
    for leaf in parked:
        assert (leaf["eff"], leaf["classes"], leaf["told"]) == ("withhold", [], "nothing")
        assert leaf["rules"] == [PARKED_RULE]
        assert leaf["withheld"] == [f"{c}:{PARKED_RULE}" for c in ("assessment", "identity")]
    (entry,) = town.hub.ledger.read(0, 1000, ("policy.item_parked.v1",))
    assert {leaf["cause"] for leaf in parked} == {entry.position}
    assert all(flag.item not in sees(town, desk) for desk in (MASH, CSC, POLICE))
    town.hub.settle()
    assert len(town.hub.ledger.read(0, 1000, ("policy.item_parked.v1",))) == 1
    holds(town)
    town.hub.close()


def test_a_person_is_told_of_a_parked_item(tmp_path: Path) -> None:
    town = a_town(tmp_path, engine=twisting(only("cpi.submitted", {"undecidable": "trap"})))
    sent = sends(town, CHARITY, "cpi.submitted", a_cpi())
    (notice,) = town.hub.notices.of(CHARITY)
    assert (notice.code, notice.type, notice.reference) == ("parked", "cpi.submitted", sent.item)
    (told,) = town.hub.notices.of(MASH)
    assert (told.code, told.type, told.sender) == ("telephone", "cpi.submitted", CHARITY)
    assert town.hub.notices.of(SCHOOL) == []
    town.hub.close()


def test_an_undecidable_change_takes_sight_away_rather_than_leave_it_as_it_was(tmp_path: Path) -> None:
    broken: list[bool] = []
    town = a_town(tmp_path, engine=twisting(lambda _, answer: {"undecidable": "trap"} if broken else answer))
    sent = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child()))
    assert can_read(town, BUREAU, sent.item)
    broken.append(True)
    sends(town, CSC, "consent.recorded", a_consent(sent.child))
    sends(town, MASH, "flag.raised", a_flag(sent.child, "location_protected"))
    assert not can_read(town, BUREAU, sent.item)
    assert [entry.kind for entry in feed(town, BUREAU)][-1] == "recall"
    broken.clear()
    sends(town, MASH, "flag.lifted", a_flag(sent.child, "location_protected"))
    assert can_read(town, BUREAU, sent.item)
    # What could not be decided then is decided easily now: the ledger says which decisions those were.
    holds(town)
    town.hub.close()


def test_a_process_that_ends_between_finding_out_and_parking_parks_it_the_next_time(tmp_path: Path) -> None:
    """The decision's transaction and the parking entry are two: what lies between them must not be lost."""
    twist = twisting(only("cpi.submitted", {"undecidable": "trap"}))
    town = a_town(tmp_path, engine=twist)
    town.hub.settle()
    (sent,) = submits(town, signs(town, CHARITY, "cpi.submitted", a_cpi()))
    original = town.hub.ledger.append

    class Ended(Exception):
        pass

    def end(*_: Any, **__: Any) -> None:
        raise Ended

    town.hub.ledger.append = end  # type: ignore[method-assign]  # the disk is gone at this very moment
    with pytest.raises(Ended):
        town.hub.settle()
    town.hub.ledger.append = original  # type: ignore[method-assign]  # and back again
    assert leaves(town, item=sent.item) == []
    town = reopened(town, engine=twist)
    town.hub.settle()
    town.hub.settle()
    assert {leaf["rules"][0] for leaf in leaves(town, item=sent.item)} == {PARKED_RULE}
    assert len(town.hub.ledger.read(0, 1000, ("policy.item_parked.v1",))) == 1
    town.hub.close()


def test_where_the_policy_in_force_is_neither_at_hand_nor_kept_nothing_is_decided(tmp_path: Path) -> None:
    town = a_town(tmp_path / "hub")
    town.hub.settle()
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    other = a_policy_without(tmp_path / "other", "health_safeguarding", "missing.reported")
    town = reopened(town, policies=other)
    rows(town, "DELETE FROM policies")
    with pytest.raises(Unavailable) as why:
        town.hub.settle()
    assert why.value.code == "policy_missing"
    assert leaves(town, item=sent.item) == []
    town = reopened(town)  # the version that it was recorded under finishes what it began
    town.hub.settle()
    assert can_read(town, MASH, sent.item)
    assert {d.verdict for d in town.hub.replay().differences} == {"could_not_check"}  # the other policy is lost
    town.hub.close()


@pytest.mark.parametrize("desk", [MASH, POLICE])
def test_an_item_that_is_not_there_and_one_that_is_withheld_look_the_same(town: Town, desk: Any) -> None:
    sent = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child()))
    codes = []
    for ref in (sent.item, "i-nosuchthing"):
        with pytest.raises(Refused) as why:
            town.hub.view.item(desk, ref)
        codes.append((why.value.code, why.value.detail))
    assert codes[0] == codes[1]
    sends(town, POLICE, "missing.categorised", a_category(a_child(), "missing"))
