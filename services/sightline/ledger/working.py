"""Folds in hand: what the store had, as the entries of a batch have changed it."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sightline.ledger.child import Child
from sightline.ledger.folds import Brief, ChildFold, FoldStore, ItemFold
from sightline.ledger.items import ItemEntry
from sightline.ledger.sealing import ItemKey, key_names
from sightline.ledger.store import Placed

_JOINT = "+"
_BRIEFS = 8
"""Items of a child, on average, that are kept in mind: far more than there are, but for the few who have hundreds."""

Name = TypeVar("Name", str, int)


def joint_id(record: str) -> str:
    """Id of the fold that stands for that record and those joined with it."""
    return record + _JOINT


def key_name(fold: str) -> str:
    """The vault's name of the key that a child's fold is sealed under: a joint one's is the leading record's."""
    return f"child:{fold.rstrip(_JOINT)}"


Keys = Callable[[Sequence[str]], Sequence[bytes] | None]
"""Names of keys to keys; None when one of them is gone (erased)."""


@dataclass(slots=True)
class Working:
    """The folds, what of them changed, and the keys of the items in hand. Loads what is missing, a batch at a time."""

    store: FoldStore
    vault: Keys
    children: dict[str, ChildFold] = field(default_factory=dict)
    """Those asked for last at the end; so with the items."""
    items: dict[int, ItemFold] = field(default_factory=dict)
    items_of: dict[str, list[Brief]] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    keys: dict[int, ItemKey] = field(default_factory=dict)
    changed_children: set[str] = field(default_factory=set)
    changed_items: set[int] = field(default_factory=set)
    new_items: list[int] = field(default_factory=list)
    met: list[int] = field(default_factory=list)
    """Alerts that something has met."""

    def prefetch(self, placed: Sequence[Placed]) -> None:
        """Load what these entries touch, in a few queries."""
        children: dict[str, None] = {}
        refs: dict[str, None] = {}
        keys: dict[str, None] = {}
        for one in placed:
            entry: Any = one.entry
            if type(entry).__qualname__.startswith("Child."):
                children[entry.originator_id.hex] = None
            if isinstance(entry, ItemEntry):
                children |= dict.fromkeys(entry.children)
                refs |= dict.fromkeys([*entry.about, entry.cause])
                keys |= dict.fromkeys(key_names(entry.children, entry.area))
            elif isinstance(entry, Child.MatchProposed | Child.Joined):
                children |= dict.fromkeys(others(entry))
            elif isinstance(entry, Child.AlertMet):
                refs[entry.alert] = None
            elif hasattr(entry, "item") and isinstance(entry.item, str):
                refs[entry.item] = None
        # Opened together, each is at hand when its item is; that one of them is gone matters only there.
        self.vault(list(keys))
        self.load_children(list(children))
        wanted = [r for r in refs if r and r not in self.named]
        self.named |= self.store.named(wanted) if wanted else {}
        self.load_items([self.named[r] for r in refs if r in self.named])

    def load_children(self, ids: Sequence[str]) -> None:
        """Have those children's folds in hand, and whatever must be there with them, however much of it had stayed."""
        missing, reached, seen = _missing(ids, self.children), {*ids}, set[str]()
        new: list[str] = []
        while reached:
            self._fetch(missing)
            new += missing
            seen |= reached
            reached = {name for child in reached for name in _beside(self.children[child])} - seen
            missing = sorted(reached - self.children.keys())
        for child in new:
            if self.children[child].members:
                members = self.children[child].members
                self.items_of[child] = sorted({item for one in members for item in self.items_of[one]})

    def _fetch(self, ids: list[str]) -> None:
        if not ids:
            return
        found, items_of = self.store.children(ids), self.store.items_of(ids)
        for child in ids:
            self.children[child] = found.get(child) or ChildFold(id=child)
            self.items_of[child] = items_of.get(child, [])

    def person(self, child: str) -> ChildFold:
        """What stands for that record: its own fold, or that of all records joined with it."""
        own = self.children[child]
        return self.children[own.joined] if own.joined else own

    def sides(self, child: str) -> list[ChildFold]:
        """The folds that an entry on that record changes: its own, and the joint one where there is one."""
        own = self.children[child]
        return [own, self.children[own.joined]] if own.joined else [own]

    def load_items(self, positions: Sequence[int]) -> None:
        """Have those items' folds in hand."""
        missing = _missing(positions, self.items)
        if missing:
            self.items |= self.store.items(missing)

    def add(self, item: ItemFold) -> None:
        """A new item."""
        self.items[item.position] = item
        self.named[item.ref] = item.position
        self.new_items.append(item.position)
        brief = Brief(item.position, item.purpose, tuple(item.children))
        for child in item.children:
            self.items_of[child].append(brief)
        for joint in {self.children[child].joined for child in item.children} - {""}:
            self.items_of[joint].append(brief)

    def close(self, alert: str) -> None:
        """Something has met the alert of that reference: it is nobody's any more who comes later."""
        item = self.items.get(self.named.get(alert, 0))
        if item is not None and item.is_open:
            item.is_open = False
            self.met.append(item.position)
            self.changed_items.add(item.position)

    def key(self, position: int, children: Sequence[str], area: str, stream: UUID, version: int) -> ItemKey | None:
        """The item's key, derived once; None when a key it hangs from was destroyed."""
        held = self.keys.get(position)
        if held is None:
            parents = self.vault(key_names(children, area))
            if parents is None:
                return None
            held = self.keys[position] = ItemKey(parents, stream, version)
        return held

    def settle(self, *, kept: int) -> None:
        """What changed is handed over to be stored. Of more folds than are to be kept, drop the older half.

        What was just handed over stays, for it may not be stored yet when the next entries ask for it.
        """
        children = self.changed_children | {c for p in self.new_items for c in self.items[p].children}
        items = self.changed_items.union(self.new_items)
        if len(self.children) > kept or sum(map(len, self.items_of.values())) > kept * _BRIEFS:
            self._keep_recent_children(kept // 2, children)
        if len(self.items) > kept:
            self._keep_recent_items(kept // 2, items)
        self.changed_children = set()
        self.changed_items = set()
        self.new_items = []
        self.met = []
        self.keys = {}

    def _keep_recent_children(self, most: int, besides: AbstractSet[str]) -> None:
        """What was looked at last stays: most of what is sent speaks of few children, again and again."""
        kept, briefs = set(besides), 0
        for count, child in enumerate(reversed(self.children)):
            briefs += len(self.items_of[child])
            if count == most or briefs > most * _BRIEFS:
                break
            kept.add(child)
        self.children = {c: fold for c, fold in self.children.items() if c in kept}
        self.items_of = {c: self.items_of[c] for c in self.children}

    def _keep_recent_items(self, most: int, besides: AbstractSet[int]) -> None:
        older = len(self.items) - most
        self.items = {p: fold for n, (p, fold) in enumerate(self.items.items()) if n >= older or p in besides}
        self.named = {ref: p for ref, p in self.named.items() if p in self.items}


def others(entry: Any) -> list[str]:
    """Records that an entry names beside its own stream's."""
    if isinstance(entry, Child.Joined):
        return list(entry.records)
    return [entry.other] if isinstance(entry, Child.MatchProposed) else []


def _beside(child: ChildFold) -> list[str]:
    """Folds that must be in hand with that one: what may be the same child's, and what stands for it or it for."""
    return [*child.candidates, *([child.joined] if child.joined else ()), *child.members]


def _missing(asked: Sequence[Name], held: dict[Name, Any]) -> list[Name]:
    """Those not in hand. The others move to the end."""
    missing = []
    for name in dict.fromkeys(asked):
        if name in held:
            held[name] = held.pop(name)
        else:
            missing.append(name)
    return missing
