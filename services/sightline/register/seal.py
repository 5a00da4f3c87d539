"""Seal: new leaves into the tree, the tree's head under a signed checkpoint, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sightline.formats.checkpoint import Checkpoint, sign_checkpoint
from sightline.formats.merkle import EMPTY_ROOT, leaf_hashes
from sightline.formats.note import NoteSigner
from sightline.formats.tile import Edge, Tile
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ports import Database
from sightline.register.export import Export
from sightline.register.reading import RegisterReader
from sightline.register.tables import (
    Head,
    claim_head,
    move_head,
    read_entries,
    read_head,
    tile_source,
    write_tiles,
)

BATCH = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """What one call of `Register.seal` did."""

    first: int
    """Number of the first leaf that became sealed; equal to `size` when none did."""
    size: int
    root: bytes
    checkpoint: str
    """The signed checkpoint now in force."""

    @property
    def count(self) -> int:
        """How many leaves became sealed."""
        return self.size - self.first


@dataclass(frozen=True, slots=True)
class _Tree:
    """The head in the database and the right edge that belongs to it."""

    head: Head
    edge: Edge


class Register:
    """The one sealer of a log; a second one anywhere loses by compare and set.

    `commit` is called from one thread, and `publish` from one, which may be another.
    """

    def __init__(
        self,
        *,
        database: Database,
        signer: NoteSigner,
        origin: str,
        export: Export | None = None,
        on_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        if signer.name != origin:
            raise Refused("checkpoint_origin", "the checkpoint key's name must be the log's origin")
        self._database = database
        self._signer = signer
        self._origin = origin
        self._export = export
        self._on_step = on_step
        self._tree: _Tree | None = None
        self._head: Head | None = None
        """The last one that is known to be stored."""
        self.reader = RegisterReader(database=database, origin=origin)
        """The same log for those who only read."""

    def seal(self, limit: int = BATCH) -> Sealed:
        """Seal at most `limit` leaves, then bring the export up to date. Without new leaves only the latter.

        The first call of a log's life signs a checkpoint even over no leaves. Raises Unavailable (``overtaken``,
        ``export_failed``): call again; Corrupt when the stored tree contradicts itself.
        """
        sealed = self.commit(limit)
        self.publish()
        return sealed

    def commit(self, limit: int = BATCH) -> Sealed:
        """The first half of `seal`: afterwards the leaves are under a signed checkpoint, and may be told and read."""
        tree, self._tree = self._tree, None
        # Kept only after success: whatever fails, the next call reads the stored state again.
        self._tree, sealed = self._advance(tree or self._load(), limit)
        self._head = self._tree.head
        return sealed

    def publish(self) -> None:
        """The second half: the export follows the stored tree, once there is one. What comes meanwhile is the next call's."""
        if self._export is None:
            return
        head = self._head or self._load().head
        if head.checkpoint:
            self._export.publish(self._database, head, self._on_step)

    def _load(self) -> _Tree:
        """The stored tree, checked: its right edge must lead to the root that its head names and its key signed."""
        with self._database.reading() as session:
            head = read_head(session, self._origin)
            if head is None:
                return _Tree(Head(origin=self._origin, size=0, root=EMPTY_ROOT, checkpoint=""), Edge())
            edge = _edge(head.size, tile_source(session))
        if edge.root() != head.root or not head.is_as_signed():
            raise Corrupt("head_differs", "the stored tiles do not lead to the stored head")
        return _Tree(head, edge)

    def _advance(self, tree: _Tree, limit: int) -> tuple[_Tree, Sealed]:
        with self._database.reading() as session:
            entries = read_entries(session, tree.head.size, limit)
        if entries or not tree.head.checkpoint:
            self._on_step("seal")
            edge, tiles = tree.edge.extended(leaf_hashes(entries))
            after = _Tree(self._commit(tree.head, edge, tiles), edge)
        else:
            after = tree
        head = after.head
        return after, Sealed(first=tree.head.size, size=head.size, root=head.root, checkpoint=head.checkpoint)

    def _commit(self, before: Head, edge: Edge, tiles: Sequence[Tile]) -> Head:
        """One transaction: hold the head, continue the tiles, and only then sign and move the head."""
        with self._database.transaction() as session:
            claim_head(session, before)
            write_tiles(session, before.size, tiles)
            head = self._signed(edge)
            move_head(session, head)
        return head

    def _signed(self, edge: Edge) -> Head:
        state = Checkpoint(origin=self._origin, size=edge.size, root=edge.root())
        note = sign_checkpoint(state, self._signer)
        return Head(origin=state.origin, size=state.size, root=state.root, checkpoint=note.decode())


def _edge(size: int, tile: Callable[[int, int], bytes]) -> Edge:
    try:
        return Edge.read(size, tile)
    except Refused as exc:
        raise Corrupt("tile_missing", exc.detail) from exc
