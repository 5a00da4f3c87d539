"""What a form's deviations from its schema mean: the form is refused, or the field is kept and shown to nobody.

Strict where it protects, lenient where a child could be lost (design §5).
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sightline.formats.schema_tree import Node
from sightline.kernel.values import Defect, Refusal

Path = tuple[str | int, ...]
Faults = dict[str | int, Any]
"""Faulty places as a tree by step; `WHOLE` stands where everything from there down is not understood."""

WHOLE: Faults = {}
"""Compared by identity: an inner tree is never empty."""

LIMIT = 500
"""A form with more deviations than this is refused rather than listed."""

_MISSING = {"required", "anyOf"}


class Judgement:
    """The deviations of one form, sorted by what they lead to. Keeps no value and no unknown name."""

    def __init__(self, root: Node, names: frozenset[str]) -> None:
        self._root = root
        self._names = names
        self.refusals: set[tuple[str, str]] = set()
        self.defects: set[tuple[str, str]] = set()
        self.faulty: list[Path] = []
        """Places of class ``unknown``; unknown fields are not among them, whoever walks the form meets those."""

    def take(self, errors: Iterable[Any]) -> "Judgement":
        """Judge what a validator reports; reads at most `LIMIT` of it."""
        reported = list(islice(errors, LIMIT + 1))
        for error in reported[:LIMIT]:
            self._judge(tuple(error.instance_path), error.kind)
        if len(reported) > LIMIT:
            self.refusals.add(("schema_invalid_field", ""))
        return self

    def refusal(self) -> Refusal | None:
        """The first of the refusals by pointer, so that the same form is always refused in the same words."""
        if not self.refusals:
            return None
        pointer, code = min((pointer, code) for code, pointer in self.refusals)
        return Refusal(code=code, detail=_DETAIL[code], pointer=pointer)

    def kept(self) -> tuple[Defect, ...]:
        """What is kept without being understood, each place once."""
        return tuple(Defect(code=code, pointer=pointer) for pointer, code in sorted((p, c) for c, p in self.defects))

    def _judge(self, path: Path, kind: Any) -> None:
        node, place = self._at(path)
        if kind.name == "additionalProperties":
            self._unknown_field(path, node)
        elif node.mandatory:
            self._refuse(path, place, kind)
        else:
            self.faulty.append(place)
            self.defects.add(("unknown_code" if kind.name == "enum" else "malformed_field", self._pointer(path)))

    def _refuse(self, path: Path, place: Path, kind: Any) -> None:
        if kind.name in _MISSING:
            missing: Path = (kind.property,) if kind.name == "required" else ()
            self.refusals.add(("schema_missing_field", self._pointer(path + missing)))
        else:
            self.faulty.append(place)
            self.refusals.add(("schema_invalid_field", self._pointer(path)))

    def _unknown_field(self, path: Path, node: Node) -> None:
        pointer = self._pointer(path) + "/~"
        if node.cls:
            self.faulty.append(path)
        if node.strict:
            self.refusals.add(("schema_invalid_field", pointer))
        else:
            self.defects.add(("unknown_field", pointer))

    def _at(self, path: Path) -> tuple[Node, Path]:
        """The node at a place and the place, or those of the leaf above it: a leaf may hold a structure of its own."""
        node = self._root
        for depth, step in enumerate(path):
            below = node.child(step)
            if below is None:
                return node, path[:depth]
            node = below
        return node, path

    def _pointer(self, path: Path) -> str:
        known = (str(step) if isinstance(step, int) or step in self._names else "~" for step in path)
        return "".join(f"/{step}" for step in known)


_DETAIL = {
    "schema_missing_field": "a mandatory field is missing",
    "schema_invalid_field": "a field that must be understood does not fit its schema",
}


def faults_of(paths: Iterable[Path]) -> Faults | None:
    """The faulty places as a tree, or None for none. A place inside another faulty one is part of it."""
    root: Faults = {}
    for path in paths:
        if not path:
            return WHOLE
        _mark(root, path)
    return root or None


def _mark(tree: Faults, path: Path) -> None:
    for step in path[:-1]:
        below = tree.setdefault(step, {})
        if below is WHOLE:
            return
        tree = below
    tree[path[-1]] = WHOLE


def path_of(pointer: str) -> Path:
    """The place that a JSON pointer of known names means; all digits is an index, for no field is named so."""
    return tuple(int(step) if step.isdigit() else step for step in pointer.split("/")[1:])


def recorded(defects: Sequence[Defect]) -> list[Path]:
    """Places kept without being understood when the form was accepted; whoever walks it meets unknown names anyway."""
    return [path_of(defect.pointer) for defect in defects if "~" not in defect.pointer]
