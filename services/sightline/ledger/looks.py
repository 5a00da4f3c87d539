"""What of its children an item rests on, before a step and after it: a step makes due only what it makes a difference to.

A child may have hundreds of items. Few differ in what they rest on: those sent for one purpose in one era of the
child's life share one look. Times count too: before the step means the child as it stood when its items were last
decided about (`ChildFold.as_of`), so what changed by the mere passing of time is noticed at the next step.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from sightline.kernel.ids import DeskId, agency_of
from sightline.ledger import facts as f
from sightline.ledger.folds import Brief, ChildFold, Consent, ItemFold
from sightline.protocol.calendar import local_date

Children = Mapping[str, ChildFold]

_copy_out = msgspec.msgpack.Encoder().encode
_copy_in = msgspec.msgpack.Decoder(ChildFold).decode


@dataclass(slots=True)
class Look:
    """What the items of one purpose and era rest on now, and for whom that differs from before."""

    sections: list[f.OfChild]
    """For each child, what its sections are made of; one without a child for an item about none."""
    everyone: bool = False
    """Whether it differs for every desk."""
    names: set[str] = field(default_factory=set)
    """Desks and agencies for which alone it differs."""

    @property
    def is_same(self) -> bool:
        """Whether it differs for nobody."""
        return not (self.everyone or self.names)

    def differs_for(self, desk: DeskId) -> bool:
        """Whether it differs for that desk."""
        return self.everyone or desk in self.names or agency_of(desk) in self.names


class Before:
    """Children as they stood before a step. Kept as bytes, and made again only where somebody asks."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._made: dict[str, ChildFold] = {}

    def keep(self, child: ChildFold) -> None:
        """Call before an entry of the step changes it."""
        if child.id not in self._kept:
            self._kept[child.id] = _copy_out(child)

    def child(self, child: ChildFold) -> ChildFold:
        """That child as it was."""
        made = self._made.get(child.id)
        if made is None:
            kept = self._kept.get(child.id)
            made = self._made[child.id] = _copy_in(kept) if kept is not None else child
        return made


class Looks:
    """The looks of one step."""

    def __init__(self, children: Children, before: Before, now: datetime) -> None:
        self._children = children
        self._before = before
        self._now = now
        self._found: dict[tuple[object, ...], Look] = {}
        self._eras: dict[str, tuple[list[int], list[int]]] = {}

    def of(self, item: Brief | ItemFold) -> Look:
        """The look that this item shares."""
        since = item.position
        key = (item.purpose, *((child, *self._era(child, since)) for child in item.children))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._make(item)
        return found

    def _era(self, child: str, since: int) -> tuple[int, int]:
        ends = self._eras.get(child)
        if ends is None:
            ends = self._eras[child] = (self._now_of(child).ends(), self._then_of(child).ends())
        return bisect_right(ends[0], since), bisect_right(ends[1], since)

    def _make(self, item: Brief | ItemFold) -> Look:
        if not item.children:
            return Look([f.OfChild(None, f.NO_CHILD, frozenset(), item.purpose, self._now)])
        look = Look([])
        for name in item.children:
            child = self._now_of(name)
            same = {one.id: one for one in map(self._now_of, child.candidates)}
            after = _Side(child, [*same.values()], item, self._now)
            look.sections.append(f.OfChild(child, after.facts, frozenset(after.conflicts), item.purpose, self._now))
            self._compare(look, name, child, after, item)
        return look

    def _compare(self, look: Look, name: str, child: ChildFold, after: "_Side", item: Brief | ItemFold) -> None:
        was = self._then_of(name)
        then = datetime.fromtimestamp(was.as_of, UTC)
        same = {one.id: one for one in map(self._then_of, was.candidates)}
        before = _Side(was, [*same.values()], item, then)
        if before.facts != after.facts or before.strongest != after.strongest:
            look.everyone = True
            return
        if before.consent("") != after.consent(""):
            look.everyone = True
            return
        look.names |= {a for a in before.agencies | after.agencies if before.consent(a) != after.consent(a)}
        look.names |= before.conflicts ^ after.conflicts
        desks = was.involved.keys() | child.involved.keys()
        look.names |= {d for d in desks if before.standing(d) != after.standing(d)}

    def _now_of(self, record: str) -> ChildFold:
        """What stands for that record: its own fold, or that of all records joined with it."""
        own = self._children[record]
        return self._children[own.joined] if own.joined else own

    def _then_of(self, record: str) -> ChildFold:
        """What stood for it before the step."""
        own = self._before.child(self._children[record])
        return self._before.child(self._children[own.joined]) if own.joined else own


class _Side:
    """One child's side of a comparison: as it is at one time, for items like this one."""

    def __init__(self, child: ChildFold, candidates: Sequence[ChildFold], item: Brief | ItemFold, at: datetime) -> None:
        since = item.position
        self.facts = f.child_facts(child, candidates, since, at)
        self.strongest = (child.strongest("risk", since), child.strongest("urgency", since))
        self.conflicts = child.conflicts().union(*(one.conflicts() for one in candidates))
        self.agencies = {c.agency for c in child.consents.get(item.purpose, ())}
        self._child = child
        self._purpose = item.purpose
        self._since = since
        self._at = at

    def consent(self, agency: str) -> tuple[str, str]:
        """The position on consent as it counts for that agency."""
        return f.consent_for(self._child, self._purpose, agency, self._at)

    def standing(self, desk: str) -> tuple[Sequence[str], bool]:
        """How that desk is involved."""
        involvement = self._child.involved.get(desk)
        return (tuple(involvement.counting(self._since)), bool(involvement.claimed)) if involvement else ((), False)


def is_stale(child: ChildFold, now: datetime) -> bool:
    """Whether time alone has changed what the child's items rest on since they were last decided about."""
    then = datetime.fromtimestamp(child.as_of, UTC)
    days = (local_date(then), local_date(now))
    if days[0] != days[1] and f.age_band(child.born, days[0]) != f.age_band(child.born, days[1]):
        return True
    return any(_ran_out(child.consents, child.as_of, now.timestamp()))


def _ran_out(consents: Mapping[str, Iterable[Consent]], then: float, now: float) -> Iterable[bool]:
    return (bool(c.expires) and then < c.expires <= now for each in consents.values() for c in each)
