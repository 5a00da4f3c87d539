"""Every form that the hub knows, compiled once: does this one fit, and what of it is not understood?"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from sightline.formats.faults import Faults, Judgement, faults_of, recorded
from sightline.formats.form_rows import COMMON as SHARED_MEMBERS
from sightline.formats.form_rows import FormRow, rows
from sightline.formats.identifiers import identifier_is_valid
from sightline.formats.schema_tree import Document, Node, Resolver, tree
from sightline.kernel.errors import Corrupt
from sightline.kernel.share import share
from sightline.kernel.values import Defect, Refusal

PARTS = ("whole", "child", "shared")
"""What of a form an item holds: all of it, ``{"child": ...}`` of one of its children, or all but ``children``."""

_VERSION = re.compile(r"[0-9]+\Z")
_COMMON = "sightline:/schemas/common/1"
_CODES = "sightline:/schemas/codes/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One part of one version of one type, ready to be used."""

    root: Node
    validator: Any
    names: frozenset[str]
    """Every property name of the schema: the only names that may appear in a pointer."""
    classes: tuple[str, ...]
    """Sorted: every class that a field of this part has, or that its free text may hold."""
    any_text: frozenset[str]
    """What a free text may hold of which `contains` says nothing: every class of the whole form (P7)."""

    def judge(self, data: Any) -> Judgement | None:
        """The deviations from the schema, or None for a form that fits it."""
        if self.validator.is_valid(data):
            return None
        return Judgement(self.root, self.names).take(self.validator.iter_errors(data))

    def faults(self, data: Any, defects: Sequence[Defect] = ()) -> Faults | None:
        """Places that are not understood: those that deviate now and those recorded when the form was accepted."""
        judgement = self.judge(data)
        if judgement is None and not defects:
            return None
        return faults_of([*recorded(defects), *(judgement.faulty if judgement else ())])


