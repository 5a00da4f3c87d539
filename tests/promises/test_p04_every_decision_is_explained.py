"""P4. Every decision is explained: outcome, classes shown and withheld, rules, legal basis, obligations; refusals too."""

from typing import Any

import pytest

from sightline.formats.decision import read_outcome
from sightline.formats.leaf_check import check_leaf
from sightline.kernel.errors import Refused
from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    MASH,
    PLAIN,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_grading,
    a_missing,
    a_return,
    a_sanitised,
    an_involvement,
    decision,
    holds,
    leaves,
    rows,
    sees,
    sends,
)


@pytest.fixture
def week(town: Town) -> Town:
    """A few days in which every outcome occurs."""
    missing = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL], urgency="urgent"))
    cpi = sends(town, CHARITY, "cpi.submitted", a_cpi(missing.child, a_child(2), source_recontact_permitted="no"))
    sends(town, BUREAU, "cpi.graded", a_grading(cpi.item, handling="C", conditions=["Ask first."]))
    sends(town, BUREAU, "cpi.sanitised", a_sanitised(cpi.item, to=[CHARITY]))
    sends(town, CSC, "consent.recorded", a_consent(missing.child))
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, POLICE, "missing.returned", a_return(missing.child, town.clock.now(), harm_suffered="yes"))
    sends(town, CHARITY, "cpi.submitted", a_cpi(sharing=PLAIN, to=[SCHOOL]))
    return town


def test_every_desk_considered_has_a_leaf_whatever_the_outcome(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    of_item = {leaf["desk"]: leaf["eff"] for leaf in leaves(town, item=sent.item)}
    assert of_item[SCHOOL] == "withhold"
    assert {desk for desk, eff in of_item.items() if eff == "disclose"} == set(CAST) - {SCHOOL, CHARITY}


def test_every_leaf_says_what_is_shown_what_is_not_and_by_which_rule(week: Town) -> None:
    found = leaves(week, typ="decision")
    assert {leaf["eff"] for leaf in found} == {"disclose", "withhold"}
    for leaf in found:
        withheld = {entry.partition(":")[0] for entry in leaf["withheld"]}
        assert not withheld & set(leaf["classes"])
        assert leaf["classes"] or withheld
        assert {entry.partition(":")[2] for entry in leaf["withheld"]} <= set(leaf["rules"])
        assert leaf["rules"]
        assert leaf["basis"] or leaf["eff"] == "withhold"
        assert leaf["by"] == "rule"
        assert leaf["cjust"]


def test_every_leaf_is_of_the_published_form(week: Town) -> None:
    for (body,) in rows(week, "SELECT body FROM leaves"):
        check_leaf(bytes(body))


def test_a_desk_is_told_ground_and_obligations_of_what_it_reads(week: Town) -> None:
    views = [view for view in sees(week, BUREAU).values() if view.state == "disclosed"]
    assert all(view.basis for view in views)
    cpi = next(view for view in views if view.type == "cpi.submitted" and view.withheld)
    assert "do_not_recontact_source" in cpi.obligations
    graded = next(view for view in views if view.type == "cpi.graded")
    assert "obey_handling_conditions" in graded.obligations


def test_withholding_is_recorded_with_the_same_care_as_sharing(week: Town) -> None:
    withheld, shared = (
        next(leaf for leaf in leaves(week, typ="decision") if leaf["eff"] == eff) for eff in ("withhold", "disclose")
    )
    assert withheld.keys() - {"sup"} == shared.keys() - {"sup"}
    holds(week)


def test_a_denial_names_d_01_and_what_stood_in_the_way(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    leaf = decision(town, SCHOOL, sent.item)
    assert set(leaf["rules"]) == {"D-01", "D-11", "H-01"}
    assert "identity:D-11" in leaf["withheld"]
    assert "administrative:H-01" in leaf["withheld"]


# ------------------------------------------------------------------------------------------------- broken on purpose

CLASSES = frozenset({"identity", "location"})


def an_answer(**changes: Any) -> dict[str, Any]:
    """What an engine should say: identity to a desk of the MASH's partners, its location not."""
    answer = {
        "outcome": "disclose",
        "classes": ["identity"],
        "withheld": ["location:D-14"],
        "told": "classes",
        "rules": ["D-14", "D-34"],
        "basis": ["ca_2004_s11"],
        "obligations": [],
    }
    return answer | changes


def test_an_explained_answer_is_taken() -> None:
    assert read_outcome(an_answer(), CLASSES).classes == ("identity",)


@pytest.mark.parametrize(
    "unexplained",
    [
        pytest.param(an_answer(rules=[]), id="no rule decided"),
        pytest.param(an_answer(rules=["D-34"]), id="a rule withholds that is not named"),
        pytest.param(an_answer(basis=[]), id="something is shown on no legal basis"),
        pytest.param(an_answer(withheld=[]), id="a class is neither shown nor withheld"),
        pytest.param(
            an_answer(classes=[], withheld=["identity:D-14", "location:D-14"]), id="disclosed, yet nothing is"
        ),
        pytest.param(an_answer(outcome="withhold"), id="withheld, yet something is shown"),
        pytest.param(an_answer(outcome="perhaps"), id="an outcome that nobody knows"),
        pytest.param({k: v for k, v in an_answer().items() if k != "obligations"}, id="obligations missing"),
    ],
)
def test_an_answer_that_explains_less_is_refused(unexplained: dict[str, Any]) -> None:
    with pytest.raises(Refused) as why:
        read_outcome(unexplained, CLASSES)
    assert why.value.code == "decision_malformed"


def test_an_explanation_rewritten_in_the_database_no_longer_verifies_nor_replays(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    (n, body) = rows(town, "SELECT n, body FROM leaves WHERE desk = ? AND item > 0", SCHOOL)[0]
    rows(town, "UPDATE leaves SET body = ? WHERE n = ?", bytes(body).replace(b'"D-01",', b""), n)
    (difference,) = town.hub.replay().differences
    assert (difference.verdict, difference.detail) == ("different", "rules")
    assert "D-01" not in decision(town, SCHOOL, sent.item)["rules"]
