"""Notices of what was refused or could not be decided: rows that commit with the entries that they follow from (P12)."""

from typing import Protocol

from sightline.kernel.ports import Value
from sightline.ledger.agency import Agency
from sightline.ledger.policy import Policy

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS notices (id TEXT PRIMARY KEY, desk TEXT, area TEXT, urgent BIGINT, code TEXT,"
        " type TEXT, reference TEXT, recorded BIGINT)"
    ),
)
INSERT = "INSERT INTO notices VALUES (?,?,?,?,?,?,?,?)"

URGENT_TYPES = frozenset({
    "bureau.objected", "flag.raised", "immediate_actions.recorded", "missing.categorised", "missing.located",
    "missing.reported", "missing.returned", "ppn1.issued", "referral.made", "safety_plan.observed",
})  # fmt: skip
"""Types whose refusal the area's MASH and police hear of at once (†)."""

Row = tuple[Value, ...]


def of_refusal(entry: Agency.SubmissionRefused | Agency.SubmissionRefusedV1) -> Row:
    """The notice of a refusal; its id is the receipt's. Its area is empty where the entry does not name it."""
    area = entry.area if isinstance(entry, Agency.SubmissionRefused) else ""
    urgent = int(entry.type in URGENT_TYPES)
    at = int(entry.timestamp.timestamp())
    return entry.step, entry.desk, area, urgent, entry.code, entry.type, entry.event_id, at


def of_delay(entry: Agency.SubmissionDelayed) -> Row:
    """The notice of a submission that was still undecided after a minute."""
    urgent = int(entry.type in URGENT_TYPES)
    at = int(entry.timestamp.timestamp())
    return entry.step, entry.desk, entry.area, urgent, "undecided", entry.type, entry.event_id, at


class Parked(Protocol):
    """What a notice says of an item: its entry and its fold both know it."""

    ref: str
    type: str
    desk: str
    area: str


def of_parking(entry: Policy.ItemParked, item: Parked) -> Row:
    """The notice of an item that could not be decided."""
    at = int(entry.timestamp.timestamp())
    return f"parked-{entry.item}", item.desk, item.area, 1, "parked", item.type, item.ref, at
