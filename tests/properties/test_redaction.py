"""Whatever the form and whatever is shown: nothing of another class survives, and no refusal or defect repeats a word."""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sightline.formats.fields import Fields
from sightline.formats.schema_tree import Node
from sightline.kernel.classes import CLASSES, UNKNOWN
from sightline.kernel.share import share
from sightline.ledger.redaction import redact
from tests.builders import the_schemas

SCHEMAS = the_schemas()
FIELDS = Fields(SCHEMAS)
CLASS_SETS = st.frozensets(st.sampled_from([*CLASSES, UNKNOWN]))
EXAMPLES = [
    (path.parent.name, json.loads(path.read_bytes()))
    for path in sorted((share("schemas") / "examples").glob("*.*/*.json"))
]
TAKEN = [(name, data) for name, data in EXAMPLES if SCHEMAS.check(name, 1, data, by_hub=True)[0] is None]
TEXTS = {name: [leaf.name for leaf in SCHEMAS.form(name, 1).root.walk() if leaf.free] for name in SCHEMAS.types()}


def leaves(value: Any, node: Node | None, under: frozenset[str], said: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Every scalar of a form, with the classes that must all be shown for it: the plainest reading of P7."""
    if isinstance(value, dict) and not (node and node.cls):
        for name, below in value.items():
            known = node.members.get(name) if node else None
            yield from leaves(below, known, under if known else frozenset({UNKNOWN}), said)
    elif isinstance(value, list) and not (node and node.cls):
        for below in value:
            yield from leaves(below, node.item if node else None, under, said)
    elif isinstance(value, str):
        yield value, needed(node, said) if node and node.cls else frozenset({UNKNOWN})


def needed(leaf: Node, said: Any) -> frozenset[str]:
    if not leaf.free:
        return frozenset({leaf.cls})
    return frozenset({leaf.cls}) | frozenset(said[leaf.name])


def canaries(node: Node, count: Iterator[int]) -> Any:
    """A form with something in every field, each text different from all others."""
    if node.name == "contains":
        return {}
    if node.cls:
        return f"canary-{next(count)}-{node.cls}"
    if node.item:
        return [canaries(node.item, count), canaries(node.item, count)]
    return {name: canaries(below, count) for name, below in node.members.items()} | {
        "stranger": f"canary-{next(count)}-?"
    }


def strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for below in value.values() for text in strings(below)}
    if isinstance(value, list):
        return {text for below in value for text in strings(below)}
    return {value} if isinstance(value, str) else set()


@given(
    name=st.sampled_from(sorted(TEXTS)),
    shown=CLASS_SETS,
    said=st.lists(st.frozensets(st.sampled_from(CLASSES)), min_size=9, max_size=40),
)
def test_no_canary_of_another_class_survives(name: str, shown: frozenset[str], said: list[frozenset[str]]) -> None:
    form = canaries(SCHEMAS.form(name, 1).root, iter(range(10_000)))
    may_hold = dict(zip(TEXTS[name], cycle(said), strict=False))
    form["contains"] = {text: sorted(classes) for text, classes in may_hold.items()}
    survived = strings(redact(FIELDS, name, 1, form, shown)) - strings(form["contains"])
    allowed = {
        text for text, needs in leaves(form, SCHEMAS.form(name, 1).root, frozenset(), may_hold) if needs <= shown
    }
    # A canary does not fit its field (it is no date, no code), so it may be unknown and go; it may never come.
    assert {text for text in survived if not text.endswith("-?")} <= allowed | (
        strings(form) if UNKNOWN in shown else set()
    )
    assert UNKNOWN in shown or not any(text.endswith("-?") for text in survived)


@given(example=st.sampled_from(TAKEN), shown=st.frozensets(st.sampled_from(CLASSES)))
def test_what_is_left_has_only_classes_that_are_shown(example: tuple[str, Any], shown: frozenset[str]) -> None:
    name, data = example
    said = data.get("contains", {})
    kept = redact(FIELDS, name, 1, data, shown)
    # What may be held is said by the whole form, whether or not `contains` itself is shown.
    again = FIELDS.classes_present(name, 1, {**kept, "contains": said} if said else kept)
    assert again - {"administrative"} <= shown


@given(example=st.sampled_from(EXAMPLES), less=CLASS_SETS, more=CLASS_SETS)
def test_showing_more_never_hides_anything(
    example: tuple[str, Any], less: frozenset[str], more: frozenset[str]
) -> None:
    name, data = example
    assert strings(redact(FIELDS, name, 1, data, less)) <= strings(redact(FIELDS, name, 1, data, less | more))


@given(example=st.sampled_from(EXAMPLES))
def test_showing_the_classes_present_shows_everything(example: tuple[str, Any]) -> None:
    name, data = example
    kept = redact(FIELDS, name, 1, data, FIELDS.classes_present(name, 1, data))
    assert strings(kept) == strings(data)


@given(example=st.sampled_from(TAKEN), shown=CLASS_SETS)
def test_redacting_twice_is_redacting_once(example: tuple[str, Any], shown: frozenset[str]) -> None:
    name, data = example
    once = redact(FIELDS, name, 1, data, shown | {"administrative"})
    assert redact(FIELDS, name, 1, once, shown | {"administrative"}) == once


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """An example with a canary put in the place of something, or beside it under a canary's name."""
    name, data = draw(st.sampled_from(EXAMPLES))
    data = json.loads(json.dumps(data))
    place: Any = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or draw(st.integers(0, 3)) == 0:
            place[key] = draw(st.sampled_from(["canary", {"canary": "canary"}, ["canary"], {"canary": 1}]))
            break
        place = place[key]
    if isinstance(place, dict):
        place["canary"] = "canary"
    return name, data


@given(case=spoilt())
def test_no_refusal_and_no_defect_repeats_what_was_sent(case: tuple[str, Any]) -> None:
    name, data = case
    said = repr(SCHEMAS.check(name, 1, data, by_hub=True))
    assert "canary" not in said
    assert not any(text in said for text in strings(data) if len(text) > 20)


@given(case=spoilt(), shown=st.frozensets(st.sampled_from(CLASSES)))
def test_no_name_that_a_schema_does_not_know_is_ever_shown(case: tuple[str, Any], shown: frozenset[str]) -> None:
    name, data = case
    kept = redact(FIELDS, name, 1, data, shown)
    assert "canary" not in json.dumps(list(names_of(kept)))


def names_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from names_of(below)
    elif isinstance(value, list):
        for below in value:
            yield from names_of(below)
