"""What of a form a desk may read: exactly the fields whose class its decision shows (P7). A field is whole or absent."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sightline.formats.faults import WHOLE, Faults
from sightline.formats.fields import Fields, Texts
from sightline.formats.schema_tree import Node
from sightline.kernel.classes import UNKNOWN
from sightline.kernel.values import Defect

_NOTHING: Any = object()


def redact(
    fields: Fields,
    event_type: str,
    version: int,
    data: Mapping[str, Any],
    shown: AbstractSet[str],
    defects: Sequence[Defect] = (),
    *,
    part: str = "whole",
) -> dict[str, Any]:
    """The form, less every field whose class is not in `shown`; what is left empty goes with its fields.

    Free text stays only where its own class and every class it may hold are shown. What no schema names, what
    deviates from its schema, and what `defects` recorded has the class ``unknown``.
    """
    form = fields.form(event_type, version, part)
    kept = _Redaction(Texts(form, data), shown).keep(form.root, data, form.faults(data, defects))
    return {} if kept is _NOTHING else kept


class _Redaction:
    """One walk over one form for one set of classes."""

    def __init__(self, texts: Texts, shown: AbstractSet[str]) -> None:
        self._texts = texts
        self._shown = shown
        self._unknown = UNKNOWN in shown

    def keep(self, node: Node, value: Any, faults: Faults | None) -> Any:
        """The value less what is not shown; `_NOTHING` if nothing is left of it."""
        if faults is WHOLE:
            return value if self._unknown else _NOTHING
        if node.cls:
            return value if self._shows(node) else _NOTHING
        if node.item is not None:
            return self._items(node.item, value, faults)
        return self._members(node, value, faults)

    def _shows(self, leaf: Node) -> bool:
        return self._texts.may_hold(leaf) <= self._shown if leaf.free else leaf.cls in self._shown

    def _items(self, item: Node, value: Any, faults: Faults | None) -> Any:
        if type(value) is not list:
            return value if self._unknown else _NOTHING
        kept = [self.keep(item, one, faults and faults.get(index)) for index, one in enumerate(value)]
        return [one for one in kept if one is not _NOTHING] or _NOTHING

    def _members(self, node: Node, value: Any, faults: Faults | None) -> Any:
        if type(value) is not dict:
            return value if self._unknown else _NOTHING
        kept = {name: self._member(node, name, one, faults) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one is not _NOTHING} or _NOTHING

    def _member(self, node: Node, name: str, value: Any, faults: Faults | None) -> Any:
        below = node.members.get(name)
        if below is None:
            return value if self._unknown else _NOTHING
        return self.keep(below, value, faults and faults.get(name))
