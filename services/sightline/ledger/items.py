"""The entry that every item is, whichever stream it stands in."""

from datetime import datetime
from typing import Any

from sightline.ledger import root

WHOLE, CHILD_PART, SHARED = "whole", "child", "shared"
"""What of a submission an item is: all of it, one child's part, or all but the children's parts (design §1)."""


class ItemEntry(root.Entry):
    """Fields of an item's entry. What was said is only in `sealed`; the rest is codes, times and opaque names."""

    ref: str
    """Opaque name of the item, derived from its key: the only name that desks see."""
    type: str
    schema_version: int
    part: str
    index: int
    """Which of ``data.children`` a child's part is; -1 otherwise."""
    desk: str
    """The originating desk; ``hub/alerts`` for the hub's own."""
    source: str
    event_id: str
    area: str
    purpose: str
    sent: datetime
    """When the agency says it recorded it."""
    children: list[str]
    """Hexadecimal ids of the records whose keys the item's key is derived from; empty: the area's key."""
    defects: list[list[str]]
    """``[code, pointer]`` of what was accepted without being understood."""
    about: list[str]
    """Opaque names (items, alerts, recalls) that this one speaks of."""
    cause: str
    """For the hub's own items: the item that gave rise to it (P2: derived entries name their cause)."""
    alert: dict[str, Any] | None
    """For alerts: row, circumstance, episode, owner roles."""
    digest: bytes
    """SHA-256 of the signed payload; empty for the hub's own."""
    sealed: bytes
    """Signed bytes (whole, shared), or one part's canonical JSON, under the item's key."""


class Stream(root.Recorded):
    """An aggregate that items are recorded in."""

    Item: type[Any]
