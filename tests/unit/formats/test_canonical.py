import json
from datetime import date
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.canonical import canonical
from sightline.kernel.errors import Refused

LARGEST = 2**53 - 1

ascii_text = st.text(st.characters(max_codepoint=127))
profile = st.recursive(
    st.booleans() | st.integers(-LARGEST, LARGEST) | ascii_text,
    lambda inner: st.lists(inner) | st.dictionaries(ascii_text, inner),
    max_leaves=20,
)


@given(value=profile)
def test_it_writes_what_rfc_8785_says(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(value=profile)
def test_what_is_written_reads_back(value: Any) -> None:
    assert json.loads(canonical(value)) == value


def test_names_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical({"b": [1, True], "a": "x"}) == b'{"a":"x","b":[1,true]}'


def test_a_tuple_is_an_array() -> None:
    assert canonical(("a", 1)) == b'["a",1]'


@pytest.mark.parametrize("number", [LARGEST, -LARGEST])
def test_the_largest_integers_are_in_the_profile(number: int) -> None:
    assert canonical(number) == str(number).encode()


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        float("nan"),
        "é",
        {"é": 1},
        LARGEST + 1,
        -LARGEST - 1,
        2**80,
        {1: 2},
        {None: 1},
        b"x",
        {"a"},
        date(2020, 1, 1),
    ],
    ids=repr,
)
def test_what_is_outside_the_profile_is_refused_at_any_depth(value: Any) -> None:
    for wrapped in (value, [value], {"a": {"b": [value]}}):
        with pytest.raises(Refused) as refused:
            canonical(wrapped)
        assert refused.value.code == "not_in_profile"


def test_nesting_without_end_is_refused() -> None:
    value: Any = []
    for _ in range(2000):
        value = [value]
    with pytest.raises(Refused):
        canonical(value)