class Schemas:
    """The forms by type and version. Refusals and defects never repeat a value, nor a name that no schema knows."""

    def __init__(self, documents: Mapping[str, Document], duty_types: frozenset[str]) -> None:
        """Take every document whose ``$id`` is ``sightline:/schemas/<noun>.<what happened>/<version>``."""
        self._documents = documents
        self._registry = jsonschema_rs.Registry(list(documents.items()))
        self._resolve = Resolver(documents)
        self._schemas = {key: document for address, document in documents.items() if (key := _key(address))}
        # Compiled when first asked for: a form takes a megabyte, and few hubs see every form there is.
        self._forms: dict[tuple[str, int], dict[str, Form]] = {}
        self._types = tuple(sorted({name for name, _ in self._schemas}))
        self._hub_types = frozenset(name for (name, _), document in self._schemas.items() if document.get("x-hub"))
        self._needs_no_sharing = duty_types | self._hub_types

    @classmethod
    def load(cls, folder: Path | None = None, *, duty_types: frozenset[str] | None = None) -> "Schemas":
        """The schemas of a folder (default: the repository's or the wheel's) and the duties of the policies' data."""
        folder = folder or share("schemas")
        return cls(dict(_read(folder)), duty_types if duty_types is not None else _duty_types())

    def types(self) -> tuple[str, ...]:
        """Every event type, the hub's own item types included, sorted."""
        return self._types

    def is_hub_type(self, event_type: str) -> bool:
        """True for the hub's own items, which no partner may send."""
        return event_type in self._hub_types

    def schema(self, event_type: str, version: int) -> Document:
        """The schema as published. Raises `Corrupt` for one that does not exist."""
        if (event_type, version) not in self._schemas:
            raise Corrupt("schema_unknown", f"no schema for version {version} of this type")
        return self._schemas[event_type, version]

    def rows(self, event_type: str, version: int) -> tuple[FormRow, ...]:
        """The fields of a form for a person to read. Raises `Corrupt` for one that does not exist."""
        return rows(self.schema(event_type, version), self._resolve)

    def shared_rows(self) -> tuple[FormRow, ...]:
        """The fields that forms share, for a person to read."""
        shared = self._documents[_COMMON]["$defs"]
        members = {name: shared[name] for name in SHARED_MEMBERS if name in shared}
        return rows({"properties": members}, self._resolve, common=True)

    def code_lists(self) -> tuple[Document, ...]:
        """The published code lists, by name."""
        return tuple(self._documents[address] for address in sorted(self._documents) if address.startswith(_CODES))

    def form(self, event_type: str, version: int, part: str = "whole") -> Form:
        """A compiled form. Raises `Corrupt` for one that does not exist: what is stored was checked when it came."""
        try:
            return self._compiled(event_type, version)[part]
        except KeyError as exc:
            raise Corrupt("schema_unknown", f"no such schema, or it has no part {part}") from exc

    def check(
        self, event_type: str, version: int, data: Any, *, by_hub: bool = False
    ) -> tuple[Refusal | None, tuple[Defect, ...]]:
        """Whether a form is taken, and what of it is not understood (design §5).

        Refused: unknown type or version (the hub's own types, unless `by_hub`), a missing mandatory field, a fault in
        one, or in what says which child, to whom, not to whom and why. Any other fault is a defect. `data` is what
        `strict_json` made of the signed bytes.
        """
        refusal = self._stranger(event_type, version, by_hub)
        if refusal:
            return refusal, ()
        judgement = self._compiled(event_type, version)["whole"].judge(data)
        refusal = (judgement.refusal() if judgement else None) or self._beyond(event_type, data)
        return refusal, judgement.kept() if judgement and not refusal else ()

    def _stranger(self, event_type: str, version: int, by_hub: bool) -> Refusal | None:
        if event_type not in self._types or (event_type in self._hub_types and not by_hub):
            return Refusal(code="unknown_type", detail="the hub does not know this type, or partners may not send it")
        if (event_type, version) not in self._schemas:
            return Refusal(code="unknown_version", detail="the hub has no such version of this type")
        return None

    def _beyond(self, event_type: str, data: Mapping[str, Any]) -> Refusal | None:
        """What a schema cannot say: that a sharing is justified unless the type is a duty, and check digits."""
        if "sharing" not in data and event_type not in self._needs_no_sharing:
            return Refusal(code="schema_missing_field", detail="not a duty: say why it is shared", pointer="/sharing")
        for where, child in _children(data):
            for index, identifier in enumerate(child.get("identifiers", ())):
                if not identifier_is_valid(identifier["scheme"], identifier["value"]):
                    pointer = f"{where}/identifiers/{index}"
                    return Refusal(code="identifier_invalid", detail="unknown scheme or wrong digit", pointer=pointer)
        return None

    def _compiled(self, event_type: str, version: int) -> dict[str, Form]:
        """The form and its parts. Two threads may both compile it; what they make is the same."""
        key = (event_type, version)
        if key not in self._forms:
            self._forms[key] = self._parts(self._schemas[key])
        return self._forms[key]

    def _parts(self, document: Document) -> dict[str, Form]:
        properties = document["properties"]
        whole = self._form(document)
        if "children" not in properties:
            return {"whole": whole}
        child = _object({"child": {**properties["children"]["items"], "x-refuse": "own"}}, ["child"])
        shared = {**document, "properties": {name: node for name, node in properties.items() if name != "children"}}
        return {
            "whole": whole,
            "child": self._form({"$schema": document["$schema"], **child}, whole.any_text),
            "shared": self._form({key: value for key, value in shared.items() if key != "$id"}, whole.any_text),
        }

    def _form(self, document: Document, any_text: frozenset[str] | None = None) -> Form:
        root = tree(document, self._resolve)
        leaves = [node for node in root.walk() if node.cls]
        classes = frozenset().union(*({leaf.cls} | leaf.may for leaf in leaves))
        return Form(
            root=root,
            validator=jsonschema_rs.Draft202012Validator(
                document, registry=self._registry, validate_formats=True, offline=True
            ),
            names=frozenset(node.name for node in root.walk()),
            classes=tuple(sorted(classes)),
            any_text=classes if any_text is None else any_text,
        )


def _children(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "child" in data:
        yield "/child", data["child"]
    for index, child in enumerate(data.get("children", ())):
        yield f"/children/{index}", child


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _key(address: str) -> tuple[str, int] | None:
    """Type and version of a form's address; None for shared definitions and code lists."""
    name, _, version = address.removeprefix("sightline:/schemas/").partition("/")
    return (name, int(version)) if "." in name and _VERSION.match(version) else None


def _read(folder: Path) -> Iterator[tuple[str, Document]]:
    for path in sorted([*folder.glob("*.*/*.json"), *folder.glob("common/*.json"), *folder.glob("codes/*.json")]):
        document = json.loads(path.read_bytes())
        yield document["$id"], document


def _duty_types() -> frozenset[str]:
    """Types that need no `sharing`, because a duty makes the sharing right (design §5)."""
    duties = json.loads((share("policies") / "data" / "duties.json").read_bytes())
    return frozenset(duties["duty_types"])
