"""The published procedures as data: what each edition says of every key, and where (catalogue 8.3).

One file for each edition in `editions/`, under its V-62 code. A key's ``value`` is null where the document is silent and
the area must decide; ``proposed`` marks what no document says, the catalogue's † or ours. A key holds for as long as
its edition does. Which edition is in force in an area is not said here: that is a choice, and an entry of the ledger.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from sightline.kernel.errors import Refused

EDITIONS = ("4lscb_2011", "4lscb_2013", "4lscb_guide", "hertfordshire", "lincolnshire")
"""V-62 codes, as in facts and in duties.json."""

_FOLDER = Path(__file__).resolve().parent / "editions"


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one edition says of one key."""

    rows: tuple[str, ...]
    """Catalogue rows that the key stands for, e.g. ``C-09``."""
    value: object
    """In the type of the attribute of `AreaProtocol` of this name; None where the document is silent."""
    source: str = ""
    """Document and paragraph, as the catalogue cites them; empty where there is none."""
    proposed: bool = False
    """Whether it is a default that no document states (†), wholly or in how it is read."""
    note: str = ""


class Edition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One published procedure."""

    edition: str
    document: str
    """The name by which the catalogue cites it."""
    title: str
    dated: str
    """What it says of its own date."""
    effective_from: date | None
    """None for a document without a date."""
    effective_to: date | None
    """None: none of them says when it ends."""
    keys: dict[str, Key]

    def rows(self, row: str) -> dict[str, Key]:
        """The keys that stand for that catalogue row, by name."""
        return {name: key for name, key in self.keys.items() if row in key.rows}

    def values(self) -> dict[str, object]:
        """Every key's value, by name."""
        return {name: key.value for name, key in self.keys.items()}


@cache
def editions() -> Mapping[str, Edition]:
    """Every edition by its code, read once and strictly. Raises `msgspec.ValidationError` for a file that is not one."""
    read = msgspec.json.Decoder(Edition).decode
    return MappingProxyType({code: read((_FOLDER / f"{code}.json").read_bytes()) for code in EDITIONS})


def edition_of(code: str, area: str) -> Edition:
    """That edition, for that area. Raises Refused ``unknown_edition``, or ``edition_not_for_area`` (C-01)."""
    found = editions().get(code)
    if found is None:
        raise Refused("unknown_edition", "no edition has this code; there are " + ", ".join(EDITIONS))
    covered = found.keys["areas"].value
    if not isinstance(covered, list) or area not in covered:
        raise Refused("edition_not_for_area", "the edition was not published for this area")
    return found
