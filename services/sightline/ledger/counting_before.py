"""Counting, first pass: what later entries change about earlier ones. Records that are one child's, and what was taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sightline.ledger.child import Child
from sightline.ledger.matter import Matter
from sightline.ledger.store import Ledger, Placed

_PAGE = 2000

_KINDS = (Child.Joined, Child.ItemRetracted, Matter.ItemRetracted, Child.ClockResumed)


@dataclass(slots=True)
class Before:
    """What is known before anything is counted, as it stands now."""

    leader: dict[str, str] = field(default_factory=dict)
    """A joined record to the one that leads it."""
    retracted: set[str] = field(default_factory=set)
    """References of items that were taken back."""
    _resumed: set[tuple[str, str, str]] = field(default_factory=set)

    def is_undone(self, entry: Child.ClockMet | Child.ClockCancelled) -> bool:
        """Whether the clock went on because what ended it was taken back."""
        return (entry.by, entry.code, entry.situation) in self._resumed

    def note(self, entry: Any) -> None:
        """Take up one entry."""
        if isinstance(entry, Child.Joined):
            self.leader |= dict.fromkeys(entry.records, entry.records[0])
        elif isinstance(entry, Child.ClockResumed):
            self._resumed.add((entry.item, entry.code, entry.situation))
        else:
            self.retracted.add(entry.item)


def beforehand(ledger: Ledger) -> Before:
    """Read them all."""
    found = Before()
    for page in pages(ledger, _KINDS):
        for placed in page:
            found.note(placed.entry)
    return found


def pages(ledger: Ledger, kinds: Sequence[type[Any]]) -> Iterator[list[Placed]]:
    """Every entry of those kinds, in order, so many at a time."""
    position, topics = 0, [kind.TOPIC for kind in kinds]
    while page := ledger.read(position, _PAGE, topics):
        yield page
        position = page[-1].position
