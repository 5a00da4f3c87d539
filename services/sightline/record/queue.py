"""Possible matches that nobody has ruled on yet, oldest first. No names: what a record is called, where, since when."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.kernel.ports import Session

_UNRULED = (
    "SELECT c.ref, o.ref, p.area, p.proposed, COALESCE(k.struck, 0), COALESCE(a.person, p.child),"
    " COALESCE(b.person, p.other) FROM possible_matches p"
    " JOIN child_refs c ON c.child = p.child JOIN child_refs o ON o.child = p.other"
    " LEFT JOIN people a ON a.child = p.child LEFT JOIN people b ON b.child = p.other"
    " LEFT JOIN clocks k ON k.id = 'possible_match:' || p.child || ':' || p.other"
    " WHERE NOT EXISTS (SELECT 1 FROM match_rulings r WHERE r.child = p.child AND r.other = p.other)"
    " ORDER BY p.proposed, p.child, p.other LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two records are of one child."""

    first: str
    second: str
    """Both by the references under which the MASH sees them."""
    area: str
    asked: datetime
    is_late: bool
    """Whether the area's time for a ruling is up."""


def unruled(session: Session, limit: int) -> list[Question]:
    """The questions that stand, among the oldest `limit` pairs; one for each two children, however many records."""
    found: dict[tuple[str, str], Question] = {}
    for first, second, area, proposed, struck, one, another in session.execute(_UNRULED, (limit,)):
        asked = datetime.fromtimestamp(int(proposed), UTC)
        found.setdefault((min(one, another), max(one, another)), Question(first, second, area, asked, bool(struck)))
    return list(found.values())
