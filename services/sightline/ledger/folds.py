"""State folded from the ledger, as small as facts need it: one for each child, item and desk.

Situations and confirmed involvement count at their strongest since an item was recorded (design §6): a fold therefore
keeps, for each value that has passed, the position at which it ended.
"""

from typing import NamedTuple, Protocol

import msgspec

from sightline.kernel.values import Outcome

MISSING = ("none", "absent", "missing")
TRAFFICKING = (
    "not_recorded", "none", "not_confirmed", "indicators", "suspected", "reasonable_grounds", "confirmed",
)  # fmt: skip
RISK = ("none_recorded", "no_apparent_risk", "none_or_tolerable", "low", "medium", "high", "unknown")
URGENCY = ("not_recorded", "routine", "urgent", "immediate_danger", "unknown")
SCALES: dict[str, tuple[str, ...]] = {
    "missing": MISSING,
    "trafficking": (*TRAFFICKING, "unknown"),
    "risk": RISK,
    "urgency": URGENCY,
}
"""Situations, each from the weakest value to the strongest. What could not be read counts as strongest: it withholds."""

_TOLD = ("nothing", "exists", "classes")
"""How much a desk is told of an item, from the least."""

_RANKS = {name: {value: rank for rank, value in enumerate(scale)} for name, scale in SCALES.items()}

NETWORK_KINDS = frozenset({"strategy", "child_in_need", "cp_plan", "allocated_team"})
"""Kinds of involvement that are the protective network (D-05)."""


class Consent(msgspec.Struct, array_like=True, gc=False):
    """One position on one purpose, as one desk recorded it."""

    position: str
    giver: str
    agency: str
    confirming: bool
    expires: float
    """Seconds since 1970; 0 for never."""
    at: int = 0
    """Position at which it was recorded."""


class Involvement(msgspec.Struct, array_like=True, gc=False):
    """One desk's involvement with one child, by kind: a claim of one kind gains nothing from another that is confirmed."""

    kinds: list[str] = msgspec.field(default_factory=list)
    """Confirmed ones."""
    claimed: list[str] = msgspec.field(default_factory=list)
    past: dict[str, int] = msgspec.field(default_factory=dict)
    """Confirmed kinds that are over, and the position at which each ended: their end recalls nothing (design §6)."""

    def counting(self, since: int) -> list[str]:
        """Confirmed kinds that stood at any time after that position."""
        if not self.past:
            return self.kinds
        return sorted({*self.kinds, *(kind for kind, ended in self.past.items() if ended > since)})

    def counts(self, since: int) -> bool:
        """Whether it is anything, be it only a claim, to an item recorded at that position."""
        return bool(self.claimed or self.kinds or self.counting(since))


class ChildFold(msgspec.Struct, array_like=True, gc=False):
    """What decisions about a child's items may rest on. No name, no identifier; the birth date only to derive a band."""

    id: str
    born: str = ""
    """ISO date; empty if not recorded; ``unknown`` if it could not be read."""
    presumed: bool = False
    looked_after: str = "not_recorded"
    now: dict[str, str] = msgspec.field(default_factory=dict)
    """Situation to its present value, where it is not the weakest."""
    past: list[tuple[str, str, int]] = msgspec.field(default_factory=list)
    """(situation, value, position at which it ended)."""
    flags: list[tuple[str, str]] = msgspec.field(default_factory=list)
    consents: dict[str, list[Consent]] = msgspec.field(default_factory=dict)
    involved: dict[str, Involvement] = msgspec.field(default_factory=dict)
    candidates: list[str] = msgspec.field(default_factory=list)
    """Records that may be the same child's: their protective facts apply here too until a person rules."""
    as_of: float = 0.0
    """When its items were last decided about with it as it then was: seconds since 1970; 0 for never."""
    joined: str = ""
    """Id of the fold that stands for this record while it is joined with others; empty while it stands alone."""
    members: list[str] = msgspec.field(default_factory=list)
    """Of a fold that stands for several joined records: which."""

    def situation(self, name: str) -> str:
        """The present value."""
        return self.now.get(name, SCALES[name][0])

    def move(self, name: str, value: str, position: int) -> bool:
        """The situation changes at that position; whether it did."""
        before = self.situation(name)
        if value == before:
            return False
        if before != SCALES[name][0]:
            self._pass(name, before, position)
        self.now[name] = value
        return True

    def _pass(self, name: str, value: str, position: int) -> None:
        """Keep a value that has passed, without those that ended earlier and were not stronger: they never matter."""
        rank = _RANKS[name]
        self.past = [p for p in self.past if p[0] != name or rank[p[1]] > rank[value]]
        self.past.append((name, value, position))

    def strongest(self, name: str, since: int) -> str:
        """The strongest value that held at any time after that position."""
        strongest = self.now.get(name, SCALES[name][0])
        for one, value, ended in self.past:
            if one == name and ended > since and _RANKS[name][value] > _RANKS[name][strongest]:
                strongest = value
        return strongest

    def ends(self) -> list[int]:
        """Where the child's past values ended, in order: items recorded between the same two ends share an era."""
        ended = [position for _, _, position in self.past]
        for involvement in self.involved.values():
            ended += involvement.past.values()
        return sorted(ended)

    def conflicts(self) -> set[str]:
        """Desks and agencies that a conflict flag names."""
        return {about for flag, about in self.flags if flag == "conflict"}


