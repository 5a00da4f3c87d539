"""Every field that can be written has exactly one confidentiality class, a source and a bound (P7)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sightline.formats.schema_tree import Resolver
from sightline.kernel.classes import CLASSES
from sightline.kernel.share import share
from tests.builders import the_schemas

SCHEMAS = the_schemas()
FOLDER = share("schemas")
DOCUMENTS = {
    (document := json.loads(path.read_bytes()))["$id"]: document
    for folder in ("*.*", "common", "codes")
    for path in sorted(FOLDER.glob(f"{folder}/*.json"))
}
RESOLVE = Resolver(DOCUMENTS)
ROW = re.compile(r"[SFTNDVAQ]-[A-Z]*-?[A-Z]?[0-9]+|5\.1|P7|3x5x2|†")
"""A row of the protocol catalogue, its section on consent, a promise, the intelligence form, or † for ours."""

Place = tuple[str, dict[str, Any]]


def fields(schema: dict[str, Any], pointer: str = "", above: tuple[Place, ...] = ()) -> Iterator[tuple[Place, ...]]:
    """Every way from the form down to a member without members: the places on it, resolved."""
    full = RESOLVE(schema)
    here = (*above, (pointer, full))
    below = [*full.get("properties", {}).items(), *([("-", full["items"])] if "items" in full else [])]
    if not below or "x-class" in full:
        yield here
    for name, member in [] if "x-class" in full else below:
        yield from fields(member, f"{pointer}/{name}", here)


def fields_of(name: str) -> list[tuple[Place, ...]]:
    """The ways to every field of a type, each as its places from the form down to the leaf."""
    return list(fields(SCHEMAS.schema(name, 1)))


def is_bounded(leaf: dict[str, Any]) -> bool:
    """True for a leaf whose size has a limit that its schema says."""
    kind = leaf.get("type")
    if "enum" in leaf or "const" in leaf or kind == "boolean":
        return True
    if kind == "integer":
        return {"minimum", "maximum"} <= leaf.keys()
    if kind == "object":
        return leaf.get("additionalProperties") is False and all("maxItems" in p for p in leaf["properties"].values())
    return kind == "string" and ("maxLength" in leaf or ("pattern" in leaf and not set("*+") & set(unescaped(leaf))))


def unescaped(leaf: dict[str, Any]) -> str:
    """The pattern without what stands in brackets, where a star is a star."""
    pattern, inside, out = leaf["pattern"], False, ""
    for sign in pattern:
        inside = (inside or sign == "[") and sign != "]"
        out += "" if inside else sign
    return out


@pytest.mark.parametrize("name", SCHEMAS.types())
def test_every_field_has_exactly_one_known_class(name: str) -> None:
    for way in fields_of(name):
        classes = [place["x-class"] for _, place in way if "x-class" in place]
        assert len(classes) == 1, way[-1][0]
        assert classes[0] in CLASSES, way[-1][0]


@pytest.mark.parametrize("name", SCHEMAS.types())
def test_every_field_names_its_catalogue_row_or_is_marked_as_ours(name: str) -> None:
    assert not [way[-1][0] for way in fields_of(name) if not ROW.fullmatch(way[-1][1].get("x-catalogue", ""))]


@pytest.mark.parametrize("name", SCHEMAS.types())
def test_every_field_and_every_list_is_bounded(name: str) -> None:
    for *above, (pointer, leaf) in fields_of(name):
        assert is_bounded(leaf), pointer
        for place, one in above:
            assert "maxItems" in one or one.get("additionalProperties") is False, place


@pytest.mark.parametrize("name", SCHEMAS.types())
def test_contains_speaks_of_exactly_the_free_texts(name: str) -> None:
    texts = [leaf.name for leaf in SCHEMAS.form(name, 1).root.walk() if leaf.free]
    assert len(texts) == len(set(texts)), "two free texts of one name: contains could not tell them apart"
    contains = SCHEMAS.schema(name, 1)["properties"].get("contains", {"properties": {}})
    assert sorted(contains["properties"]) == sorted(texts)


@pytest.mark.parametrize("name", [name for name in SCHEMAS.types() if SCHEMAS.is_hub_type(name)])
def test_only_the_hubs_own_forms_ask_something_of_an_owner(name: str) -> None:
    assert "duty" in SCHEMAS.form(name, 1).classes
    partners = [other for other in SCHEMAS.types() if not SCHEMAS.is_hub_type(other)]
    assert not any("duty" in SCHEMAS.form(other, 1).classes for other in partners)


@pytest.mark.parametrize("part", ["child", "shared"])
def test_the_parts_of_a_form_about_several_children_are_the_form(part: str) -> None:
    form = SCHEMAS.form("cpi.submitted", 1, part)
    whole = SCHEMAS.form("cpi.submitted", 1)
    assert set(form.classes) <= set(whole.classes)
    assert form.any_text == whole.any_text == set(whole.classes)


def test_a_childs_part_holds_no_free_text() -> None:
    assert not any(leaf.free for leaf in SCHEMAS.form("cpi.submitted", 1, "child").root.walk())


def test_the_class_list_of_the_schemas_is_the_kernels() -> None:
    assert DOCUMENTS["sightline:/schemas/codes/classes"]["enum"] == list(CLASSES)


def test_every_document_stands_where_its_id_says() -> None:
    stands = {
        "sightline:/schemas/" + str(path.relative_to(FOLDER).with_suffix("")): json.loads(path.read_bytes())["$id"]
        for folder in ("*.*", "common", "codes")
        for path in FOLDER.glob(f"{folder}/*.json")
    }
    assert all(address == named for address, named in stands.items())
