"""SERAF: catalogue A-01 to A-16 with its worked examples SE-01 to SE-30; T-60 to T-64, T-81, N-80 to N-85."""

from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.errors import Refused
from sightline.protocol.calendar import plus_months
from sightline.protocol.seraf import (
    CATEGORIES,
    HIGHEST,
    MODERATE,
    SIGNIFICANT,
    VULNERABILITIES,
    Score,
    Ticks,
    Timing,
    age_at_assessment,
    columns,
    counts_as_moderate,
    score,
    unexplained,
)

REFERRAL = date(2026, 8, 31)
DISCUSSION, UNDER_13, DISABILITY = "manager_discussion_required", "under_13_addition", "disability_point"
NO_SIGNIFICANT, ADULT = "no_significant_indicator", "adult_pathway_action"


def a_form(v: int, m: int, r: int, c: int, b: int, *, disability: bool = False, age: int | None = 14) -> Ticks:
    """A form with so many vulnerabilities, moderate indicators, and significant ones: recent, current, both."""
    timings: list[Timing] = [*["recent"] * r, *["current"] * c, *["both"] * b]  # type: ignore[list-item]  # mypy does not see the literals
    return Ticks(
        vulnerabilities=frozenset(VULNERABILITIES[:v]),
        moderate=frozenset(MODERATE[:m]),
        significant=dict(zip(SIGNIFICANT, timings, strict=False)),
        disability=disability,
        age=age,
    )


