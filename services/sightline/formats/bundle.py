"""Entry bundles of C2SP tlog-tiles: up to 256 entries, each behind its length as two bytes, big-endian."""

from collections.abc import Iterable

from sightline.formats.tile import WIDTH
from sightline.kernel.errors import Refused

MAX_ENTRY_BYTES = 65_535
"""What two bytes can say. Our leaves are far smaller (`leaf_check.MAX_LEAF_BYTES`)."""


def pack(entries: Iterable[bytes]) -> bytes:
    """The bundle of these entries. Raises OverflowError for an entry over 65,535 bytes."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def unpack(data: bytes) -> list[bytes]:
    """The entries of a bundle. Refuses a record cut short, bytes left over, none at all, or more than 256."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > end or start > end:
            raise Refused("bundle_malformed", f"record {len(entries)} is cut short")
        entries.append(data[start:at])
    if not 0 < len(entries) <= WIDTH:
        raise Refused("bundle_malformed", f"a bundle of {len(entries)} records")
    return entries