class Shown(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an outcome comes to for one item: enough to tell whether a later one differs, or shows less."""

    digest: bytes
    """Of the outcome. Equal ones are equal outcomes: a decision that changed nothing becomes no leaf."""
    classes: int
    """The classes shown: a bit for each of the item's classes, the first of them the lowest."""
    told: str

    def is_less_than(self, before: "Shown") -> bool:
        """Whether a desk that saw what was before loses sight of a class, or of the item's existence."""
        return bool(before.classes & ~self.classes) or _TOLD.index(self.told) < _TOLD.index(before.told)


class Told(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The last decision about one item for one desk."""

    cause: int
    """The entry that caused it: with item and desk it names the leaf."""
    outcome: int
    """Which of the item's outcomes it was."""


NEVER = Told(0, -1)
"""Of a desk for which the item was considered and no decision could be made yet."""


class ItemFold(msgspec.Struct, array_like=True, gc=False):
    """One item, as far as deciding about it needs. Small: a child may have hundreds, and each is told to a dozen desks."""

    position: int
    ref: str
    stream: str
    version: int
    type: str
    schema_version: int
    part: str
    desk: str
    area: str
    purpose: str
    children: list[str]
    facts: dict[str, str | bool | list[str]]
    """Item facts that do not change: classes, handling, justification ..."""
    own: dict[str, str]
    """Situations that the item itself reports."""
    circumstance: str = ""
    """Of a PPN1 its circumstance (V-05); of an alert that a clock raised, the clock's rule."""
    to: list[str] = msgspec.field(default_factory=list)
    exclude: list[str] = msgspec.field(default_factory=list)
    state: str = "current"
    cause_desk: str = ""
    """For the hub's own alerts: the desk that gave rise to them."""
    citem: str = ""
    cjust: str = ""
    told: dict[str, Told] = msgspec.field(default_factory=dict)
    """Every desk ever considered for it, so that none silently keeps what it saw, to the last decision."""
    outcomes: list[Shown] = msgspec.field(default_factory=list)
    """What those decisions came to: a dozen desks share few outcomes."""
    is_open: bool = False
    """Of an alert: whether nothing has met it yet."""

    def last(self, desk: str) -> tuple[Told, Shown] | None:
        """The last decision for that desk; None if there was none."""
        told = self.told.get(desk, NEVER)
        return None if told.outcome < 0 else (told, self.outcomes[told.outcome])

    def tell(self, desk: str, cause: int, digest: bytes, outcome: Outcome) -> Shown:
        """Note the decision that was made for that desk, and what it comes to."""
        for index, one in enumerate(self.outcomes):
            if one.digest == digest:
                self.told[desk] = Told(cause, index)
                return one
        held = self.facts["classes"]
        bits = sum(1 << place for place, name in enumerate(_listed(held)) if name in outcome.classes)
        shown = Shown(digest, bits, outcome.told)
        self.told[desk] = Told(cause, len(self.outcomes))
        self.outcomes.append(shown)
        return shown


def _listed(value: str | bool | list[str]) -> list[str]:
    return value if isinstance(value, list) else []


class Brief(NamedTuple):
    """One item as its children know it: enough to tell whether a change to a child makes a difference to it.

    A child may have hundreds of items, and few changes concern more than some of them: the others are never opened.
    """

    position: int
    purpose: str
    children: tuple[str, ...]


class FoldStore(Protocol):
    """Where folds are kept between batches. Replay keeps them in memory, the decide stage in tables."""

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        """The folds of those children that have one, in one query."""

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        """The folds of those items, in one query."""

    def items_of(self, children: list[str]) -> dict[str, list[Brief]]:
        """The items that concern each of those children, in one query."""

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
        """The next items in that range, in order: all, or those ever considered for that desk. By index, never a scan."""

    def asking(self, after: int, upto: int, areas: list[str], limit: int) -> list[int]:
        """The next alerts in that range, in order, that are open in one of those areas. By index, never a scan."""

    def named(self, refs: list[str]) -> dict[str, int]:
        """Positions of the items of those references, in one query."""
