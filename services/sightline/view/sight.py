"""What desks can see now, for the record stage: nobody may act on what was not disclosed to them."""

from collections.abc import Sequence

from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Session
from sightline.kernel.rows import chunks, evened, marks, select_in

Pair = tuple[DeskId, str]
_PAIRS = 200
"""In one statement: each takes two parameters."""


class Sight:
    """Answers from sealed decisions only."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def seen(self, session: Session, pairs: Sequence[Pair]) -> set[Pair]:
        """Those of the (desk, item reference) pairs whose item stands disclosed to the desk."""
        positions = _positions(session, sorted({ref for _, ref in pairs}))
        wanted = {(desk, positions[ref]): (desk, ref) for desk, ref in pairs if ref in positions}
        size = self._sealed(session)
        seen: set[Pair] = set()
        for chunk in map(evened, chunks(list(wanted), _PAIRS)):
            values = marks(chunk, "(CAST(? AS TEXT), CAST(? AS BIGINT))")
            # A join, since SQLite would answer `(desk, item) IN (VALUES ...)` by reading every leaf.
            rows = session.execute(
                f"WITH wanted (desk, item) AS (VALUES {values}) SELECT l.desk, l.item, l.eff, l.n FROM wanted w"  # noqa: S608  # only question marks are put in
                " JOIN leaves l ON l.desk = w.desk AND l.item = w.item WHERE l.typ = 'decision' AND l.n < ? ORDER BY l.n",
                (*(value for pair in chunk for value in pair), size),
            )
            latest = {(DeskId(desk), int(item)): eff for desk, item, eff, _ in rows}
            seen |= {wanted[pair] for pair, eff in latest.items() if eff == "disclose"}
        return seen

    def recalls(self, session: Session, pairs: Sequence[Pair]) -> dict[Pair, str]:
        """Those of the (desk, recall reference) pairs that stand, with the item each recalls."""
        rows = select_in(
            session.execute,
            "SELECT l.desk, l.id, f.ref FROM leaves l JOIN item_folds f ON f.position = l.item"
            " WHERE l.n < ? AND l.typ = 'recall' AND l.id IN ({})",
            sorted({name for _, name in pairs}),
            self._sealed(session),
        )
        standing = {(DeskId(desk), name): ref for desk, name, ref in rows}
        return {pair: standing[pair] for pair in pairs if pair in standing}

    def _sealed(self, session: Session) -> int:
        rows = session.execute("SELECT size FROM register_head WHERE origin = ?", (self._origin,))
        return int(rows[0][0]) if rows else 0


def _positions(session: Session, refs: Sequence[str]) -> dict[str, int]:
    rows = select_in(session.execute, "SELECT ref, position FROM item_folds WHERE ref IN ({})", refs)
    return {ref: int(position) for ref, position in rows}
