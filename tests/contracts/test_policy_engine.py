"""What every policy engine must do, whichever way it runs the Rego: the same answer, or none and why."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.asking import LIST_DOCUMENTS
from sightline.adapters.opa_server import ServerEngine
from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.decision import read_outcome
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import PolicyEngine
from tests.builders_hub import the_engine
from tests.contracts.policy_facts import EXAMPLES, POLICIES, SCHEMA, Facts, any_facts, likely_facts, written

ROWS = [
    *("D-01", "D-02", "D-03", "D-05", "D-09", "D-11", "D-12", "D-14", "D-16", "D-30", "D-31", "D-33", "D-34", "D-35"),
    *("D-39", "D-40", "D-42", "N-03", "N-04", "N-12", "N-20", "N-21", "N-22", "N-27", "N-34"),
    *(f"H-{number:02}" for number in range(1, 11)),
]
"""Every rule in force, one or more examples each way."""

examples = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))


class Engine(PolicyEngine, Protocol):
    """As the port, and it can be closed."""

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def wasm() -> WasmEngine:
    return the_engine()


@pytest.fixture(scope="module")
def server(opa_server: str) -> Iterator[ServerEngine]:
    engine = ServerEngine(opa_server, POLICIES)
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=["wasm", "server"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


def read(path: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(path.read_bytes())
    return example


@examples
def test_every_example_is_decided_as_it_says(engine: Engine, path: Path) -> None:
    example = read(path)
    assert engine.decide([written(example["facts"])]) == [example["expect"]]


@examples
def test_every_example_is_of_the_closed_schema_and_passes_the_gate(path: Path) -> None:
    example = read(path)
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(example["facts"])
    read_outcome(example["expect"], frozenset(example["facts"]["item"]["classes"]))


@pytest.mark.parametrize("row", ROWS)
def test_every_rule_has_an_example_of_firing_and_of_not_firing(row: str) -> None:
    fires, silent = (list(EXAMPLES[0].parent.glob(f"{row.lower()}.{kind}.*.json")) for kind in ("fires", "not"))
    assert fires
    assert silent
    assert all(row in read(path)["expect"]["rules"] for path in fires)
    assert not any(entry.endswith(f":{row}") for path in silent for entry in read(path)["expect"]["withheld"])


def test_results_come_in_the_order_of_the_questions(engine: Engine) -> None:
    found = engine.decide([written(read(path)["facts"]) for path in EXAMPLES])
    assert found == [read(path)["expect"] for path in EXAMPLES]


def test_the_order_is_kept_over_the_borders_of_lists(engine: Engine) -> None:
    many = [read(EXAMPLES[(7 * number) % len(EXAMPLES)]) for number in range(3 * LIST_DOCUMENTS + 1)]
    assert engine.decide([written(one["facts"]) for one in many]) == [one["expect"] for one in many]


def test_nothing_asked_is_nothing_answered(engine: Engine) -> None:
    assert engine.decide([]) == []


def test_empty_facts_are_denied_for_every_reason(engine: Engine) -> None:
    [raw] = engine.decide([b"{}"])
    assert raw["outcome"] == "withhold"
    assert raw["rules"] == ["D-09", "D-16", "H-03", "H-04", "H-05", "H-07"]


UNREADABLE = [
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"]",
        b"[",
        b'"',
        b",",
        b"{},{}",
        b"{}{}",
        b"1]",
        b"1],[1",
        b"],[",
        b"{}\0",
        b"\0",
        b"{},",
    ),
    *(b"nil", b"NaN", b"1e999", b"01", b"// {}", b'{"a":1,}', b'"\xff"', b'"\\ud800"', b"\xef\xbb\xbf{}"),
]
"""No JSON document, or more than one: what tries to end its place in a list, or to spoil the list for the rest."""


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=repr)
def test_facts_that_cannot_be_read_are_undecidable_and_the_rest_goes_on(engine: Engine, unreadable: bytes) -> None:
    one, other = read(EXAMPLES[0]), read(EXAMPLES[1])
    found = engine.decide([written(one["facts"]), unreadable, written(other["facts"])])
    assert found == [one["expect"], {"undecidable": "malformed_facts"}, other["expect"]]


def test_unreadable_facts_in_the_middle_of_many_spoil_none_of_the_rest(engine: Engine) -> None:
    good = read(EXAMPLES[0])
    asked = [written(good["facts"])] * (2 * LIST_DOCUMENTS)
    expected = [good["expect"]] * len(asked)
    for place in (0, LIST_DOCUMENTS // 2, LIST_DOCUMENTS - 1, LIST_DOCUMENTS, len(asked) - 1):
        asked[place], expected[place] = b"{},{}", {"undecidable": "malformed_facts"}
    assert engine.decide(asked) == expected


@pytest.mark.parametrize("odd", [b"[]", b"[{},{}]", b"null", b"false", b"1", b'"0"', b' {"0":{}}\n'], ids=repr)
def test_a_document_that_is_no_facts_is_one_document_and_denied(engine: Engine, odd: bytes) -> None:
    empty, found, after = engine.decide([b"{}", odd, b"{}"])
    assert found == empty == after


@given(documents=st.lists(any_facts() | likely_facts(), min_size=2, max_size=8))
def test_many_are_decided_as_each_is_alone(wasm: WasmEngine, server: ServerEngine, documents: list[Facts]) -> None:
    asked = [written(facts) for facts in documents]
    alone = [raw for one in asked for raw in wasm.decide([one])]
    assert wasm.decide(asked) == server.decide(asked) == alone


def test_the_policy_is_named_by_its_sources(engine: Engine) -> None:
    assert engine.policy == policy_digest(POLICIES)


def test_an_engine_names_itself_and_not_its_kind(wasm: WasmEngine, server: ServerEngine) -> None:
    assert wasm.engine != server.engine
    assert wasm.engine.startswith("sha256:")
    assert len(server.engine) == len(wasm.engine) == 50


@pytest.mark.parametrize("kind", ["wasm", "server"])
def test_a_closed_engine_is_unavailable(kind: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = (
        WasmEngine(POLICIES) if kind == "wasm" else ServerEngine(request.getfixturevalue("opa_server"), POLICIES)
    )
    engine.close()
    with pytest.raises(Unavailable):
        engine.decide([b"{}"])


@given(facts=any_facts() | likely_facts())
def test_both_engines_answer_alike(wasm: WasmEngine, server: ServerEngine, facts: Facts) -> None:
    assert wasm.decide([written(facts)]) == server.decide([written(facts)])
