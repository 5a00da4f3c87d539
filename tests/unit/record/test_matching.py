"""Which child a form speaks of: tokens of identifiers and names, and whose word binds an identifier (design §5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.kernel.values import Desk
from sightline.protocol.authority import binds
from sightline.record.matching import Matcher, Tokens
from tests.builders import a_desk

MATCHER = Matcher(bytes(32))
HEALTH = a_desk("exampleton-health/safeguarding", sector="health")
POLICE = a_desk()


def tokens(child: dict[str, object], desk: Desk = POLICE, matcher: Matcher = MATCHER) -> Tokens:
    return matcher.tokens(child, desk)


def an_identifier(scheme: str, value: str) -> dict[str, object]:
    return {"identifiers": [{"scheme": scheme, "value": value}]}


def a_name(given: str, family: str, born: str = "2011-05-04") -> dict[str, object]:
    return {"given_name": given, "family_name": family, "date_of_birth": born}


@pytest.mark.parametrize(
    ("scheme", "desk", "expected"),
    [
        pytest.param("nhs-number", HEALTH, True, id="health-issues-nhs-numbers"),
        pytest.param("nhs-number", POLICE, False, id="police-only-repeat-them"),
        pytest.param("pnc", POLICE, True, id="police-hold-the-pnc"),
        pytest.param("pnc", HEALTH, False, id="health-only-repeats-it"),
        pytest.param("force:northshire-police", POLICE, True, id="a-force-owns-its-scheme"),
        pytest.param("force:southshire-police", POLICE, False, id="and-not-anothers"),
        pytest.param("la-case:northshire-police", POLICE, True, id="the-agency-named-owns-it"),
        pytest.param("force:northshire-police/missing-persons", POLICE, False, id="a-desk-is-not-an-agency"),
        pytest.param("shoe-size", POLICE, False, id="an-unknown-scheme-binds-never"),
        pytest.param("force", POLICE, False, id="a-scheme-without-an-owner"),
    ],
)
def test_only_an_agency_with_authority_binds_an_identifier(scheme: str, desk: Desk, expected: bool) -> None:
    assert binds(scheme, desk) is expected
    found = tokens(an_identifier(scheme, "12/3456"), desk)
    assert len(found.identifiers) == 1
    assert bool(found.binding) is expected


def test_an_identifier_is_the_same_whoever_sends_it_and_however_it_is_spaced() -> None:
    said = tokens(an_identifier("nhs-number", "999 000 0018"), POLICE)
    meant = tokens(an_identifier("nhs-number", "9990000018"), HEALTH)
    assert said.identifiers == meant.identifiers


def test_the_same_value_under_another_scheme_is_another_identifier() -> None:
    assert tokens(an_identifier("pnc", "1")).identifiers != tokens(an_identifier("upn", "1")).identifiers


@pytest.mark.parametrize(
    ("given", "family"),
    [("PERRIN", "oakapple"), ("Perrin ", "Oak-Apple"), ("Pérrin", "O'akapple")],
    ids=["case", "hyphen", "accent"],
)
def test_spelling_habits_do_not_hide_a_name(given: str, family: str) -> None:
    assert tokens(a_name(given, family)).name == tokens(a_name("Perrin", "Oakapple")).name


@pytest.mark.parametrize(
    "other",
    [a_name("Perrin", "Oakapple", "2011-05-05"), a_name("Robin", "Oakapple"), a_name("Perrin", "Catterick")],
    ids=["birth-date", "given-name", "family-name"],
)
def test_another_name_or_birth_date_is_no_match(other: dict[str, object]) -> None:
    assert tokens(other).name != tokens(a_name("Perrin", "Oakapple")).name


@pytest.mark.parametrize("missing", ["family_name", "date_of_birth"])
def test_half_a_name_is_no_token(missing: str) -> None:
    assert tokens(a_name("Perrin", "Oakapple") | {missing: ""}).name == b""


def test_a_token_says_nothing_without_the_key() -> None:
    child = an_identifier("nhs-number", "9990000018") | a_name("Perrin", "Oakapple")
    ours, theirs = tokens(child), tokens(child, matcher=Matcher(b"\1" * 32))
    assert ours.name != theirs.name
    assert ours.identifiers != theirs.identifiers


@given(first=st.text(max_size=20), second=st.text(max_size=20), cut=st.integers(0, 40))
def test_given_and_family_names_do_not_run_into_each_other(first: str, second: str, cut: int) -> None:
    """Moving letters from one name to the other is another name."""
    letters = "".join(c for c in first + second if c.isalpha() and c.isascii())
    one, other = (letters[:cut], letters[cut:]), (letters[: cut + 1], letters[cut + 1 :])
    if one != other and one[1] and other[1]:
        assert tokens(a_name(*one)).name != tokens(a_name(*other)).name
