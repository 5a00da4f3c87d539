"""Tiles of C2SP tlog-tiles: where 256 hashes of a tree are kept, and how the tiles of a growing tree follow.

A tile at level L holds up to 256 roots of perfect subtrees of 256**L leaves. Full tiles never change; the last one of
each level may be partial, and a partial tile is never hashed into the level above.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sightline.formats.merkle import HASH_BYTES, fold, perfect_root
from sightline.kernel.errors import Refused

WIDTH = 256
"""Hashes in a full tile, and records in a full entry bundle."""

FULL_BYTES = WIDTH * HASH_BYTES

ENTRIES = -1
"""Stands for "the level of the leaves themselves": entry bundles, whose paths say ``entries`` where tiles name a level."""

MAX_LEVEL = 63

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True, order=True)
class TilePath:
    """The name of one tile or entry bundle. `width` is 256 for a full one, 1 to 255 for a partial one."""

    level: int
    """0 to 63, or `ENTRIES`."""
    index: int
    width: int = WIDTH

    @property
    def full(self) -> "TilePath":
        """The full tile of the same place."""
        return TilePath(self.level, self.index)

    def __str__(self) -> str:
        """``tile/<L>/<N>[.p/<W>]`` with N in groups of three digits, all but the last behind an ``x``."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_grouped(self.index)}{partial}"


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile's hashes, joined."""

    level: int
    index: int
    hashes: bytes

    @property
    def path(self) -> TilePath:
        """Its name at its present width."""
        return TilePath(self.level, self.index, len(self.hashes) // HASH_BYTES)


def parse_path(text: str) -> TilePath:
    """The tile named by a relative path. Refuses every spelling but the one that `TilePath` writes."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise Refused("tile_path", "not the path of a tile")
    level, number, width = match.groups()
    path = TilePath(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    # Written again and compared: leading zeros, a level over 63 and ".p/256" have no second spelling.
    if str(path) != text or path.level > MAX_LEVEL or path.width == 0:
        raise Refused("tile_path", "not the path of a tile")
    return path


def count_at(level: int, size: int) -> int:
    """How many hashes the tiles of this level hold in a tree of `size` leaves."""
    return size if level == ENTRIES else size >> (8 * level)


def width_of(level: int, index: int, size: int) -> int:
    """How wide the tile at this place is in a tree of `size` leaves; 0 if there is none."""
    return max(0, min(WIDTH, count_at(level, size) - index * WIDTH))


def levels_of(size: int) -> range:
    """The tile levels of a tree of `size` leaves."""
    return range((size.bit_length() + 7) // 8)


def changed(old: int, new: int) -> Iterator[TilePath]:
    """The bundles and tiles that a tree of `new` leaves has and one of `old` has not, bundles first."""
    for level in (ENTRIES, *levels_of(new)):
        before, after = count_at(level, old), count_at(level, new)
        if after > before:
            for index in range(before // WIDTH, (after - 1) // WIDTH + 1):
                yield TilePath(level, index, width_of(level, index, new))


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile. Refuses bytes that are not a whole number of hashes, or more than a tile holds."""
    if not data or len(data) % HASH_BYTES or len(data) > FULL_BYTES:
        raise Refused("tile_width", "a tile is 1 to 256 whole hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def node_from_tile(level: int, index: int, tile: Callable[[int, int], bytes]) -> bytes:
    """The tree node ``(level, index)`` (see `merkle.NodeReader`), from the bytes of the tile that covers it.

    `tile` is asked for ``(tile level, tile index)``. Refuses a tile that is too short to hold the node.
    """
    tile_level, inside = divmod(level, 8)
    first = index << inside
    start = first % WIDTH * HASH_BYTES
    row = tile(tile_level, first // WIDTH)[start : start + (HASH_BYTES << inside)]
    if len(row) != HASH_BYTES << inside:
        raise Refused("tile_width", f"tile {tile_level}/{first // WIDTH} does not reach node {level}/{index}")
    return perfect_root(split_hashes(row))


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tiled tree: what is needed to grow it. `rows` holds, per level, the hashes not in a full tile."""

    size: int = 0
    rows: tuple[tuple[bytes, ...], ...] = ()

    @classmethod
    def read(cls, size: int, tile: Callable[[int, int], bytes]) -> "Edge":
        """The edge of the tree of `size` leaves. Refuses a tile that is too short; a longer one is cut to the size."""
        rows = []
        for level in levels_of(size):
            index, width = divmod(count_at(level, size), WIDTH)
            data = tile(level, index)[: width * HASH_BYTES] if width else b""
            if len(data) != width * HASH_BYTES:
                raise Refused("tile_width", f"tile {level}/{index} is narrower than {width}")
            rows.append(tuple(split_hashes(data)) if data else ())
        return cls(size, tuple(rows))

    def extended(self, hashes: Sequence[bytes]) -> tuple["Edge", list[Tile]]:
        """The edge after these leaf hashes, and every tile that is new or wider, each once, at its last width."""
        rows, tiles, level, more = [], [], 0, list(hashes)
        while more or level < len(self.rows):
            row = [*self.rows[level], *more] if level < len(self.rows) else more
            index = count_at(level, self.size) // WIDTH
            carried = [row[at : at + WIDTH] for at in range(0, len(row) - WIDTH + 1, WIDTH)]
            rest = row[len(carried) * WIDTH :]
            tiles += [Tile(level, index + at, b"".join(full)) for at, full in enumerate(carried)]
            if rest and more:
                tiles.append(Tile(level, index + len(carried), b"".join(rest)))
            rows.append(tuple(rest))
            more = [perfect_root(full) for full in carried]
            level += 1
        return Edge(self.size + len(hashes), tuple(rows)), tiles

    def root(self) -> bytes:
        """Root of the whole tree: each level's perfect subtrees stand to the right of the level above."""
        peaks: list[bytes] = []
        for row in self.rows:
            peaks = [*_peaks(row), *peaks]
        return fold(peaks)


def _peaks(row: Sequence[bytes]) -> list[bytes]:
    """Roots of the perfect subtrees of one level's remaining hashes, largest first."""
    peaks, start = [], 0
    while start < len(row):
        width = 1 << ((len(row) - start).bit_length() - 1)
        peaks.append(perfect_root(row[start : start + width]))
        start += width
    return peaks


def _grouped(index: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))
