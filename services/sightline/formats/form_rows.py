"""A form as rows that a person can read: each field with what it takes, its class, its catalogue row and what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.formats.schema_tree import Document, Resolver

COMMON = ("child", "children", "sharing", "to", "exclude", "urgency", "attachments", "contains")
"""Members that forms share. They are described once, not in every form."""

_CODES = "sightline:/schemas/codes/"
_KINDS = {
    "address": "address",
    "approximate_date": "date, as far as known",
    "date": "date",
    "date_time": "date and time",
    "desk": "desk",
    "desk_or_agency": "desk or agency",
    "email": "e-mail address",
    "name": "name or short text",
    "phone": "telephone",
    "place": "place",
    "ref": "reference",
}
"""Shared definition to words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FormRow:
    """One field of a form, or one of its lists or groups of fields (then without a class)."""

    field: str
    """Names from the form down, with dots between; ``[]`` after a list."""
    takes: str
    """What it may hold, in words."""
    cls: str
    row: str
    """Row of the protocol catalogue; † for ours."""
    required: bool
    """Without it, what holds it does not fit: the form, or the group of fields."""
    says: str
    """What this form says of it; not what a shared definition says anyway."""


def rows(document: Document, resolve: Resolver, *, common: bool = False) -> tuple[FormRow, ...]:
    """The fields of a form in the schema's order. The members that all forms share only if asked for."""
    required = document.get("required", ())
    return tuple(
        row
        for name, member in document["properties"].items()
        if common or name not in COMMON
        for row in _of(name, member, resolve, required=name in required)
    )


def _of(field: str, member: Document, resolve: Resolver, *, required: bool) -> Iterator[FormRow]:
    full = resolve(member)
    if "x-class" in full:
        yield FormRow(
            field=field,
            takes=_takes(member, full),
            cls=full["x-class"],
            row=full.get("x-catalogue", ""),
            required=required,
            says=member.get("description", ""),
        )
    elif "items" in full:
        yield from _listed(field, full, resolve, required=required)
    else:
        yield from _group(field, full, resolve, required=required, takes="fields")


def _listed(field: str, full: Document, resolve: Resolver, *, required: bool) -> Iterator[FormRow]:
    items = resolve(full["items"])
    if "x-class" in items:
        one = next(_of(f"{field}[]", full["items"], resolve, required=required))
        says = full.get("description") or one.says
        takes = f"list of {one.takes}, up to {full['maxItems']}"
        yield FormRow(field=one.field, takes=takes, cls=one.cls, row=one.row, required=required, says=says)
        return
    described = {**items, "description": full.get("description", items.get("description", ""))}
    yield from _group(f"{field}[]", described, resolve, required=required, takes=f"list, up to {full['maxItems']}")


def _group(field: str, full: Document, resolve: Resolver, *, required: bool, takes: str) -> Iterator[FormRow]:
    yield FormRow(field=field, takes=takes, cls="", row="", required=required, says=full.get("description", ""))
    inner = full.get("required", ())
    for name, member in full.get("properties", {}).items():
        yield from _of(f"{field}.{name}", member, resolve, required=name in inner)


def _takes(member: Document, full: Document) -> str:
    target = member.get("$ref", "")
    if target.startswith(_CODES):
        return f"code of {target.removeprefix(_CODES)}"
    if full.get("x-free-text"):
        return f"text, up to {full['maxLength']}"
    if target:
        return _KINDS[target.rpartition("/")[2]]
    return _plain(full)


def _plain(full: Mapping[str, Any]) -> str:
    """What a schema without a name takes."""
    if "enum" in full:
        return "one of " + ", ".join(map(str, full["enum"]))
    if "const" in full:
        return str(full["const"]).lower()
    if full.get("type") == "integer":
        step = f", a multiple of {full['multipleOf']}" if "multipleOf" in full else ""
        return f"{full['minimum']} to {full['maximum']}{step}"
    if full.get("type") == "boolean":
        return "true or false"
    return f"text like {full['pattern']}" if "pattern" in full else "lists of classes by name of a text"
