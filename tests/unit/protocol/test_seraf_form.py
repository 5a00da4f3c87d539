"""A SERAF form as it is sent: catalogue 2.4 (F-SER-*), A-01, A-13."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.share import share
from sightline.protocol.seraf import MODERATE, SIGNIFICANT, VULNERABILITIES, score
from sightline.protocol.seraf_form import disagreements, score_of, ticks_of

FORM: dict[str, Any] = {
    "assessment_date": "2026-08-31",
    "age": 12,
    "physical_or_learning_disability": {"present": "yes"},
    "emotional_neglect": True,
    "sexual_abuse": False,
    "drugs_misuse": True,
    "older_or_controlling_partner": "both",
    "missing_overnight_or_longer": "recent",
    "frequenting_known_areas": "none",
}


def test_a_form_comes_to_what_its_ticks_come_to() -> None:
    """A-01, A-07, F-SER-T01: 1 + 1 + 6 + 1, one for disability, five for age."""
    found = score_of(FORM)
    assert (found.points, found.code) == (15, "moderate_risk")
    assert found.flags == {"under_13_addition", "disability_point"}


def test_the_forms_fields_are_those_of_the_schema() -> None:
    """F-SER-V01 to F-SER-V11, F-SER-M01 to F-SER-M10, F-SER-S01 to F-SER-S09."""
    document = json.loads((share("schemas") / "seraf.completed" / "1.json").read_bytes())
    ticks = {name: one for name, one in document["properties"].items() if not name.endswith("_detail")}
    rows = {one["x-catalogue"]: name for name, one in ticks.items() if "x-catalogue" in one}
    for letter, names in (("V", VULNERABILITIES), ("M", MODERATE), ("S", SIGNIFICANT)):
        assert tuple(rows[f"F-SER-{letter}{number:02}"] for number in range(1, len(names) + 1)) == names


@pytest.mark.parametrize(
    ("born", "age", "points"),
    [
        pytest.param("", 12, 15, id="as printed"),
        pytest.param("2013-08-31", 13, 10, id="thirteen on the day, whatever is printed"),
        pytest.param("2013-09-01", 12, 15, id="the day before"),
        pytest.param("not a date", 12, 15, id="an unreadable birth date"),
        pytest.param("2027-01-01", 12, 15, id="a birth after the assessment"),
    ],
)
def test_a_13_a_birth_date_outweighs_the_printed_age(born: str, age: int, points: int) -> None:
    """A-13."""
    assert (ticks_of(FORM, born).age, score_of(FORM, born).points) == (age, points)


def test_a_13_what_the_assessor_summed_up_otherwise_is_named() -> None:
    """A-13, F-SER-T01 to F-SER-T04."""
    right = {"seraf_score": 15, "seraf_category": "moderate_risk", "disability_point": 1, "under_13_points": 5}
    assert disagreements({**FORM, **right}) == ()
    wrong = {**right, "seraf_score": 14, "under_13_points": 0}
    assert disagreements({**FORM, **wrong}) == ("seraf_score", "under_13_points")
    assert disagreements(FORM, "2013-08-31") == ("age",)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 200) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from([*FORM, *SIGNIFICANT, "seraf_score", "another"]), ANYTHING), st.text(max_size=10)
)
def test_whatever_was_sent_comes_to_a_score(form: dict[str, Any], born: str) -> None:
    """A-01, A-08."""
    assert score_of(form, born) == score(ticks_of(form, born))
    assert 0 <= score_of(form, born).points <= 81
    disagreements(form, born)
