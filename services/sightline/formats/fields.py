"""Which confidentiality classes a form holds: what a decision about it must split into shown and withheld (P7)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.formats.faults import WHOLE, Faults
from sightline.formats.schema_tree import Node
from sightline.formats.schemas import Form, Schemas
from sightline.kernel.classes import CLASSES, UNKNOWN
from sightline.kernel.values import Defect

_CLASSES = frozenset(CLASSES)


class Fields:
    """Classes of the fields of a form, or of one part of a form about several children."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def form(self, event_type: str, version: int, part: str = "whole") -> Form:
        """The compiled form. Raises `Corrupt` for an unknown one."""
        return self._schemas.form(event_type, version, part)

    def all_classes(self, event_type: str, version: int, *, part: str = "whole") -> tuple[str, ...]:
        """Every class that the type can have, present or not, sorted: what `told: classes` may name."""
        return self.form(event_type, version, part).classes

    def classes_present(
        self,
        event_type: str,
        version: int,
        data: Mapping[str, Any],
        defects: Sequence[Defect] = (),
        *,
        part: str = "whole",
    ) -> frozenset[str]:
        """Classes of the fields that are there, and of what their free text may hold.

        ``unknown`` is among them if anything is not understood, now or (`defects`) when the form was accepted.
        """
        form = self.form(event_type, version, part)
        found: set[str] = set()
        _collect(form.root, data, form.faults(data, defects), Texts(form, data), found)
        return frozenset(found)


class Texts:
    """What each free text of one form may hold, by its sender's `contains`."""

    def __init__(self, form: Form, data: Mapping[str, Any]) -> None:
        self._any = form.any_text
        self._said = _contains(data)

    def may_hold(self, text: Node) -> frozenset[str]:
        """The text's own class, and those named for it; every class of the form if none were (P7)."""
        return self._said.get(text.name, self._any) | {text.cls}


def _contains(data: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    said = data.get("contains")
    if type(said) is not dict:
        return {}
    return {name: frozenset(classes) for name, classes in said.items() if _are_classes(classes)}


def _are_classes(classes: object) -> bool:
    """False for what is not a list of known classes: such a word of the sender's narrows nothing."""
    return isinstance(classes, list) and all(isinstance(name, str) and name in _CLASSES for name in classes)


def _collect(node: Node, value: Any, faults: Faults | None, texts: Texts, found: set[str]) -> None:
    if faults is WHOLE:
        found.add(UNKNOWN)
    elif node.free:
        found |= texts.may_hold(node)
    elif node.cls:
        found.add(node.cls)
    elif node.item is not None:
        _collect_items(node.item, value, faults, texts, found)
    else:
        _collect_members(node, value, faults, texts, found)


def _collect_items(item: Node, value: Any, faults: Faults | None, texts: Texts, found: set[str]) -> None:
    if type(value) is not list:
        found.add(UNKNOWN)
        return
    for index, one in enumerate(value):
        _collect(item, one, faults and faults.get(index), texts, found)


def _collect_members(node: Node, value: Any, faults: Faults | None, texts: Texts, found: set[str]) -> None:
    if type(value) is not dict:
        found.add(UNKNOWN)
        return
    for name, one in value.items():
        below = node.members.get(name)
        if below is None:
            found.add(UNKNOWN)
        else:
            _collect(below, one, faults and faults.get(name), texts, found)


def child_part(data: Mapping[str, Any], index: int) -> dict[str, Any]:
    """One child's part of a form about several: ``{"child": ...}``, and nothing that is shared."""
    return {"child": data["children"][index]}


def shared_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """A form about several children without the children's parts."""
    return {name: value for name, value in data.items() if name != "children"}


def child_defects(defects: Sequence[Defect], index: int) -> tuple[Defect, ...]:
    """The defects of one child's part, pointing into ``child_part(data, index)``."""
    prefix = f"/children/{index}/"
    return tuple(
        Defect(code=defect.code, pointer="/child/" + defect.pointer.removeprefix(prefix))
        for defect in defects
        if defect.pointer.startswith(prefix)
    )


def shared_defects(defects: Sequence[Defect]) -> tuple[Defect, ...]:
    """The defects outside the children's parts."""
    return tuple(defect for defect in defects if not defect.pointer.startswith("/children/"))
