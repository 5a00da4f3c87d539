"""Large changes: what is decided again in slices that the ledger records, at most 500 items each (design §6).

A policy put in force, a desk's standing, an area's edition; and a desk that was opened, which owns alerts that were raised
before it was there: whose an alert is follows from the desks that there are, not from those that there were.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sightline.kernel.ids import DeskId
from sightline.ledger.folds import FoldStore, ItemFold
from sightline.ledger.working import Working
from sightline.ledger.world import World

_EVERY = 1_000_000
"""More items than a slice has: no limit."""


@dataclass(slots=True)
class Slicing:
    """A large change being decided again."""

    reason: str
    """``policy``, ``standing:<desk>``, ``edition:<area>`` or ``opened:<desk>``."""
    activation: int
    upto: int
    after: int = 0

    def next(self, store: FoldStore, world: World, limit: int) -> list[int]:
        """Positions of the next items that may be concerned, in order. By index, never a scan."""
        kind, _, name = self.reason.partition(":")
        if kind == "opened":
            return store.asking(self.after, self.upto, sorted(_areas(world, name)), limit)
        return store.between(self.after, self.upto, name if kind == "standing" else "", limit)

    def load(self, working: Working, world: World) -> list[int]:
        """Have what is concerned in hand, and its children; where it stands."""
        working.load_items(self.next(working.store, world, _EVERY))
        concerns = self._concerns(world)
        inside = [p for p, item in working.items.items() if self.after < p <= self.upto and concerns(item)]
        working.load_children([child for p in inside for child in working.items[p].children])
        return inside

    def _concerns(self, world: World) -> Callable[[ItemFold], bool]:
        kind, _, name = self.reason.partition(":")
        if kind == "standing":
            return lambda item: name in item.told
        if kind == "edition":
            return lambda item: name == item.area
        if kind == "opened":
            return lambda item: item.is_open and _is_reached(world, DeskId(name), item)
        return lambda _: True


def _is_reached(world: World, desk: DeskId, item: ItemFold) -> bool:
    return desk in world.reach(item.type, item.circumstance, item.area).desks


def _areas(world: World, desk: str) -> frozenset[str]:
    known = world.desks.get(DeskId(desk))
    return known.areas if known else frozenset()
