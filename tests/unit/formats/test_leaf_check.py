"""A leaf has one spelling, one schema for its type, and nothing beside."""

from typing import Any

import pytest

from sightline.formats.leaf_check import MAX_LEAF_BYTES, check_leaf, known_types
from sightline.kernel.errors import Refused
from tests.builders_register import (
    a_decision_leaf,
    a_digest,
    a_leaf_id,
    a_policy_leaf,
    a_recall_leaf,
    leaf_bytes,
)

HUB = {"v": 1, "id": a_leaf_id("hub"), "cause": 7, "item": 7, "desk": "hub", "edn": 1, "ts": 1_700_000_000}
DIGEST = f"sha256:{a_digest('public')}"

EXAMPLES: dict[str, dict[str, Any]] = {
    "decision": a_decision_leaf(3),
    "recall": a_recall_leaf(4, a_decision_leaf(3)),
    "policy": a_policy_leaf(),
    "key": {**HUB, "typ": "key", "use": "checkpoint", "change": "announced", "key": DIGEST},
    "erasure": {**HUB, "typ": "erasure", "croot": a_digest("tombstones"), "about": 10},
    "epoch": {**HUB, "typ": "epoch", "after": 2, "disclose": 1, "withhold": 0, "refer": 0, "recall": 0, "unchanged": 3},
}

DECISION = leaf_bytes(a_decision_leaf(3))


@pytest.mark.parametrize("typ", EXAMPLES)
def test_a_leaf_of_every_type_is_read_back(typ: str) -> None:
    assert check_leaf(leaf_bytes(EXAMPLES[typ])) == EXAMPLES[typ]


def test_every_known_type_has_an_example() -> None:
    assert known_types() == tuple(sorted(EXAMPLES))


@pytest.mark.parametrize("typ", EXAMPLES)
def test_no_leaf_has_a_field_more_or_less(typ: str) -> None:
    leaf = EXAMPLES[typ]
    with pytest.raises(Refused, match="leaf_schema"):
        check_leaf(leaf_bytes({**leaf, "note": "more"}))
    for name in leaf.keys() - {"v", "typ"}:
        with pytest.raises(Refused, match="leaf_schema"):
            check_leaf(leaf_bytes({key: value for key, value in leaf.items() if key != name}))


@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(DECISION[:-1] + b',"v":1}', id="a repeated key"),
        pytest.param(b'{"basis":[],' + DECISION[1:], id="a repeated key, the first one other"),
        pytest.param(DECISION.replace(b":", b": ", 1), id="a space"),
        pytest.param(DECISION + b"\n", id="a newline after it"),
        pytest.param(DECISION.replace(b"disclose", b"\\u0064isclose"), id="an escape"),
        pytest.param(DECISION.replace(b"assessment", b"\\ud800", 1), id="half a surrogate pair"),
        pytest.param(DECISION.replace(b"assessment", b"\xff", 1), id="not UTF-8"),
        pytest.param(DECISION.replace(b'"cause":3,', b'"cause":03,'), id="a leading zero"),
        pytest.param(DECISION.replace(b'"cause":3,', b'"cause":3e0,'), id="an exponent"),
        pytest.param(DECISION.replace(b'"cause":3,', b'"cause":-0,'), id="minus zero"),
        pytest.param(b"\xef\xbb\xbf" + DECISION, id="a byte order mark"),
        pytest.param(DECISION[:-1], id="cut short"),
        pytest.param(b"[" * 2000 + b"]" * 2000, id="nested"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_twin_that_reads_the_same_but_is_written_otherwise_is_refused(twin: bytes) -> None:
    with pytest.raises(Refused, match="leaf_not_canonical"):
        check_leaf(twin)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"cause": 3.0}, id="an integer written as 3.0"),
        pytest.param({"cause": True}, id="a truth value as a number"),
        pytest.param({"cause": -1}, id="a negative position"),
        pytest.param({"ts": 2**53}, id="an integer that platforms read differently"),
        pytest.param({"classes": ["identity", "assessment"]}, id="an unsorted array"),
        pytest.param({"classes": ["identity", "identity"]}, id="a repeated element"),
        pytest.param({"rules": ["D-1"]}, id="no rule's id"),
        pytest.param({"withheld": ["source"]}, id="withheld by no rule"),
        pytest.param({"desk": "Police"}, id="no desk"),
        pytest.param({"desk": "hub"}, id="the hub's own desk"),
        pytest.param({"id": "é" * 10}, id="not ASCII"),
        pytest.param({"id": "l-abcdefgh\n"}, id="a newline after the id"),
        pytest.param({"cfacts": "A" * 42}, id="a short commitment"),
        pytest.param({"cfacts": "A" * 42 + "B"}, id="a commitment with unused bits"),
        pytest.param({"pol": a_digest("policy")}, id="a digest without its algorithm"),
        pytest.param({"sup": None}, id="null"),
        pytest.param({"obl": {"a": 1}}, id="an object"),
        pytest.param({"eff": "permit"}, id="an unknown outcome"),
    ],
)
def test_a_decision_outside_its_schema_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="leaf_schema"):
        check_leaf(leaf_bytes({**a_decision_leaf(3), **change}))


@pytest.mark.parametrize("change", [{"v": 2}, {"typ": "ruling"}, {"typ": ["decision"]}, {"typ": None}, {"v": "1"}])
def test_of_an_unknown_version_or_type_nothing_is_said(change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="leaf_unknown"):
        check_leaf(leaf_bytes({**a_decision_leaf(3), **change}))


def test_a_leaf_has_at_most_4096_bytes() -> None:
    leaf = a_decision_leaf(3, sup="")
    leaf["sup"] = "x" * (MAX_LEAF_BYTES - len(leaf_bytes(leaf)))
    with pytest.raises(Refused, match="leaf_schema"):
        check_leaf(leaf_bytes(leaf))
    leaf["sup"] += "x"
    with pytest.raises(Refused, match="leaf_too_large"):
        check_leaf(leaf_bytes(leaf))
