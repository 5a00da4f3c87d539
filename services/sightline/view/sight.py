"""What desks can see now, for the record stage: nobody may act on what was not disclosed to them."""

from collections.abc import Sequence

from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Session

Pair = tuple[DeskId, str]


class Sight:
    """Answers from sealed decisions only."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def seen(self, session: Session, pairs: Sequence[Pair]) -> set[Pair]:
        """Those of the (desk, item reference) pairs whose item stands disclosed to the desk."""
        refs = sorted({ref for _, ref in pairs})
        marks = ",".join("?" * len(refs))
        rows = session.execute(
            "SELECT l.desk, f.ref, l.eff FROM item_folds f JOIN leaves l ON l.item = f.position"  # noqa: S608  # only question marks are put in
            f" WHERE f.ref IN ({marks}) AND l.typ = 'decision' AND l.n < ? ORDER BY l.n",
            (*refs, self._sealed(session)),
        )
        latest = {(DeskId(desk), ref): eff for desk, ref, eff in rows}
        return {pair for pair in pairs if latest.get(pair) == "disclose"}

    def recalls(self, session: Session, pairs: Sequence[Pair]) -> dict[Pair, str]:
        """Those of the (desk, recall reference) pairs that stand, with the item each recalls."""
        names = sorted({name for _, name in pairs})
        marks = ",".join("?" * len(names))
        rows = session.execute(
            "SELECT l.desk, l.id, f.ref FROM leaves l JOIN item_folds f ON f.position = l.item"  # noqa: S608  # only question marks are put in
            f" WHERE l.id IN ({marks}) AND l.typ = 'recall' AND l.n < ?",
            (*names, self._sealed(session)),
        )
        standing = {(DeskId(desk), name): ref for desk, name, ref in rows}
        return {pair: standing[pair] for pair in pairs if pair in standing}

    def _sealed(self, session: Session) -> int:
        rows = session.execute("SELECT size FROM register_head WHERE origin = ?", (self._origin,))
        return int(rows[0][0]) if rows else 0
