"""Decisions that the engine could not make, as the ledger says: whoever decides again must not ask for them."""

from typing import Any

from sightline.ledger.policy import Policy
from sightline.ledger.store import Ledger

_PAGE = 2000


def parked(ledger: Ledger, after: int = 0) -> set[tuple[int, int]]:
    """(Cause, item) of every decision that a parking entry after that position names."""
    found: set[tuple[int, int]] = set()
    position = after
    while placed := ledger.read(position, _PAGE, (Policy.ItemParked.TOPIC,)):
        entries: list[Any] = [one.entry for one in placed]
        found.update((cause, entry.item) for entry in entries for cause in entry.causes)
        position = placed[-1].position
    return found
