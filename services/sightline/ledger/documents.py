"""The document that a policy is asked: four sections of values, how they are written, and how many are kept as one.

Every value is a code, a boolean or a sorted list of codes, so equal situations give equal bytes, and desks with equal
facts share one result. Equal sections are one object (`interned`), so that documents are compared by what they are made
of and written out only when the policy is asked. What the values are is said in `facts`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import orjson

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId

CHILD = (
    "age_band", "consent_giver", "consent_position", "location_protected", "looked_after", "missing_status",
    "presumed_child", "safe_word_set", "suspected_exploiter", "trafficking_status",
)  # fmt: skip
DESK = (
    "addressed", "alert_escalation", "alert_owner", "conflicted", "excluded", "first_responder", "gave_rise",
    "identity_established", "in_remit", "interviewed_by_sw", "involvement", "kind", "network", "originating", "placing",
    "relationship_established", "roles", "safe_word_given", "sector", "standing", "told_by_duty",
)  # fmt: skip
ITEM = (
    "about", "classes", "detriment", "handling", "justification", "originator_sector", "placement_time", "purpose", "risk",
    "sanitised", "source_recontact", "state", "type", "urgency", "welfare_risk",
)  # fmt: skip
PROTOCOL = ("area", "edition", "law")
NAMES = {1: (CHILD, DESK, ITEM, PROTOCOL)}
"""Edition of the derivation to the members of its sections, each sorted. An edition, once in use, never changes."""

_INTERNED = 2_500


class Section:
    """One section of a facts document. Equal ones are one object, so they are compared and hashed by identity."""

    __slots__ = ("json", "values")

    def __init__(self, names: Sequence[str], values: tuple[object, ...]) -> None:
        self.values = values
        # Copied: what orjson returns keeps the eight kilobytes that it was written into, and sections stay.
        self.json = bytes(memoryview(orjson.dumps(dict(zip(names, values, strict=True)), option=orjson.OPT_SORT_KEYS)))


_sections: dict[tuple[object, ...], Section] = {}


def interned(names: tuple[str, ...], values: tuple[object, ...]) -> Section:
    """The one section of these values. Beyond a bound the memory starts again: then equal ones may be two."""
    found = _sections.get(values)
    if found is None:
        if len(_sections) > _INTERNED:
            _sections.clear()
        found = _sections[values] = Section(names, values)
    return found


class Facts(NamedTuple):
    """One document: what a policy is asked about one item, child and desk."""

    child: Section
    desk: Section
    item: Section
    protocol: Section

    def document(self) -> bytes:
        """Canonical JSON (RFC 8785): the sections' names sort in this order."""
        return b'{"child":%b,"desk":%b,"item":%b,"protocol":%b}' % tuple(section.json for section in self)


Documents = tuple[Facts, ...]
"""For one desk, one document for each child that the item concerns."""

ForDesks = dict[DeskId, Documents]


def pack(facts: ForDesks, edition: int) -> bytes:
    """Facts of one item for its desks, without saying anything twice: values only, members named by the edition."""
    sections: dict[Section, int] = {}
    desks = {
        desk: [[sections.setdefault(section, len(sections)) for section in one] for one in documents]
        for desk, documents in facts.items()
    }
    return msgspec.msgpack.encode([edition, [section.values for section in sections], desks])


def unpack(packed: bytes) -> dict[DeskId, tuple[bytes, ...]]:
    """The documents that `pack` was given. Raises Refused ``edition_unknown``: could not be checked here."""
    edition, values, desks = msgspec.msgpack.decode(packed)
    if edition not in NAMES:
        raise Refused("edition_unknown", f"facts of edition {edition} cannot be read here")
    names = NAMES[edition]

    def document(one: Sequence[int]) -> bytes:
        return Facts(*(Section(n, tuple(values[i])) for n, i in zip(names, one, strict=True))).document()

    return {DeskId(desk): tuple(document(one) for one in documents) for desk, documents in desks.items()}
