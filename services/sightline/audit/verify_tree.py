"""Level 2: bundles → leaf hashes → every tile, byte for byte → root. Level 3 reads the same bundles as they pass."""

from collections.abc import Callable, Sequence

from sightline.audit.verify_files import Files
from sightline.audit.verify_report import Finding, Findings
from sightline.formats.bundle import unpack
from sightline.formats.checkpoint import Checkpoint
from sightline.formats.merkle import HASH_BYTES, Frontier, leaf_hashes
from sightline.formats.tile import ENTRIES, WIDTH, Edge, Tile, TilePath, count_at, parse_path, split_hashes, width_of
from sightline.kernel.errors import Refused

LEVEL = 2

Judge = Callable[[int, bytes], None]
"""Gets the number and the bytes of each leaf, in order."""


class Sweep:
    """One pass over a register's bundles, from the start or from the bundle where an earlier pass ended.

    The root is computed twice, by tiles and leaf by leaf. What stands before the starting bundle is read from tiles and
    is as good as the earlier checkpoint: the pass must come through that checkpoint's root.
    """

    def __init__(self, files: Files, checkpoint: Checkpoint, since: Checkpoint | None, findings: Findings) -> None:
        self._files = files
        self._checkpoint = checkpoint
        self._since = since if since is not None and since.size else None
        self._findings = findings

    def run(self, judge: Judge) -> bool:
        """Whether the pass came to its end; what it found is in the findings."""
        size, start = self._checkpoint.size, self._since.size // WIDTH * WIDTH if self._since else 0
        frontier = Frontier()
        try:
            frontier, edge = Frontier.read(start, self._files.node), Edge.read(start, self._files.tile)
            self._check_since(frontier)
            for index in range(start // WIDTH, (size + WIDTH - 1) // WIDTH):
                edge = self._take(self._entries(index), frontier, edge, judge)
        except Refused as exc:
            self._found(exc.code, frontier.size, exc.detail)
            return False
        self._check_end(frontier, edge)
        if self._since is None:
            self._check_others()
        return True

    def _check_since(self, frontier: Frontier) -> None:
        since = self._since
        if since is not None and frontier.size == since.size and frontier.root() != since.root:
            self._found("since_differs", frontier.size, "the tree is not the one that was checked before")

    def _take(self, entries: Sequence[bytes], frontier: Frontier, edge: Edge, judge: Judge) -> Edge:
        hashes = leaf_hashes(entries)
        for entry, leaf in zip(entries, hashes, strict=True):
            judge(frontier.size, entry)
            frontier.append(leaf)
            self._check_since(frontier)
        edge, tiles = edge.extended(hashes)
        for tile in tiles:
            if tile.path.width == WIDTH:
                self._check_tile(tile)
        return edge

    def _entries(self, index: int) -> list[bytes]:
        """The leaves of one implied bundle. Raises Refused when it is missing, malformed or of another width."""
        path = self._files.implied(ENTRIES, index)
        standing = self._files.standing(ENTRIES, index)
        if not standing:
            raise Refused("missing_file", f"{path} is missing")
        found = [_units(name, data)[: path.width] for name, data in standing.items()]
        if found[0] != found[-1]:
            self._found("bundle_differs", index * WIDTH, f"{path} and the full bundle differ")
        return found[0]

    def _check_end(self, frontier: Frontier, edge: Edge) -> None:
        for level, row in enumerate(edge.rows):
            if row:
                self._check_tile(Tile(level, count_at(level, edge.size) // WIDTH, b"".join(row)))
        if not frontier.root() == edge.root() == self._checkpoint.root:
            self._found("root_differs", None, "the entries do not lead to the checkpoint's root")

    def _check_tile(self, tile: Tile) -> None:
        standing = self._files.standing(tile.level, tile.index)
        if not standing:
            self._found("missing_file", _first_leaf(tile.path), f"{tile.path} is missing")
        for path, data in standing.items():
            if len(data) != path.width * HASH_BYTES:
                self._found("tile_width", _first_leaf(path), f"{path} has not {path.width} hashes")
            elif not data.startswith(tile.hashes):
                at = _first_difference(data, tile.hashes) // HASH_BYTES
                self._found("tile_differs", _first_leaf(path, at), f"hash {at} of {path} is not that of the entries")

    def _check_others(self) -> None:
        """Files that the checkpoint does not imply: earlier partial ones, or later ones that a crash left."""
        for name in sorted(self._files.names()):
            try:
                path = parse_path(name)
            except Refused:
                self._found("stray_file", None, "something below tile/ is neither a tile nor a bundle")
                continue
            if path != self._files.implied(path.level, path.index):
                self._check_other(path)

    def _check_other(self, path: TilePath) -> None:
        """A file may be another width of an implied one, and then begins or continues it, or lie beyond all of them."""
        width = min(path.width, width_of(path.level, path.index, self._files.size))
        try:
            read = _units(path, self._files.read(path) or b"")
            for name, data in self._files.standing(path.level, path.index).items() if width else ():
                if _units(name, data)[:width] != read[:width]:
                    self._found("partial_differs", _first_leaf(path), f"{path} and {name} differ")
        except Refused as exc:
            self._found(exc.code, _first_leaf(path), exc.detail)

    def _found(self, code: str, index: int | None, detail: str) -> None:
        self._findings.add(Finding(code=code, level=LEVEL, index=index, detail=detail))


def _units(path: TilePath, data: bytes) -> list[bytes]:
    """The records of a bundle, the hashes of a tile. Raises Refused when they are not as many as the name says."""
    if path.level == ENTRIES:
        units, code = unpack(data), "bundle_width"
    else:
        units, code = split_hashes(data), "tile_width"
    if len(units) != path.width:
        raise Refused(code, f"{path} holds {len(units)}")
    return units


def _first_difference(left: bytes, right: bytes) -> int:
    return next(at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)


def _first_leaf(path: TilePath, at: int = 0) -> int:
    """Number of the first leaf below a tile's hash, or of a bundle's record."""
    return (path.index * WIDTH + at) << (8 * max(0, path.level))
