"""A schema as a tree of fields: what each member is called, its class, and what a fault in it means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.kernel.errors import Corrupt

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One member of a form. A node with a class is a leaf, whatever it holds; the others have members or items."""

    name: str
    """The nearest property name: how `contains` speaks of a free text."""
    cls: str = ""
    """Class of a leaf; empty otherwise."""
    free: bool = False
    """True for free text."""
    may: frozenset[str] = frozenset()
    """Classes that a free text may hold beside the classes of its form's fields."""
    mandatory: bool = False
    """A fault of this member itself refuses the form."""
    strict: bool = False
    """A fault anywhere inside refuses the form."""
    members: Mapping[str, "Node"] = field(default_factory=dict)
    item: "Node | None" = None

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for below in (*self.members.values(), *((self.item,) if self.item else ())):
            yield from below.walk()

    def child(self, step: str | int) -> "Node | None":
        """The node one step down, if the schema knows it."""
        return self.item if isinstance(step, int) else self.members.get(step)


class Resolver:
    """Documents by their ``$id``, and the schema that a ``$ref`` into them means, with its own members laid over."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    def __call__(self, schema: Document) -> Document:
        """The schema with its ``$ref``, if any, followed to the end. Raises `Corrupt` for one that leads nowhere."""
        while "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**self._target(schema["$ref"]), **rest}
        return schema

    def _target(self, ref: str) -> Document:
        address, _, pointer = ref.partition("#")
        try:
            found: Any = self._documents[address]
            for step in filter(None, pointer.split("/")):
                found = found[step]
        except KeyError as exc:
            raise Corrupt("schema_reference", f"{ref} leads nowhere") from exc
        target: Document = found
        return target


def tree(schema: Document, resolve: Resolver) -> Node:
    """The fields of one form. Raises `Corrupt` for a reference that leads nowhere."""
    return _node(schema, resolve, name="", mandatory=True, strict=False)


def _node(schema: Document, resolve: Resolver, *, name: str, mandatory: bool, strict: bool) -> Node:
    full = resolve(schema)
    strict = strict or full.get("x-refuse") == "any"
    mandatory = mandatory or strict or full.get("x-refuse") == "own"
    common: dict[str, Any] = {"name": name, "mandatory": mandatory, "strict": strict}
    if "x-class" in full:
        return _leaf(full, common)
    if "items" in full:
        return Node(**common, item=_node(full["items"], resolve, **common))
    return Node(**common, members=_members(full, resolve, common))


def _leaf(full: Document, common: Mapping[str, Any]) -> Node:
    free = bool(full.get("x-free-text"))
    return Node(**common, cls=full["x-class"], free=free, may=frozenset(full.get("x-may-contain", ())))


def _members(full: Document, resolve: Resolver, common: Mapping[str, Any]) -> dict[str, Node]:
    required = full.get("required", ()) if common["mandatory"] else ()
    return {
        name: _node(below, resolve, name=name, mandatory=name in required, strict=common["strict"])
        for name, below in full.get("properties", {}).items()
    }
