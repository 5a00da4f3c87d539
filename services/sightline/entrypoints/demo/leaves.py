"""The register as it grows: each leaf with the name of its item, and what changed for whom."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sightline.runtime.hub import Hub

Pair = tuple[str, str]
"""A desk and an item's reference."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf, and which item it is about."""

    n: int
    raw: bytes
    body: dict[str, Any]
    ref: str
    """The item's reference; empty for leaves about none."""
    type: str
    """The item's type."""

    @property
    def pair(self) -> Pair:
        """Whom and what it is about."""
        return self.body["desk"], self.ref

    @property
    def typ(self) -> str:
        """``decision``, ``recall``, ``policy`` or ``epoch``."""
        return str(self.body["typ"])

    @property
    def shown(self) -> frozenset[str]:
        """Classes that a decision shows."""
        return frozenset(self.body.get("classes", ()))

    @property
    def withheld(self) -> dict[str, list[str]]:
        """Class to the rules that withhold it."""
        found: dict[str, list[str]] = {}
        for entry in self.body.get("withheld", ()):
            name, _, rule = entry.partition(":")
            found.setdefault(name, []).append(rule)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision changed for one desk."""

    leaf: Leaf
    before: Leaf | None

    @property
    def gained(self) -> frozenset[str]:
        """Classes that the desk did not see before."""
        return self.leaf.shown - (self.before.shown if self.before else frozenset())

    @property
    def lost(self) -> frozenset[str]:
        """Classes that the desk no longer sees."""
        return (self.before.shown if self.before else frozenset()) - self.leaf.shown


class Leaves:
    """All leaves so far, the last decision for each desk and item, and the recalls."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.all: list[Leaf] = []
        self.decided: dict[Pair, Leaf] = {}
        self.recalls: dict[str, Leaf] = {}
        """Id to recall leaf."""

    def unsealed(self) -> list[Leaf]:
        """Leaves that were decided since `take` was last called."""
        with self._hub.database.reading() as session:
            rows = session.execute(
                "SELECT l.n, l.body, f.ref, f.type FROM leaves l LEFT JOIN item_folds f ON f.position = l.item"
                " WHERE l.n >= ? ORDER BY l.n",
                (len(self.all),),
            )
        return [Leaf(int(n), bytes(raw), json.loads(bytes(raw)), ref or "", kind or "") for n, raw, ref, kind in rows]

    def take(self) -> tuple[list[Change], list[Leaf]]:
        """What the new leaves decided, and the recalls among them."""
        changes, recalls = [], []
        for leaf in self.unsealed():
            self.all.append(leaf)
            if leaf.typ == "decision":
                changes.append(Change(leaf, self.decided.get(leaf.pair)))
                self.decided[leaf.pair] = leaf
            elif leaf.typ == "recall":
                recalls.append(leaf)
                self.recalls[leaf.body["id"]] = leaf
        return changes, recalls

    def of(self, id: str) -> Leaf:
        """The leaf of that id."""
        return next(leaf for leaf in self.all if leaf.body["id"] == id)

    def about(self, ref: str) -> Sequence[Leaf]:
        """The standing decisions about one item, by desk."""
        return [leaf for (_, item), leaf in sorted(self.decided.items()) if item == ref]
