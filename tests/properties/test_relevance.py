"""Documents with one key must have one ruling: asked of the engine itself, under the policy that the keys hold for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.canonical import canonical
from sightline.formats.policy_digest import policy_digest
from sightline.ledger import relevance
from sightline.ledger.documents import CHILD, DESK, ITEM, PROTOCOL, Facts, interned
from tests.builders_hub import the_engine
from tests.contracts.policy_facts import EXAMPLES, POLICIES, SCHEMA, any_facts

NAMES = {"child": CHILD, "desk": DESK, "item": ITEM, "protocol": PROTOCOL}


@pytest.fixture(scope="module")
def engine() -> WasmEngine:
    return the_engine()


def facts_of(document: dict[str, dict[str, Any]]) -> Facts:
    def section(name: str) -> Any:
        values = (document[name][field] for field in NAMES[name])
        return interned(NAMES[name], tuple(tuple(v) if isinstance(v, list) else v for v in values))

    return Facts(*(section(name) for name in NAMES))


def standing_for(document: dict[str, dict[str, Any]]) -> bytes:
    sections = zip(NAMES, relevance.normal(facts_of(document)), strict=True)
    plain = {n: {k: list(v) if isinstance(v, tuple) else v for k, v in s.items()} for n, s in sections}
    return canonical(plain)


def changes(document: dict[str, dict[str, Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    """The document with each of its facts, in turn, given each other value that it may have."""
    for name, section in SCHEMA["properties"].items():
        for field, schema in section["properties"].items():
            values = schema.get("enum") or ([True, False] if schema["type"] == "boolean" else [])
            for value in values:
                yield {**document, name: {**document[name], field: value}}


def test_the_keys_were_tested_with_the_policy_that_is_committed() -> None:
    assert policy_digest(POLICIES) == relevance.HOLDS_FOR


def test_under_any_other_policy_every_difference_counts() -> None:
    facts = facts_of(json.loads(EXAMPLES[0].read_text())["facts"])
    assert relevance.key_for("sha256:another")(facts) is facts


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_with_any_fact_changed_is_decided_as_what_stands_for_it(engine: WasmEngine, path: Any) -> None:
    documents = list(changes(json.loads(path.read_text())["facts"]))
    standing = [standing_for(d) for d in documents]
    distinct = list(dict.fromkeys(standing))
    decided = dict(zip(distinct, engine.decide(distinct), strict=True))
    for document, answer, key in zip(
        documents, engine.decide([canonical(d) for d in documents]), standing, strict=True
    ):
        assert answer == decided[key], document


@settings(max_examples=3 * settings().max_examples)
@given(document=any_facts())
def test_any_facts_are_decided_as_what_stands_for_them(engine: WasmEngine, document: dict[str, Any]) -> None:
    one, other = engine.decide([canonical(document), standing_for(document)])
    assert one == other
