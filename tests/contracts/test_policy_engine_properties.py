"""What holds of every decision, whatever the facts. The engines answer alike, so the one in process is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.decision import read_outcome
from sightline.kernel.values import Outcome
from tests.builders_hub import the_engine
from tests.contracts.policy_facts import Facts, any_facts, but, likely_facts, with_unknown, written

DUTIES = {
    *("D-30", "D-31", "D-33", "D-34", "D-35", "D-39", "H-06", "H-09"),
    *("N-03", "N-04", "N-12", "N-20", "N-21", "N-22", "N-27", "N-34"),
}
TOLD = ["nothing", "exists", "classes"]

PROTECTIONS = [
    ("child", "location_protected", True),
    ("child", "safe_word_set", True),
    ("child", "suspected_exploiter", True),
    ("desk", "conflicted", True),
    ("desk", "excluded", True),
    ("desk", "standing", "suspended"),
    ("item", "detriment", True),
    ("item", "source_recontact", "no"),
    ("item", "state", "retracted"),
]

facts_of_any_kind = any_facts() | likely_facts()


@pytest.fixture(scope="module")
def engine() -> WasmEngine:
    return the_engine()


def decide(engine: WasmEngine, facts: Facts) -> Outcome:
    [raw] = engine.decide([written(facts)])
    return read_outcome(raw, frozenset(facts["item"]["classes"]))


def is_within(narrow: Outcome, wide: Outcome) -> bool:
    """True if the first shows and tells no more than the second."""
    shows = set(narrow.classes) <= set(wide.classes)
    return shows and TOLD.index(narrow.told) <= TOLD.index(wide.told)


@given(facts=facts_of_any_kind)
def test_every_decision_is_well_formed(engine: WasmEngine, facts: Facts) -> None:
    decide(engine, facts)


@given(facts=facts_of_any_kind)
def test_an_excluded_desk_is_shown_and_told_nothing(engine: WasmEngine, facts: Facts) -> None:
    outcome = decide(engine, but(facts, "desk", excluded=True, originating=False))
    assert (outcome.classes, outcome.told) == ((), "nothing")


@given(facts=facts_of_any_kind, protection=st.sampled_from(PROTECTIONS))
def test_no_protection_ever_widens(engine: WasmEngine, facts: Facts, protection: tuple[str, str, object]) -> None:
    group, name, value = protection
    assert is_within(decide(engine, but(facts, group, **{name: value})), decide(engine, facts))


@given(facts=facts_of_any_kind, fact=st.sampled_from(with_unknown()), data=st.data())
def test_no_unknown_fact_shows_more_than_any_known_value(
    engine: WasmEngine, facts: Facts, fact: tuple[str, str, list[str]], data: st.DataObject
) -> None:
    group, name, known = fact
    unknown = decide(engine, but(facts, group, **{name: "unknown"}))
    value = data.draw(st.sampled_from(known))
    assert is_within(unknown, decide(engine, but(facts, group, **{name: value})))


@given(facts=facts_of_any_kind, position=st.sampled_from(["given", "withdrawn", "refused", "not_sought", "unknown"]))
def test_consent_neither_makes_nor_unmakes_a_duty(engine: WasmEngine, facts: Facts, position: str) -> None:
    without = decide(engine, but(facts, "child", consent_position="not_sought", consent_giver="none"))
    with_it = decide(engine, but(facts, "child", consent_position=position, consent_giver="child"))
    assert DUTIES.intersection(without.rules) == DUTIES.intersection(with_it.rules)
    assert set(without.classes) <= set(with_it.classes)


@given(facts=facts_of_any_kind)
def test_withdrawn_consent_shows_no_more_than_consent_that_was_given(engine: WasmEngine, facts: Facts) -> None:
    calm = but(facts, "item", welfare_risk=False)
    given_ = decide(engine, but(calm, "child", consent_position="given"))
    assert is_within(decide(engine, but(calm, "child", consent_position="withdrawn")), given_)


@given(facts=facts_of_any_kind)
def test_the_originating_desk_in_good_standing_sees_everything(engine: WasmEngine, facts: Facts) -> None:
    outcome = decide(engine, but(facts, "desk", originating=True, standing="good"))
    assert list(outcome.classes) == facts["item"]["classes"]


@given(facts=facts_of_any_kind)
def test_what_no_schema_names_is_its_senders_only(engine: WasmEngine, facts: Facts) -> None:
    assert "unknown" not in decide(engine, but(facts, "desk", originating=False)).classes


@given(facts=facts_of_any_kind)
def test_a_source_of_intelligence_is_known_to_the_bureau_only(engine: WasmEngine, facts: Facts) -> None:
    roles = [role for role in facts["desk"]["roles"] if role != "police_intelligence_bureau"]
    intelligence = but(but(facts, "item", type="cpi.submitted"), "desk", originating=False, roles=roles)
    assert not {"source", "source_contact"}.intersection(decide(engine, intelligence).classes)


@given(facts=facts_of_any_kind)
def test_an_unconfirmed_claim_shows_no_more_than_none(engine: WasmEngine, facts: Facts) -> None:
    claimed = decide(engine, but(facts, "desk", involvement="claimed"))
    none = decide(engine, but(facts, "desk", involvement="none"))
    assert (claimed.classes, claimed.told) == (none.classes, none.told)


@given(facts=facts_of_any_kind)
def test_a_decision_is_the_same_when_asked_again(engine: WasmEngine, facts: Facts) -> None:
    asked = written(facts)
    assert engine.decide([asked]) == engine.decide([asked])
