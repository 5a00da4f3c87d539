"""Which decisions are due, and on what facts: a function of the ledger alone.

The decide stage runs it over new entries; replay runs it again over all of them and must arrive at the same. Facts fold
entries up to a step's last entry, its cause; "now" is that entry's recorded time (design §6).
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from sightline.formats.fields import Fields
from sightline.kernel.ids import DeskId
from sightline.ledger import facts as f
from sightline.ledger.agency import Agency
from sightline.ledger.child import Child
from sightline.ledger.documents import ForDesks
from sightline.ledger.folding import FOLDERS, Touched, may_be_same
from sightline.ledger.folds import NEVER, Brief, FoldStore, ItemFold
from sightline.ledger.items import ItemEntry
from sightline.ledger.joining import rejoin
from sightline.ledger.looks import Before, Look, Looks, is_stale
from sightline.ledger.opening import open_item
from sightline.ledger.policy import Policy
from sightline.ledger.sealing import ItemKey
from sightline.ledger.slicing import Slicing
from sightline.ledger.store import Placed
from sightline.ledger.working import Keys, Working, others
from sightline.ledger.world import World

EDITION = 1
"""The edition of this derivation, in every leaf as `edn`: replay under another is "could not check"."""


@dataclass(frozen=True, slots=True)
class Due:
    """One item to decide about at one step, for each considered desk: one facts document for each child it concerns."""

    cause: int
    at: datetime
    item: ItemFold
    key: ItemKey
    facts: ForDesks
    corrected: str = ""
    """The desk that corrected the item in this step; empty if none did."""
    recalled_as: str = "lapsed"
    """Why a desk that loses sight of it by this step must let go of it (design §6)."""
    parked: bool = False
    """Whether this step withholds it because it could not be decided."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A leaf that is not about an item: a policy put in force, or an hour gone by."""

    cause: int
    at: datetime
    typ: str
    values: Mapping[str, Any]


