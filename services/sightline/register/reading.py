"""What anyone may ask of the sealed register: checkpoint, tiles, bundles and proofs. Needs no signing key."""

from collections.abc import Iterator
from contextlib import contextmanager

from sightline.formats.bundle import pack
from sightline.formats.merkle import (
    HASH_BYTES,
    NodeReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_root,
    verify_consistency,
    verify_inclusion,
)
from sightline.formats.note import encode_base64
from sightline.formats.proof import Proof
from sightline.formats.tile import ENTRIES, WIDTH, TilePath, node_from_tile, parse_path, width_of
from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.kernel.ports import Database, Session
from sightline.register.tables import Head, read_entries, read_head, read_tile, tile_source


class RegisterReader:
    """One log's sealed state, read from the database at each call. Safe to share between threads."""

    def __init__(self, *, database: Database, origin: str) -> None:
        self._database = database
        self._origin = origin

    def head(self) -> Head | None:
        """The last sealed head, or None before the first seal."""
        with self._database.reading() as session:
            return read_head(session, self._origin)

    def checkpoint(self) -> str | None:
        """The last signed checkpoint, or None before the first seal."""
        head = self.head()
        return head.checkpoint if head else None

    def number(self, leaf: str) -> int:
        """The number of the leaf with this id. Raises Refused ``unknown_leaf``; an unsealed leaf is as good as none."""
        with self._database.reading() as session:
            rows = session.execute("SELECT n FROM leaves WHERE id = ?", (leaf,))
            head = read_head(session, self._origin)
        if not rows or head is None or rows[0][0] >= head.size:
            raise Refused("unknown_leaf", "no sealed leaf has this id")
        return int(rows[0][0])

    def prove(self, number: int) -> str:
        """The ``.tlog-proof`` of the leaf with this number. Raises Unavailable ``not_sealed``, Corrupt."""
        if number < 0:
            raise Refused("unknown_leaf", "leaves are numbered from 0")
        with self._database.reading() as session:
            head = self._sealed(session, number + 1)
            entry = leaf_hash(b"".join(read_entries(session, number, 1)))
            proof = inclusion_proof(number, head.size, nodes(session))
        with _evidence():
            verify_inclusion(entry, number, head.size, proof, head.root)
        return Proof(index=number, hashes=tuple(proof), checkpoint=head.checkpoint.encode()).text().decode()

    def consistency(self, old: int, new: int) -> str:
        """Proof that the tree of `new` leaves extends that of `old`: base64, a line per hash.

        Raises Refused ``sizes_not_ordered`` unless 0 < old ≤ new, Unavailable ``not_sealed``, Corrupt.
        """
        with self._database.reading() as session:
            head = self._sealed(session, new)
            node = nodes(session)
            proof = consistency_proof(old, new, node)
            before, after = range_root(0, old, node), range_root(0, new, node)
            sealed = range_root(0, head.size, node)
        with _evidence():
            verify_consistency(old, before, new, after, proof)
        if sealed != head.root:
            raise Corrupt("tile_differs", "the stored tiles do not lead to the stored head")
        return "".join(f"{encode_base64(step)}\n" for step in proof)

    def tile(self, path: str) -> bytes | None:
        """The bytes of a tile or entry bundle by its relative path, or None when no checkpoint implies it."""
        try:
            wanted = parse_path(path)
        except Refused:
            return None
        with self._database.reading() as session:
            head = read_head(session, self._origin)
            if head is None or wanted.width > width_of(wanted.level, wanted.index, head.size):
                return None
            return tile_bytes(session, wanted)

    def _sealed(self, session: Session, size: int) -> Head:
        head = read_head(session, self._origin)
        if head is None or size > head.size:
            raise Unavailable("not_sealed", f"the register does not have {size} sealed leaves yet")
        if not head.is_as_signed():
            raise Corrupt("head_differs", "the stored head is not what its checkpoint says")
        return head


def nodes(session: Session) -> NodeReader:
    """The tree's inner nodes, from the stored tiles. A tile too short raises Corrupt."""
    tile = tile_source(session)

    def node(level: int, index: int) -> bytes:
        with _evidence():
            return node_from_tile(level, index, tile)

    return node


@contextmanager
def _evidence() -> Iterator[None]:
    """What a format refuses in our own tables is not someone's mistake: it is evidence that disagrees."""
    try:
        yield
    except Refused as exc:
        raise Corrupt(exc.code, exc.detail) from exc


def tile_bytes(session: Session, path: TilePath) -> bytes:
    """The bytes of a tile or bundle that a sealed size implies. Raises Corrupt when they are not all there."""
    if path.level == ENTRIES:
        entries = read_entries(session, path.index * WIDTH, path.width)
        is_whole, data = len(entries) == path.width, pack(entries)
    else:
        data = read_tile(session, path.level, path.index)[: path.width * HASH_BYTES]
        is_whole = len(data) == path.width * HASH_BYTES
    if not is_whole:
        raise Corrupt("tile_missing", f"{path} is implied by the head but not stored")
    return data
