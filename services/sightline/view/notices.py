"""Notices of refusals: what a proven sender is told at once, without engine or leaf (P12)."""

from dataclasses import dataclass
from typing import Protocol

from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Database, Row, Session
from sightline.kernel.rows import marks
from sightline.kernel.values import Desk

TOLD_OF_URGENT = frozenset({"mash", "police_missing_persons"})
"""Roles that hear of an urgent submission that was refused: type, sender, reference, and "telephone"."""
LIMIT = 200


class Desks(Protocol):
    """The desks that the ledger knows."""

    def desk(self, desk: DeskId) -> Desk | None:
        """That desk, if it is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One refusal. To its sender with its code; to others with no more than that they should telephone."""

    id: str
    type: str
    sender: DeskId
    reference: str
    code: str
    """The problem's code; ``telephone`` for those who are not its sender."""
    recorded: int


class Notices:
    """Reads notices for desks."""

    def __init__(self, *, database: Database, desks: Desks) -> None:
        self._database = database
        self._desks = desks

    def of(self, desk_id: DeskId) -> list[Notice]:
        """Notices for that desk, newest first, at most `LIMIT`."""
        desk = self._desks.desk(desk_id)
        if desk is None or desk.standing != "good":
            return []
        with self._database.reading() as session:
            own = session.execute(
                "SELECT id, type, desk, reference, code, recorded FROM notices WHERE desk = ?"
                " ORDER BY recorded DESC, id LIMIT ?",
                (desk_id, LIMIT),
            )
            others = _of_areas(session, desk) if desk.roles & TOLD_OF_URGENT else []
        return [_notice(row) for row in [*own, *others]]


def _of_areas(session: Session, desk: Desk) -> list[Row]:
    """Urgent ones of others in the desk's areas: asked by area, so that a busy area elsewhere crowds out none."""
    areas = sorted(desk.areas)
    return session.execute(
        "SELECT id, type, desk, reference, 'telephone', recorded FROM notices WHERE urgent = 1 AND desk <> ?"  # noqa: S608  # only question marks are put in
        f" AND area IN ({marks(areas)}) ORDER BY recorded DESC, id LIMIT ?",
        (desk.id, *areas, LIMIT),
    )


def _notice(row: Row) -> Notice:
    ref, kind, sender, reference, code, recorded = row
    return Notice(id=ref, type=kind, sender=DeskId(sender), reference=reference, code=code, recorded=int(recorded))
