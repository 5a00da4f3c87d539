"""jsonschema-rs against jsonschema: on every example, and on examples that something was done to."""

import copy
import datetime as dt
import json
import re
from typing import Any

import jsonschema
import pytest
import referencing
from hypothesis import given
from hypothesis import strategies as st
from referencing.jsonschema import DRAFT202012

from sightline.kernel.share import share
from tests.builders import the_schemas

FOLDER = share("schemas")
SCHEMAS = the_schemas()
EXAMPLES = {
    f"{path.parent.name}/{path.stem}": json.loads(path.read_bytes())
    for path in sorted((FOLDER / "examples").glob("*.*/*.json"))
}
DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\Z", re.ASCII)

formats = jsonschema.FormatChecker(formats=["date"])


@formats.checks("date-time", raises=ValueError)
def is_date_time(value: object) -> bool:
    """RFC 3339, in capitals; jsonschema alone does not know it."""
    return not isinstance(value, str) or bool(DATE_TIME.match(value) and dt.datetime.fromisoformat(value))


def oracles() -> dict[str, jsonschema.Draft202012Validator]:
    documents = [
        json.loads(path.read_bytes())
        for folder in ("*.*", "common", "codes")
        for path in FOLDER.glob(f"{folder}/*.json")
    ]
    resources = [(document["$id"], DRAFT202012.create_resource(document)) for document in documents]
    registry: Any = referencing.Registry().with_resources(resources)
    return {
        name: jsonschema.Draft202012Validator(SCHEMAS.schema(name, 1), registry=registry, format_checker=formats)
        for name in SCHEMAS.types()
    }


ORACLES = oracles()


def assert_agreed(event_type: str, data: Any) -> None:
    assert SCHEMAS.form(event_type, 1).validator.is_valid(data) == ORACLES[event_type].is_valid(data)


@pytest.mark.parametrize("event_type", SCHEMAS.types())
def test_every_schema_is_a_schema(event_type: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS.schema(event_type, 1))


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_validators_agree_on_every_example(name: str) -> None:
    assert_agreed(name.partition("/")[0], EXAMPLES[name])


junk: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from(["", "x", "yes", "missing", "C", "2024-02-30", "2024-02-29", "2024-05-01T00:00:00Z", "a/b", "~"]),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["health", "x", 1]), max_size=3),
    st.dictionaries(st.sampled_from(["scheme", "value", "name", "other"]), st.just("x"), max_size=2),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a form with each of its keys."""
    here = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in here] + [place for key in here for place in places(value[key])]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """An example in which up to three things were dropped, replaced or added."""
    name = draw(st.sampled_from(sorted(EXAMPLES)))
    data = copy.deepcopy(EXAMPLES[name])
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(data) or [({}, "")]))
        deed = draw(st.sampled_from(["drop", "replace", "add"]))
        if deed == "add" and isinstance(container, dict):
            container[draw(st.sampled_from(["other", "relation", "desk", "conditions", "giver"]))] = draw(junk)
        elif deed == "drop":
            container.pop(key, None) if isinstance(container, dict) else container.pop(key)
        else:
            container[key] = draw(junk)
    return name.partition("/")[0], data


@given(case=mutated())
def test_both_validators_agree_on_examples_that_something_was_done_to(case: tuple[str, Any]) -> None:
    assert_agreed(*case)