# id, v, m, recent, current, both, disability, age, score, category, flags
EXAMPLES: list[tuple[str, int, int, int, int, int, bool, int, int, int, set[str]]] = [
    ("SE-01", 0, 0, 0, 0, 0, False, 14, 0, 1, set()),
    ("SE-02", 5, 0, 0, 0, 0, False, 14, 5, 1, set()),
    ("SE-03", 6, 0, 0, 0, 0, False, 14, 6, 2, set()),
    ("SE-04", 5, 5, 0, 0, 0, False, 14, 10, 2, set()),
    ("SE-05", 6, 5, 0, 0, 0, False, 14, 11, 3, {NO_SIGNIFICANT}),
    ("SE-06", 11, 4, 0, 0, 0, False, 16, 15, 3, {NO_SIGNIFICANT}),
    ("SE-07", 11, 5, 0, 0, 0, False, 16, 16, 4, {NO_SIGNIFICANT}),
    ("SE-08", 0, 0, 0, 1, 0, False, 15, 5, 1, {DISCUSSION}),
    ("SE-09", 0, 0, 1, 0, 0, False, 15, 1, 1, {DISCUSSION}),
    ("SE-10", 0, 0, 0, 0, 1, False, 15, 6, 2, {DISCUSSION}),
    ("SE-11", 0, 0, 0, 1, 0, False, 12, 10, 2, {UNDER_13, DISCUSSION}),
    ("SE-12", 0, 0, 0, 0, 1, False, 12, 11, 3, {UNDER_13}),
    ("SE-13", 0, 0, 1, 0, 0, False, 12, 6, 2, {UNDER_13, DISCUSSION}),
    ("SE-14", 5, 5, 0, 0, 0, False, 12, 10, 2, set()),
    ("SE-15", 0, 0, 0, 1, 0, False, 13, 5, 1, {DISCUSSION}),
    ("SE-16", 0, 0, 0, 0, 0, True, 14, 1, 1, {DISABILITY}),
    ("SE-17", 4, 0, 0, 0, 0, True, 14, 5, 1, {DISABILITY}),
    ("SE-18", 5, 0, 0, 0, 0, True, 14, 6, 2, {DISABILITY}),
    ("SE-19", 4, 1, 0, 1, 0, False, 15, 10, 2, {DISCUSSION}),
    ("SE-20", 5, 1, 0, 1, 0, False, 15, 11, 3, set()),
    ("SE-21", 10, 0, 0, 1, 0, False, 15, 15, 3, set()),
    ("SE-22", 10, 0, 0, 1, 0, True, 15, 16, 4, {DISABILITY}),
    ("SE-23", 3, 0, 3, 0, 0, False, 16, 6, 2, {DISCUSSION}),
    ("SE-24", 0, 0, 0, 2, 0, False, 12, 15, 3, {UNDER_13}),
    ("SE-25", 0, 0, 0, 2, 0, True, 12, 16, 4, {UNDER_13, DISABILITY}),
    ("SE-26", 6, 5, 0, 0, 0, False, 18, 11, 3, {ADULT, NO_SIGNIFICANT}),
    ("SE-27", 0, 0, 0, 1, 0, False, 18, 5, 1, {DISCUSSION}),
    ("SE-28", 11, 10, 0, 0, 9, False, 15, 75, 4, set()),
    ("SE-29", 11, 10, 0, 0, 9, True, 12, 81, 4, {UNDER_13, DISABILITY}),
    ("SE-30", 4, 0, 1, 0, 0, False, 12, 10, 2, {UNDER_13, DISCUSSION}),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_the_worked_examples_of_the_catalogue(example: tuple[Any, ...]) -> None:
    """SE-01 to SE-30; A-01, A-02, A-03, A-04, A-05, A-07, A-09, A-10, A-11."""
    _, v, m, r, c, b, disability, age, points, category, flags = example
    found = score(a_form(v, m, r, c, b, disability=disability, age=age))
    assert (found.points, found.category, found.code) == (points, category, CATEGORIES[category - 1])
    assert found.flags == flags


@pytest.mark.parametrize(("form", "points"), [(a_form(0, 0, 1, 0, 0, age=12), 1), (a_form(4, 0, 1, 0, 0, age=12), 5)])
def test_a_06_read_strictly_an_indicator_of_last_year_makes_no_addition_for_age(form: Ticks, points: int) -> None:
    """A-06, SE-13, SE-30: the notes' other reading."""
    found = score(form, under_13_counts_recent_only=False)
    assert (found.points, found.category, found.flags) == (points, 1, frozenset({DISCUSSION}))


def test_a_06_read_strictly_a_current_indicator_still_counts() -> None:
    """A-06, T-81."""
    assert score(a_form(0, 0, 0, 1, 0, age=12), under_13_counts_recent_only=False).points == 10


@pytest.mark.parametrize(("points", "category"), [(5, 1), (6, 2), (10, 2), (11, 3), (15, 3), (16, 4)], ids=str)
def test_a_09_the_edges_of_the_categories(points: int, category: int) -> None:
    """A-09, V-10."""
    assert score(a_form(min(points, 11), max(points - 11, 0), 0, 0, 0)).category == category


def test_a_15_the_printed_profiles_filter_nothing() -> None:
    """A-15: category 1 with five moderate indicators, category 4 without a significant one."""
    assert score(a_form(0, 5, 0, 0, 0)).category == 1
    assert score(a_form(11, 5, 0, 0, 0)).category == 4


def test_an_age_that_nobody_knows_adds_nothing_and_asks_for_nothing() -> None:
    """A-05, A-11."""
    found = score(a_form(11, 10, 0, 0, 9, age=None))
    assert (found.points, found.under_13_points, found.needs_adult_action) == (75, 0, False)


@pytest.mark.parametrize(
    ("form", "rows"),
    [
        (a_form(0, 0, 0, 0, 0), ("N-80",)),
        (a_form(6, 0, 0, 0, 0), ("N-81",)),
        (a_form(0, 0, 0, 0, 1), ("N-81", "N-85")),
        (a_form(6, 5, 0, 0, 0), ("N-82",)),
        (a_form(11, 5, 0, 0, 0, age=18), ("N-83", "N-84")),
    ],
)
def test_a_score_names_what_follows_from_it(form: Ticks, rows: tuple[str, ...]) -> None:
    """N-80 to N-85, A-10, A-11."""
    assert score(form).rows == rows


def test_a_12_a_tick_without_its_why_is_incomplete() -> None:
    """A-12."""
    form = a_form(1, 1, 1, 0, 0)
    details = {VULNERABILITIES[0]: "Seen by the school.", MODERATE[0]: "  "}
    assert unexplained(form, details) == (MODERATE[0], SIGNIFICANT[0])
    assert unexplained(form, dict.fromkeys(form.ticked, "Because.")) == ()


@pytest.mark.parametrize(
    ("born", "printed", "expected"),
    [
        pytest.param(date(2013, 9, 1), 12, (12, False), id="the day before the thirteenth birthday"),
        pytest.param(date(2013, 8, 31), 12, (13, True), id="the birthday, and the form disagrees"),
        pytest.param(None, 12, (12, False), id="no birth date"),
        pytest.param(date(2013, 8, 31), None, (13, False), id="no age printed"),
        pytest.param(None, None, (None, False), id="neither"),
    ],
)
def test_a_13_the_age_is_that_of_the_day_of_assessment(
    born: date | None, printed: int | None, expected: tuple[int | None, bool]
) -> None:
    """A-13, SE-30."""
    assert age_at_assessment(born, REFERRAL, printed) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([REFERRAL], "current", id="on the day of referral"),
        pytest.param([plus_months(REFERRAL, -6)], "current", id="T-64: exactly six months ago"),
        pytest.param([plus_months(REFERRAL, -6) - timedelta(days=1)], "recent", id="a day more"),
        pytest.param([plus_months(REFERRAL, -12)], "recent", id="exactly twelve months ago"),
        pytest.param([plus_months(REFERRAL, -12) - timedelta(days=1)], "none", id="T-63: older"),
        pytest.param([plus_months(REFERRAL, -13)], "none", id="thirteen months ago"),
        pytest.param([date(2026, 8, 1), date(2025, 12, 1)], "both", id="T-62: in both windows"),
        pytest.param([REFERRAL + timedelta(days=1)], "none", id="after the referral"),
        pytest.param([], "none", id="never"),
    ],
)
def test_a_14_the_columns_follow_from_the_days(seen: list[date], expected: str) -> None:
    """A-14, T-61, T-62, T-63, T-64."""
    assert columns(seen, REFERRAL) == expected


