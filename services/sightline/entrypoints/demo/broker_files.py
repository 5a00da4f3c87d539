"""The bytes that the broker and the processes left on the disk, searched for the children of the story."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sightline.entrypoints.demo.cast import JORY, WREN, WREN_CASE
from sightline.entrypoints.demo.tally import Tally
from sightline.formats import base64url


def look(broker: Path, logs: Path, tally: Tally) -> int:
    """Search them all; how many files there were. A word that is found makes the demo fail, and so does an empty broker."""
    files = [path for path in broker.rglob("*") if path.is_file()]
    raw = b"".join(path.read_bytes() for path in files)
    if b"eyJ" not in raw:
        tally.fail("nothing that partners sent is in the broker's files: they are not where they were looked for")
    said = list(logs.glob("*.log"))
    raw += b"".join(path.read_bytes() for path in said)
    for word in words():
        if any(spelling in raw for spelling in spellings(word)):
            tally.fail("a child's name or identifier is in the broker's files or in a log")
    return len(files) + len(said)


def words() -> Iterator[bytes]:
    """What would name a child: long enough not to come up by chance."""
    for child in (WREN, JORY):
        yield str(child["family_name"]).encode()
        yield from (_value(identifier) for identifier in child["identifiers"])
    yield _value(WREN_CASE)


def spellings(word: bytes) -> list[bytes]:
    """The word itself, and what it becomes within base64url wherever it begins: what touches its neighbours is cut off."""
    hidden = [base64url.encode(bytes(shift) + word) for shift in range(3)]
    return [word, *(letters[-(-shift * 8 // 6) : (shift + len(word)) * 8 // 6] for shift, letters in enumerate(hidden))]


def _value(identifier: Mapping[str, Any]) -> bytes:
    return str(identifier["value"]).encode()
