"""JSON with one meaning: what is refused, and that nothing else is."""

import json
import traceback
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.formats.strict_json import MAX_DEPTH, MAX_INTEGER, MAX_ITEMS, MAX_MEMBERS, parse, parse_object
from sightline.kernel.errors import Refused


def code_of(raw: bytes) -> str:
    """The refusal's code; empty if the bytes are taken."""
    try:
        parse(raw)
    except Refused as refused:
        return refused.code
    return ""


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param(b'{"a":"\xff"}', "not_utf8", id="a stray byte"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', "not_utf8", id="a surrogate written in UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "not_json", id="a byte order mark"),
        pytest.param(b"", "not_json", id="nothing"),
        pytest.param(b"{} {}", "not_json", id="two values"),
        pytest.param(b"{'a':1}", "not_json", id="single quotes"),
        pytest.param(b'{"a":1,}', "not_json", id="a trailing comma"),
        pytest.param(b'{"a":01}', "not_json", id="a leading zero"),
        pytest.param(b'"\x01"', "not_json", id="a control character"),
        pytest.param(rb'"\ud800"', "not_json", id="half of a surrogate pair"),
        pytest.param(rb'{"\udc00":1}', "not_json", id="half of a surrogate pair in a name"),
        pytest.param(b'{"a":1,"a":1}', "duplicate_key", id="a name twice"),
        pytest.param(rb'{"a":1,"\u0061":2}', "duplicate_key", id="a name twice, once escaped"),
        pytest.param(b'{"b":[{"a":1,"a":2}]}', "duplicate_key", id="a name twice, inside"),
        pytest.param(b"NaN", "number_not_allowed", id="not a number"),
        pytest.param(b"[-Infinity]", "number_not_allowed", id="infinity"),
        pytest.param(b"1e999", "number_not_allowed", id="a number too large"),
        pytest.param(b"9" * 5000, "number_not_allowed", id="a very long integer"),
        pytest.param(b"[" * 200_000, "too_deep", id="a tower"),
    ],
)
def test_what_has_no_single_meaning_is_refused(raw: bytes, code: str) -> None:
    assert code_of(raw) == code


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param(rb'"\ud83d\ude00"', "\U0001f600", id="a whole surrogate pair"),
        pytest.param(rb'"\\ud800"', r"\ud800", id="an escaped backslash before what looks like one"),
        pytest.param(b' {"a" : [1, 2.5, true, null]} ', {"a": [1, 2.5, True, None]}, id="white space"),
        pytest.param(b'{"a":{"x":1},"b":{"x":1}}', {"a": {"x": 1}, "b": {"x": 1}}, id="one name in two objects"),
    ],
)
def test_what_has_one_meaning_is_taken(raw: bytes, value: Any) -> None:
    assert parse(raw) == value


@pytest.mark.parametrize(("depth", "code"), [(MAX_DEPTH - 1, ""), (MAX_DEPTH, ""), (MAX_DEPTH + 1, "too_deep")])
def test_depth_is_bounded(depth: int, code: str) -> None:
    assert code_of(nested(depth)) == code


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_members_and_items_are_bounded(off: int) -> None:
    expected = "too_many" if off > 0 else ""
    assert code_of(json.dumps(dict.fromkeys(map(str, range(MAX_MEMBERS + off)))).encode()) == expected
    assert code_of(json.dumps([[0] * (MAX_ITEMS + off)]).encode()) == expected


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_integers_are_bounded(off: int, sign: int) -> None:
    assert code_of(str(sign * (MAX_INTEGER + off)).encode()) == ("number_not_allowed" if off > 0 else "")


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"a"', b"null"])
def test_only_an_object_is_an_object(raw: bytes) -> None:
    with pytest.raises(Refused, match="not_json"):
        parse_object(raw)


def slowly(raw: bytes) -> Any:
    """The same rules, written the long way round: pairs kept as pairs, then looked at one by one."""
    value = json.JSONDecoder(object_pairs_hook=Pairs).decode(raw.decode())
    return unpaired(value, 1)


class Pairs(list[tuple[str, Any]]):
    """An object's members as they were written."""


def unpaired(value: Any, depth: int) -> Any:
    if isinstance(value, list) and depth > MAX_DEPTH:
        raise ValueError("deep")
    if isinstance(value, Pairs):
        names = [name for name, _ in value]
        if any(names.count(name) > 1 for name in names):
            raise ValueError("twice")
        return {name: unpaired(inner, depth + 1) for name, inner in value}
    if isinstance(value, list):
        return [unpaired(inner, depth + 1) for inner in value]
    return value


names = st.sampled_from(["a", "b", "\\u0061", "c\\n", "ü"])
leaves = st.sampled_from(["1", "-0", "2.5", '"x:\\"y"', '"{,}"', "true", "null", '""'])
texts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ",".join(items) + "]"),
        st.lists(st.tuples(names, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f'"{name}":{value}' for name, value in pairs) + "}"
        ),
    ),
    max_leaves=25,
)


@given(texts)
@example("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
def test_the_fast_way_agrees_with_the_slow_way(text: str) -> None:
    try:
        expected = slowly(text.encode())
    except ValueError:
        assert code_of(text.encode()) in {"duplicate_key", "too_deep"}
    else:
        assert parse(text.encode()) == expected


@given(st.binary(max_size=60))
def test_any_bytes_are_taken_or_refused(raw: bytes) -> None:
    code_of(raw)


@given(texts.map(str.encode))
def test_another_parser_reads_the_same(raw: bytes) -> None:
    if not code_of(raw):
        assert orjson.loads(raw) == parse(raw)


def test_a_refusal_says_nothing_of_what_was_sent() -> None:
    for raw in (b'{"Oakapple":1,"Oakapple":2}', b'{"a":"Oakapple', b'"Oakapple\xff"'):
        with pytest.raises(Refused) as caught:
            parse(raw)
        assert "Oakapple" not in str(caught.value)
        shown = "".join(traceback.format_exception(caught.value))
        assert "Oakapple" not in shown.replace(repr(raw), "")