class Derivation:
    """Folds entries step by step. `store` answers what is not in hand; nothing is written here."""

    def __init__(self, *, store: FoldStore, world: World, fields: Fields, keys: Keys) -> None:
        self.world = world
        self.policy = ""
        self.engine = ""
        self.now = datetime.fromtimestamp(0, UTC)
        self.slicing: list[Slicing] = []
        self.last_item = 0
        self.last_alert = 0
        self.working = Working(store, keys)
        self._before = Before()
        self._fields = fields

    def steps(self, placed: Sequence[Placed]) -> Iterable[list["Due | Announced"]]:
        """What each step makes due, in order. Load what the batch touches in a few queries first."""
        self.working.prefetch(placed)
        step: list[Placed] = []
        for one in placed:
            if step and step[0].entry.step != one.entry.step:
                yield self._step(step)
                step = []
            step.append(one)
        if step:
            yield self._step(step)

    def _step(self, placed: Sequence[Placed]) -> list["Due | Announced"]:
        """Fold the entries, then work out what they make due, as of the last of them."""
        last = placed[-1]
        self.now = max(self.now, *(p.entry.timestamp for p in placed))
        touched = Touched()
        announced: list[Due | Announced] = []
        self._before = Before()
        for one in placed:
            self._fold(one, touched, announced)
        announced = [Announced(last.position, self.now, a.typ, a.values) for a in announced if isinstance(a, Announced)]
        return [*announced, *self._due(last.position, touched)]

    def _fold(self, one: Placed, touched: Touched, announced: list["Due | Announced"]) -> None:
        entry: Any = one.entry
        if isinstance(entry, ItemEntry):
            self.last_item = one.position
            if entry.alert is not None:
                self.last_alert = one.position
            self._keep(entry.children)
            open_item(one.position, entry, self.working, self.world, self._fields, touched)
        elif isinstance(entry, Policy.Event):
            self._fold_policy(one.position, entry, touched, announced)
        elif isinstance(entry, Agency.DeskOpened):
            self._opened(one.position, entry)
        elif isinstance(entry, Agency.DeskStandingChanged):
            self._standing(one.position, entry)
        elif isinstance(entry, Child.AlertMet):
            self.working.close(entry.alert)
        elif type(entry) in FOLDERS:
            self._fold_child(one.position, entry, touched)

    def _fold_policy(self, position: int, entry: Any, touched: Touched, announced: list["Due | Announced"]) -> None:
        if isinstance(entry, Policy.Activated):
            self._activated(position, entry, announced)
        elif isinstance(entry, Policy.EngineChanged):
            self.engine = entry.engine
            announced.append(Announced(position, self.now, "policy", {"pol": self.policy, "eng": self.engine}))
        elif isinstance(entry, Policy.SliceOpened):
            self._slice(entry, touched)
        elif isinstance(entry, Policy.EditionBegan):
            self._edition(position, entry)
        elif isinstance(entry, Policy.EpochStruck):
            announced.append(Announced(position, self.now, "epoch", {"hour": entry.hour}))
        elif isinstance(entry, Policy.ItemParked):
            self.working.load_items([entry.item])
            touched.parked.add(entry.item)

    def _fold_child(self, position: int, entry: Any, touched: Touched) -> None:
        working, record = self.working, entry.originator_id.hex
        self._keep([record, *others(entry)])
        target = working.items.get(working.named.get(getattr(entry, "item", ""), 0))
        # A matter has no child: what was sent about none, or about several.
        for child in working.sides(record) if record in working.children else (None,):
            FOLDERS[type(entry)](entry, position, child, target, touched)
        if isinstance(entry, Child.MatchProposed):
            self._may_be_same(record, entry.other, touched)
        elif isinstance(entry, Child.Joined):
            rejoin(entry, position, working, touched)
        working.changed_children |= touched.children

    def _may_be_same(self, record: str, other: str, touched: Touched) -> None:
        for one, another in ((record, other), (other, record)):
            for child in self.working.sides(one):
                may_be_same(child, another, touched)

    def _keep(self, children: Iterable[str]) -> None:
        """Keep those children as they are, to tell afterwards what the step changed. One without items has no need."""
        for name in children:
            if self.working.items_of.get(name):
                for child in self.working.sides(name):
                    self._before.keep(child)

    def _activated(self, position: int, entry: Policy.Activated, announced: list["Due | Announced"]) -> None:
        self.policy, self.engine = entry.policy, entry.engine
        announced.append(Announced(position, self.now, "policy", {"pol": self.policy, "eng": self.engine}))
        if self.last_item:
            self.slicing.append(Slicing("policy", position, self.last_item))

    def _opened(self, position: int, entry: Agency.DeskOpened) -> None:
        """Alerts that were raised before may be the new desk's. One whose roles nothing asks for costs nothing."""
        desk = entry.as_desk()
        self.world.add(desk)
        if self.last_alert and self.world.may_be_asked(desk):
            self.slicing.append(Slicing(f"opened:{desk.id}", position, self.last_alert))

    def _standing(self, position: int, entry: Agency.DeskStandingChanged) -> None:
        desk = self.world.desks.get(DeskId(entry.desk))
        if desk is None:
            return
        self.world.add(replace(desk, standing=entry.standing))
        if self.last_item:
            self.slicing.append(Slicing(f"standing:{desk.id}", position, self.last_item))

    def _edition(self, position: int, entry: Policy.EditionBegan) -> None:
        if self.world.choose(entry.area, entry.edition) and self.last_item:
            self.slicing.append(Slicing(f"edition:{entry.area}", position, self.last_item))

    def _slice(self, entry: Policy.SliceOpened, touched: Touched) -> None:
        for slicing in self.slicing:
            if slicing.activation == entry.activation:
                slicing.after = entry.upto
        if entry.last:
            self.slicing = [s for s in self.slicing if s.activation != entry.activation]
        change = Slicing(entry.reason, entry.activation, entry.upto, entry.after)
        touched.sliced.update(change.load(self.working, self.world))

    def _due(self, cause: int, touched: Touched) -> list[Due]:
        working = self.working
        working.changed_items |= touched.items
        forced = {p: working.items[p] for p in touched.forced if p in working.items}
        affected = self._affected(forced.values(), touched)
        looks = Looks(working.children, self._before, self.now)
        chosen = {one.position: look for one in affected if not (look := looks.of(one)).is_same}
        working.load_items(list(chosen))
        chosen |= {position: looks.of(item) for position, item in forced.items()}
        found: list[Due] = []
        for position, look in sorted(chosen.items(), key=itemgetter(0)):
            item = working.items.get(position)
            facts = self._facts(item, look, every=position in forced) if item else None
            due = self._due_item(cause, item, facts, touched) if item and facts else None
            if due is not None:
                found.append(due)
        for child in touched.children:
            self.working.children[child].as_of = self.now.timestamp()
        return found

    def _affected(self, forced: Iterable[ItemFold], touched: Touched) -> Iterable[Brief]:
        """Items of the children touched, and of records that may be the same child's.

        A child whose facts time alone has changed since is touched too, once anything about it is looked at.
        """
        working = self.working
        affected: dict[int, Brief] = {}
        waiting = touched.children | self._stale(forced, touched.children)
        while waiting:
            touched.children |= waiting
            working.load_children(sorted(waiting))
            same = {working.person(c).id for child in waiting for c in working.children[child].candidates}
            affected |= {one.position: one for child in waiting | same for one in working.items_of[child]}
            waiting = self._stale(affected.values(), touched.children)
        working.changed_children |= touched.children
        return affected.values()

    def _stale(self, items: Iterable[Brief | ItemFold], known: AbstractSet[str]) -> set[str]:
        """Children of those items, beside the known ones, whose facts time has changed."""
        children = self.working.children
        concerned = {c for item in items for c in item.children} - known
        self.working.load_children(sorted(concerned))
        return {c for c in {children[c].joined or c for c in concerned} - known if is_stale(children[c], self.now)}

    def _due_item(self, cause: int, item: ItemFold, facts: ForDesks, touched: Touched) -> Due | None:
        key = self.working.key(item.position, item.children, item.area, UUID(item.stream), item.version)
        if key is None:
            return None
        return Due(
            cause=cause,
            at=self.now,
            item=item,
            key=key,
            facts=facts,
            corrected=touched.corrected.get(item.position, ""),
            recalled_as=_recalled_as(item, touched),
            parked=item.position in touched.parked,
        )

    def _facts(self, item: ItemFold, look: Look, *, every: bool) -> ForDesks:
        """The facts for every desk considered; or, where the look differs for some only, for these."""
        children = [self.working.person(c) for c in item.children]
        of_item = f.item_section(item, children)
        protocol = f.protocol_section(self.world, item.area, self.now)
        desks = f.DeskSections(self.world, item)
        considered = desks.considered(children)
        new = considered - item.told.keys()
        if new:
            item.told |= dict.fromkeys(sorted(new), NEVER)
            self.working.changed_items.add(item.position)
        every = every or look.everyone
        due = [DeskId(d) for d in sorted(item.told) if every or d in new or look.differs_for(DeskId(d))]
        return desks.facts(due, look.sections, of_item, protocol)


def _recalled_as(item: ItemFold, touched: Touched) -> str:
    # Asked here and not when deciding: by then later steps of the same batch have changed the item.
    if item.state == "retracted":
        return "wrong_disclosure" if item.own.get("retracted") == "wrong_child" else "stop_use"
    if not touched.wrong.isdisjoint(item.children):
        return "wrong_disclosure"
    return "corrected" if item.position in touched.corrected else "lapsed"
