"""P7, field by field: what each desk reads against what was sent, with a reading of the schemas of its own."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sightline.entrypoints.demo.checks import entries
from sightline.entrypoints.demo.leaves import Leaf
from sightline.entrypoints.demo.week import Week
from sightline.kernel.share import share
from sightline.ledger.items import CHILD_PART, WHOLE, ItemEntry
from sightline.view.reading import ItemView

Json = Mapping[str, Any]
Found = tuple[str, str, frozenset[str]]
"""Path of a field without its numbers, its value as JSON, and the classes that it may hold."""


def shown_as_decided(week: Week, views: Mapping[str, list[ItemView]]) -> None:
    """Every decision splits what the item holds; every desk reads exactly the fields whose classes it is shown."""
    forms = dict(_forms(week))
    for leaf in week.leaves.all:
        if leaf.typ == "decision" and leaf.ref in forms:
            week.tally.check(
                "P7", _splits(leaf, forms[leaf.ref]), "a decision does not split the item's classes exactly"
            )
    for read in views.values():
        for view in read:
            week.tally.check(
                "P7", _reads(view, forms), f"what is shown of {week.titles.get(view.ref)} is not what was decided"
            )


def _splits(leaf: Leaf, form: list[Found]) -> bool:
    present = frozenset().union(*(classes for _, _, classes in form))
    withheld = frozenset(leaf.withheld)
    return leaf.shown | withheld == present and not leaf.shown & withheld


def _reads(view: ItemView, forms: Mapping[str, list[Found]]) -> bool:
    if view.state != "disclosed":
        return not view.body
    shown = frozenset(view.classes)
    read = Counter((path, value) for path, value, _ in _fields(view.type, view.body))
    if view.ref not in forms:
        return all(classes <= shown for _, _, classes in _fields(view.type, view.body))
    return read == Counter((path, value) for path, value, classes in forms[view.ref] if classes <= shown)


def _forms(week: Week) -> Iterator[tuple[str, list[Found]]]:
    """Each item with the fields that were sent for it: all of a form, one child's part, or all but those."""
    sent = {(one.actor.source, one.id): one.data for one in week.sent}
    for entry in entries(week.hub):
        if isinstance(entry, ItemEntry) and entry.digest:
            yield entry.ref, _fields(entry.type, _part(entry, sent[entry.source, entry.event_id]))


def _part(entry: ItemEntry, data: Json) -> Json:
    if entry.part == CHILD_PART:
        return {"child": data["children"][entry.index]}
    return data if entry.part == WHOLE else {name: value for name, value in data.items() if name != "children"}


def _fields(event_type: str, data: Json) -> list[Found]:
    schema = _documents()[f"sightline:/schemas/{event_type}/1"]
    if "child" in data and "child" not in schema["properties"]:
        schema = {**schema, "properties": {**schema["properties"], "child": schema["properties"]["children"]["items"]}}
    said = data.get("contains", {})
    return list(_walk(schema, data, "", said, _any(event_type)))


def _walk(schema: Json, value: Any, path: str, said: Json, any_class: frozenset[str]) -> Iterator[Found]:
    schema = _followed(schema)
    if "x-class" in schema:
        yield path, json.dumps(value, sort_keys=True), _classes(schema, path.rpartition("/")[2], said, any_class)
    elif "items" in schema:
        for one in value:
            yield from _walk(schema["items"], one, path, said, any_class)
    else:
        for name, one in value.items():
            below = schema.get("properties", {}).get(name, {"x-class": "unknown"})
            yield from _walk(below, one, f"{path}/{name}", said, any_class)


def _classes(schema: Json, name: str, said: Json, any_class: frozenset[str]) -> frozenset[str]:
    """A field's class; of free text also those that its sender says it may hold, or any if nothing was said."""
    own = frozenset({schema["x-class"]})
    if not schema.get("x-free-text"):
        return own
    # In a redacted form `contains` may be missing: then the text was shown, and only its place is compared.
    return own | (frozenset(said[name]) if name in said else any_class)


def _followed(schema: Json) -> Json:
    while "$ref" in schema:
        address, _, pointer = schema["$ref"].partition("#")
        target: Json = _documents()[address]
        for step in filter(None, pointer.split("/")):
            target = target[step]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


@cache
def _any(event_type: str) -> frozenset[str]:
    """Every class that a form of that type can hold."""
    found: set[str] = set()

    def look(schema: Json) -> None:
        full = _followed(schema)
        found.update([full["x-class"]] if "x-class" in full else [], full.get("x-may-contain", []))
        for below in (*full.get("properties", {}).values(), *([full["items"]] if "items" in full else [])):
            look(below)

    look(_documents()[f"sightline:/schemas/{event_type}/1"])
    return frozenset(found)


@cache
def _documents() -> Mapping[str, Json]:
    """Every schema by its address."""
    found = [json.loads(path.read_bytes()) for path in share("schemas").glob("*/*.json")]
    return {document["$id"]: document for document in found if "$id" in document}
