"""Facts for the engines' contract: the shared examples, and strategies drawn from the closed schema itself."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sightline.formats.canonical import canonical

ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "policies"
EXAMPLES = sorted((ROOT / "schemas" / "examples" / "facts").glob("*.json"))
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas" / "facts.json").read_bytes())

Facts = dict[str, dict[str, Any]]

_PATTERNED = {"told_by_duty": ["N-03", "N-04", "N-12", "N-20", "N-21", "N-22", "N-27", "N-34"], "law": ["CA04-16LA"]}
"""Values for the two arrays whose schema gives only a form."""


def _field(name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "boolean":
        return st.booleans()
    codes = schema["items"].get("enum") or _PATTERNED[name]
    return st.sets(st.sampled_from(codes), max_size=6 if name == "classes" else 2).map(sorted)


def _group(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: _field(name, field) for name, field in schema["properties"].items()})


def any_facts() -> st.SearchStrategy[Facts]:
    """Every combination that the schema allows, likely or not."""
    return st.fixed_dictionaries({name: _group(group) for name, group in SCHEMA["properties"].items()})


def likely_facts() -> st.SearchStrategy[Facts]:
    """An example with a few facts drawn anew: most random facts are denied at once, these come near the rules' edges."""
    fields = [(group, name) for group, schema in SCHEMA["properties"].items() for name in schema["properties"]]
    examples = [json.loads(path.read_bytes())["facts"] for path in EXAMPLES]

    @st.composite
    def draw_likely(draw: st.DrawFn) -> Facts:
        facts: Facts = {group: dict(members) for group, members in draw(st.sampled_from(examples)).items()}
        for group, name in draw(st.lists(st.sampled_from(fields), max_size=4, unique=True)):
            facts[group][name] = draw(_field(name, SCHEMA["properties"][group]["properties"][name]))
        return facts

    return draw_likely()


def with_unknown() -> list[tuple[str, str, list[str]]]:
    """Every fact that may be unknown, with its known values."""
    return [
        (group, name, [value for value in field["enum"] if value != "unknown"])
        for group, schema in SCHEMA["properties"].items()
        for name, field in schema["properties"].items()
        if "unknown" in field.get("enum", ())
    ]


def but(facts: Facts, group: str, **changes: Any) -> Facts:
    """The facts with some of one group otherwise."""
    return {**facts, group: {**facts[group], **changes}}


def written(facts: Facts) -> bytes:
    """The facts as the engines are given them."""
    return canonical(facts)
