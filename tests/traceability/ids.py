"""Ids of the catalogue's rows in text."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

_ID = r"(?:SE|ME|[SFTNDVAXGCQ])-(?:[A-Z]{2,3}-)?[A-Z]?\d{2,3}"
_LITERAL = re.compile(rf"(?<![A-Za-z0-9-])({_ID})(?![\d])")
_RANGE = re.compile(rf"(?<![A-Za-z0-9-])({_ID})(?: to |–| until )({_ID})(?!\d)")
_IN_A_NAME = re.compile(r"(?<![a-z0-9])((?:se|me|[sftndvaxgcq])_(?:[a-z]{2,3}_)?[a-z]?\d{2,3})(?![0-9])")


@cache
def sections() -> list[dict[str, Any]]:
    """The catalogue's sections that have rows, in order: its number, what it is about, the ids of its rows."""
    found: list[dict[str, Any]] = json.loads((ROOT / "docs" / "catalogue_rows.json").read_bytes())
    return found


@cache
def rows() -> frozenset[str]:
    """Ids of all rows."""
    return frozenset(row for section in sections() for row in section["rows"])


@cache
def no_part() -> dict[str, str]:
    """Rows in which software has no part, and why."""
    found: dict[str, str] = json.loads((ROOT / "docs" / "no_part.json").read_bytes())
    return found


def literal(text: str) -> set[str]:
    """Rows that a text names letter by letter, in either case."""
    return {one for one in _LITERAL.findall(text.upper()) if one in rows()}


def in_name(name: str) -> set[str]:
    """Rows that a function's name names: ``test_t_02_...``."""
    return {row for one in _IN_A_NAME.findall(name) if (row := one.upper().replace("_", "-")) in rows()}


def is_named_in(source: str) -> bool:
    """True if a file names any row, so that it is worth a closer look."""
    return bool(literal(source) or in_name(re.sub(r"\W+", " ", source)))


def spoken_of(text: str) -> set[str]:
    """Rows that a text names, those between the first and the last of a range too: ``S-28 to S-32``."""
    return literal(text) | {
        row for first, last in _RANGE.findall(text) for row in _between(first, last) if row in rows()
    }


def _between(first: str, last: str) -> Iterator[str]:
    (stem, start), (other, end) = _parted(first), _parted(last)
    if stem == other:
        width = len(first) - len(stem)
        yield from (f"{stem}{number:0{width}d}" for number in range(start, end + 1))


def _parted(row: str) -> tuple[str, int]:
    stem = row.rstrip("0123456789")
    return stem, int(row[len(stem) :])
