"""Stepping down a safety plan: catalogue A-40 to A-43, T-19, F-SAF-22 to F-SAF-25."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.errors import Refused
from sightline.protocol.safety_plan import Agreement, change, minutes_at, step_back, step_down

AGREED = Agreement(multi_agency=True, carer_included=True, child_included=True, engagement_shown=True)
MINUTES = st.integers(0, 48).map(minutes_at)
AGREEMENTS = st.builds(
    Agreement,
    multi_agency=st.booleans(),
    carer_included=st.booleans(),
    child_included=st.booleans(),
    engagement_shown=st.booleans(),
)


def refusal(call: Callable[[], object]) -> str:
    """The code with which that is refused; empty if it is not."""
    try:
        call()
    except Refused as exc:
        return exc.code
    return ""


def test_a_40_to_a_42_minutes_grow_by_thirty_from_none() -> None:
    """A-40, A-41, A-42, T-19."""
    assert [minutes_at(step) for step in range(4)] == [0, 30, 60, 90]
    assert [step_down(minutes_at(step), AGREED) for step in range(3)] == [30, 60, 90]


@pytest.mark.parametrize("missing", ["multi_agency", "carer_included", "child_included", "engagement_shown"])
def test_a_41_a_step_down_needs_all_four(missing: str) -> None:
    """A-41, F-SAF-22, N-138."""
    short = replace(AGREED, **{missing: False})
    assert short.missing == (missing,)
    assert refusal(lambda: step_down(0, short)) == "not_agreed"
    assert refusal(lambda: step_down(60, short)) == "not_agreed"


def test_a_43_risks_bring_it_back_at_once_and_by_as_much_as_is_needed() -> None:
    """A-43, N-139, F-SAF-25."""
    assert step_back(120, 0) == 0
    assert change(120, 30, Agreement()) == 30


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: step_back(60, 60), "not_fewer"),
        (lambda: step_back(30, 60), "not_fewer"),
        (lambda: change(0, 60, AGREED), "skips_a_step"),
        (lambda: change(0, 20, AGREED), "no_such_step"),
        (lambda: change(0, -30, AGREED), "no_such_step"),
        (lambda: step_down(45, AGREED), "no_such_step"),
        (lambda: minutes_at(-1), "no_such_step"),
    ],
)
def test_a_change_that_the_guide_does_not_have_is_refused(call: Callable[[], object], why: str) -> None:
    """A-41, A-42, F-SAF-24."""
    assert refusal(call) == why


@given(MINUTES, st.integers(-60, 2000), AGREEMENTS)
def test_a_change_never_skips_a_step_and_never_relaxes_without_agreement(
    minutes: int, proposed: int, agreement: Agreement
) -> None:
    """A-41, A-42, A-43."""
    if refusal(lambda: change(minutes, proposed, agreement)) == "":
        assert change(minutes, proposed, agreement) == proposed
        assert 0 <= proposed <= minutes + 30
        assert proposed % 30 == 0
        assert proposed <= minutes or not agreement.missing


@given(MINUTES, MINUTES, AGREEMENTS)
def test_a_43_what_is_fewer_is_always_allowed(minutes: int, proposed: int, agreement: Agreement) -> None:
    """A-43."""
    if proposed <= minutes:
        assert change(minutes, proposed, agreement) == proposed


@given(st.lists(st.tuples(MINUTES, AGREEMENTS), max_size=20))
def test_so_many_minutes_took_at_least_so_many_agreed_steps(wishes: list[tuple[int, Agreement]]) -> None:
    """A-42."""
    minutes, agreed = 0, 0
    for proposed, agreement in wishes:
        if refusal(lambda: change(minutes, proposed, agreement)) == "":  # noqa: B023  # called at once
            agreed += proposed > minutes
            minutes = proposed
    assert minutes <= 30 * agreed
