"""Two sets of rows compared in the order of their keys, a page of each in hand, and one made the same as the other.

Rebuilding makes what is folded from the logs anew in a place of its own, with the code that made it at first. What stands
is compared with that and, unless it was only to be checked, put right, row by row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sightline.kernel.ports import Row, Session
from sightline.kernel.rows import marks

PAGE = 500

Key = tuple[Any, ...]


class Difference(NamedTuple):
    """One key at which the two do not agree."""

    key: Key
    stands: Row | None
    """The row that stands; None where one is missing."""
    rebuilt: Row | None
    """What ought to; None where the row ought not to be there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table of which every row follows from the logs."""

    name: str
    columns: tuple[str, ...]
    key: int = 1
    """So many of the first columns are its key."""
    only: str = ""
    """A condition on the rows that are meant, where others stand beside them."""
    readable: Callable[[Sequence[Row]], Sequence[object]] = list
    """What of rows is compared, for a page of them: sealed rows that say the same need not be the same bytes."""
    alike: Callable[[Any, Any], bool] = lambda stands, rebuilt: bool(stands == rebuilt)

    def rows(self, session: Session) -> Iterator[tuple[Key, object, Row]]:
        """Every row in the order of keys: its key, what is compared of it, and the row."""
        names = ", ".join(self.columns[: self.key])
        chosen = f"SELECT {', '.join(self.columns)} FROM {self.name} WHERE"  # noqa: S608  # names are ours
        tail = f"{self.only and f' AND {self.only}'} ORDER BY {names} LIMIT {PAGE}"
        after = f"({names}) > ({marks(self.columns[: self.key])})"
        page = session.execute(f"{chosen} 1 = 1{tail}")
        while page:
            for row, meant in zip(page, self.readable(page), strict=True):
                yield self.of(row), meant, row
            if len(page) < PAGE:
                return
            page = session.execute(f"{chosen} {after}{tail}", self.of(page[-1]))

    def of(self, row: Row) -> Key:
        """That row's key."""
        return tuple(row[: self.key])

    def differences(self, stands: Session, rebuilt: Session) -> Iterator[Difference]:
        """Where the two do not agree, in the order of keys."""
        ours, theirs = self.rows(stands), self.rows(rebuilt)
        one, other = next(ours, None), next(theirs, None)
        while one is not None or other is not None:
            if one is not None and (other is None or one[0] < other[0]):
                yield Difference(one[0], one[2], None)
                one = next(ours, None)
            elif other is not None and (one is None or other[0] < one[0]):
                yield Difference(other[0], None, other[2])
                other = next(theirs, None)
            elif one is not None and other is not None:
                if not self.alike(one[1], other[1]):
                    yield Difference(one[0], one[2], other[2])
                one, other = next(ours, None), next(theirs, None)

    def remove(self, session: Session, key: Key) -> None:
        """Take the row of that key away."""
        where = " AND ".join(f"{name} = ?" for name in self.columns[: self.key])
        session.execute(f"DELETE FROM {self.name} WHERE {where}", key)  # noqa: S608  # names are ours

    def put(self, session: Session, row: Row) -> None:
        """Add that row."""
        session.execute(f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks(self.columns)})", row)  # noqa: S608  # names are ours


@dataclass(slots=True)
class Tally:
    """What came of comparing one table."""

    rows: int = 0
    """Rows that ought to stand."""
    different: int = 0
    missing: int = 0
    extra: int = 0
    kept: int = 0
    """Rows that rest on a key which was destroyed: nobody can tell what they ought to be, and they are left alone."""

    @property
    def differences(self) -> int:
        """Rows that are not what they ought to be."""
        return self.different + self.missing + self.extra


@dataclass(slots=True)
class Found:
    """What a rebuild, or a check, came to."""

    at: int = 0
    """The follower's position at which the two were compared."""
    tables: dict[str, Tally] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether what stood was what the logs lead to."""
        return not any(tally.differences for tally in self.tables.values())


def compare(
    table: Table,
    stands: Session,
    rebuilt: Session,
    *,
    mend: bool,
    is_beyond: Callable[[Difference], bool] = lambda _: False,
) -> Tally:
    """Compare one table; with `mend`, make what stands the same. `is_beyond` says of a difference to leave it alone."""
    tally = Tally()
    for one in table.differences(stands, rebuilt):
        if is_beyond(one):
            tally.kept += 1
            continue
        tally.missing += one.stands is None
        tally.extra += one.rebuilt is None
        tally.different += one.stands is not None and one.rebuilt is not None
        if mend and one.stands is not None:
            table.remove(stands, one.key)
    if mend and tally.differences:
        # Only now: a damaged row may have stood in the place of what another row's other columns name.
        for one in table.differences(stands, rebuilt):
            if one.rebuilt is not None and not is_beyond(one):
                table.put(stands, one.rebuilt)
    count = f"SELECT COUNT(*) FROM {table.name}{table.only and f' WHERE {table.only}'}"  # noqa: S608  # names are ours
    tally.rows = int(rebuilt.execute(count)[0][0])
    return tally