def test_t_60_a_moderate_indicator_of_eight_months_ago_is_not_ticked() -> None:
    """A-14, T-60."""
    assert not counts_as_moderate([plus_months(REFERRAL, -8)], REFERRAL)
    assert counts_as_moderate([plus_months(REFERRAL, -6)], REFERRAL)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"vulnerabilities": frozenset({"staying_out_late"})}, "unknown_indicator"),
        ({"moderate": frozenset({"sexual_abuse"})}, "unknown_indicator"),
        ({"significant": {"sexual_abuse": "both"}}, "unknown_indicator"),
        ({"significant": {SIGNIFICANT[0]: "sometimes"}}, "unknown_indicator"),
        ({"age": -1}, "impossible_age"),
    ],
)
def test_a_tick_that_the_form_does_not_have_is_refused(wrong: dict[str, Any], why: str) -> None:
    """A-01."""
    with pytest.raises(Refused) as refused:
        Ticks(**wrong)
    assert refused.value.code == why


def test_the_form_has_eleven_ten_and_nine_indicators() -> None:
    """A-01, A-08."""
    assert (len(set(VULNERABILITIES)), len(set(MODERATE)), len(set(SIGNIFICANT))) == (11, 10, 9)
    assert not set(VULNERABILITIES) & set(MODERATE) & set(SIGNIFICANT)


FORMS = st.builds(
    Ticks,
    vulnerabilities=st.frozensets(st.sampled_from(VULNERABILITIES)),
    moderate=st.frozensets(st.sampled_from(MODERATE)),
    significant=st.dictionaries(st.sampled_from(SIGNIFICANT), st.sampled_from(["none", "recent", "current", "both"])),
    disability=st.booleans(),
    age=st.none() | st.integers(0, 25),
)
LATER: dict[Timing, Timing] = {"none": "recent", "recent": "current", "current": "both", "both": "both"}


def more(form: Ticks, index: int) -> Ticks:
    """The form with one more tick: the index-th of all its boxes, or the next column of an indicator."""
    boxes = [*VULNERABILITIES, *MODERATE, *SIGNIFICANT, "disability"]
    box = next(islice(cycle(boxes), index, None))
    held: Timing = form.significant.get(box, "none")
    return Ticks(
        vulnerabilities=form.vulnerabilities | ({box} & set(VULNERABILITIES)),
        moderate=form.moderate | ({box} & set(MODERATE)),
        significant={**form.significant, **({box: LATER[held]} if box in SIGNIFICANT else {})},
        disability=form.disability or box == "disability",
        age=form.age,
    )


@given(FORMS, st.integers(0, 30), st.booleans())
def test_a_16_one_more_tick_never_lowers_a_score(form: Ticks, index: int, recent_only: bool) -> None:
    """A-16."""
    before = score(form, under_13_counts_recent_only=recent_only)
    after = score(more(form, index), under_13_counts_recent_only=recent_only)
    assert after.points >= before.points
    assert after.category >= before.category


@given(FORMS)
def test_a_08_every_score_lies_between_0_and_81(form: Ticks) -> None:
    """A-08."""
    assert 0 <= score(form).points <= HIGHEST == 81


@given(FORMS)
def test_a_score_is_what_its_parts_come_to(form: Ticks) -> None:
    """A-02, A-03, A-04, A-05, A-06, A-07, A-09, A-10, A-11: the catalogue's pseudo-code, written again."""
    sig = [t for t in form.significant.values() if t != "none"]
    points = (
        len(form.vulnerabilities) + len(form.moderate) + sum({"recent": 1, "current": 5, "both": 6}[t] for t in sig)
    )
    points += 1 if form.disability else 0
    points += 5 if form.age is not None and form.age < 13 and sig else 0
    category = 1 if points <= 5 else 2 if points <= 10 else 3 if points <= 15 else 4
    found: Score = score(form)
    assert (found.points, found.category) == (points, category)
    assert found.needs_discussion is (bool(sig) and category in (1, 2))
    assert found.needs_adult_action is (form.age is not None and form.age >= 18 and category in (3, 4))


@given(FORMS)
def test_a_younger_child_never_scores_less(form: Ticks) -> None:
    """A-05, T-81."""
    if form.age is not None and form.age > 0:
        younger = Ticks(
            vulnerabilities=form.vulnerabilities,
            moderate=form.moderate,
            significant=form.significant,
            disability=form.disability,
            age=form.age - 1,
        )
        assert score(younger).points >= score(form).points
