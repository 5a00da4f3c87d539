"""Schemes and the NHS number's check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.identifiers import identifier_is_valid, nhs_number_is_valid, scheme_is_known

digits = st.integers(min_value=0, max_value=999_999).map(lambda n: f"999{n:06d}")


@pytest.mark.parametrize(
    "value",
    ["9990001138", "9434765919", "9990000018"],
    ids=["invented", "the NHS Data Dictionary's worked example", "check digit from a small sum"],
)
def test_a_number_with_its_check_digit_is_valid(value: str) -> None:
    assert nhs_number_is_valid(value)


@pytest.mark.parametrize(
    "value",
    ["9990001139", "999000113", "99900011380", "999 000 1138", "", "٩٩٩٠٠٠١١٣٨", "9990001138\n"],
    ids=["wrong digit", "nine digits", "eleven", "spaces", "empty", "digits of another script", "a line's end"],
)
def test_anything_else_is_not(value: str) -> None:
    assert not nhs_number_is_valid(value)


@given(nine=digits)
def test_at_most_one_check_digit_fits(nine: str) -> None:
    assert sum(nhs_number_is_valid(f"{nine}{digit}") for digit in range(10)) <= 1


@given(nine=digits, place=st.integers(0, 9), by=st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(nine: str, place: int, by: int) -> None:
    for last in "0123456789":
        value = nine + last
        if nhs_number_is_valid(value):
            wrong = str((int(value[place]) + by) % 10)
            assert not nhs_number_is_valid(value[:place] + wrong + value[place + 1 :])


@pytest.mark.parametrize("scheme", ["nhs-number", "upn", "pnc", "la-case:hampshire-csc", "force:hampshire-police"])
def test_the_schemes_of_the_design_are_known(scheme: str) -> None:
    assert scheme_is_known(scheme)
    assert identifier_is_valid(scheme, "9990001138")


@pytest.mark.parametrize(
    "scheme", ["", "passport", "la-case", "la-case:", "force:Hampshire", "nhs-number:x", "force:a\n", "upn:"]
)
def test_other_schemes_are_not(scheme: str) -> None:
    assert not scheme_is_known(scheme)
    assert not identifier_is_valid(scheme, "9990001138")
