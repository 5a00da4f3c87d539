from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.decision import read_outcome
from sightline.kernel.errors import Refused

CLASSES = frozenset({"health", "identity", "source"})

GOOD: dict[str, Any] = {
    "outcome": "disclose",
    "classes": ["health", "identity"],
    "withheld": ["source:D-40", "source:H-02"],
    "told": "classes",
    "rules": ["D-33", "D-40", "H-02"],
    "basis": ["ca_2004_s11"],
    "obligations": ["do_not_notify_carers"],
}

WITHHELD: dict[str, Any] = {
    **GOOD,
    "outcome": "withhold",
    "classes": [],
    "withheld": ["health:H-01", "identity:H-01", "source:H-01"],
    "rules": ["H-01"],
    "basis": [],
}


def test_a_decision_is_read_as_it_stands() -> None:
    outcome = read_outcome(GOOD, CLASSES)
    assert outcome.classes == ("health", "identity")
    assert outcome.withheld == ("source:D-40", "source:H-02")
    assert (outcome.outcome, outcome.told) == ("disclose", "classes")
    assert outcome.obligations == ("do_not_notify_carers",)


def test_a_decision_to_withhold_needs_no_basis() -> None:
    assert read_outcome(WITHHELD, CLASSES).basis == ()


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_member_is_refused(name: str) -> None:
    raw = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(Refused) as refused:
        read_outcome(raw, CLASSES)
    assert refused.value.code == "decision_malformed"


@pytest.mark.parametrize(
    ("good", "change"),
    [
        (GOOD, {"extra": 1}),
        (GOOD, {"outcome": "permit"}),
        (GOOD, {"told": "everything"}),
        (GOOD, {"told": None}),
        (GOOD, {"classes": "health"}),
        (GOOD, {"classes": ["identity", "health"]}),
        (GOOD, {"classes": ["health", "health", "identity"]}),
        (GOOD, {"classes": ["health", "identity", "source"]}),
        (GOOD, {"classes": ["health"]}),
        (GOOD, {"classes": ["family", "health", "identity"]}),
        (GOOD, {"withheld": []}),
        (GOOD, {"withheld": ["source:H-02", "source:D-40"]}),
        (GOOD, {"withheld": ["source"]}),
        (GOOD, {"withheld": ["source:"]}),
        (GOOD, {"withheld": ["source:X-01"]}),
        (GOOD, {"withheld": ["secret:D-40"]}),
        (GOOD, {"withheld": ["family:D-40", "source:D-40"]}),
        (GOOD, {"withheld": ["source:D-14"]}),
        (GOOD, {"rules": []}),
        (GOOD, {"rules": ["D-40", "D-33", "H-02"]}),
        (GOOD, {"rules": ["yes"]}),
        (GOOD, {"basis": []}),
        (GOOD, {"basis": ["consent"]}),
        (GOOD, {"obligations": ["be_good"]}),
        (GOOD, {"outcome": "withhold"}),
        (GOOD, {"outcome": "refer"}),
        (WITHHELD, {"outcome": "disclose"}),
        (WITHHELD, {"outcome": "disclose", "basis": ["ca_2004_s11"]}),
        (GOOD, {"undecidable": "undefined"}),
    ],
    ids=lambda change: "" if len(change) > 3 else str(change),
)
def test_what_is_not_whole_consistent_and_sorted_is_refused(good: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        read_outcome({**good, **change}, CLASSES)
    assert refused.value.code == "decision_malformed"


def test_an_undecidable_document_is_no_decision() -> None:
    with pytest.raises(Refused):
        read_outcome({"undecidable": "undefined"}, frozenset())


def test_an_item_without_classes_can_only_be_withheld() -> None:
    nothing = {**WITHHELD, "withheld": []}
    assert read_outcome(nothing, frozenset()).outcome == "withhold"


@given(kept=st.sets(st.sampled_from(sorted(CLASSES))), named=st.sets(st.sampled_from(sorted(CLASSES))))
def test_only_an_exact_split_of_the_items_classes_passes(kept: set[str], named: set[str]) -> None:
    raw = {
        **GOOD,
        "outcome": "disclose" if kept else "withhold",
        "classes": sorted(kept),
        "withheld": sorted(f"{name}:D-40" for name in named),
    }
    if kept | named == CLASSES and not kept & named:
        assert set(read_outcome(raw, CLASSES).classes) == kept
    else:
        with pytest.raises(Refused):
            read_outcome(raw, CLASSES)
