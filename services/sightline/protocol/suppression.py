"""Small numbers are not published, and not given away by subtraction either (catalogue Q-24 †: no source has a number).

A cell from 1 to one below the threshold is held back. Then so many others are held back too that nobody who subtracts
published cells from published totals arrives at one of them, and that what is held back of a published total leaves
room for a number that is not small. Noughts are published: they say of nobody that something happened.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Cell(NamedTuple):
    """The name of one number."""

    row: str
    """Catalogue row, Q-01 to Q-23."""
    what: str
    part: str = ""
    """Empty: the whole."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Both sides come to the same."""

    whole: tuple[Cell, ...]
    parts: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of it."""
        return (*self.whole, *self.parts)


def held_back(
    values: Mapping[Cell, int], sums: Sequence[Sum], *, threshold: int, unprinted: Iterable[Cell] = ()
) -> frozenset[Cell]:
    """The cells not to publish.

    `unprinted` are never published, but must not be found out either: what is left of a whole beside a part of it.
    """
    silent = frozenset(unprinted)
    hidden = {cell for cell, n in values.items() if cell not in silent and is_small(n, threshold)}
    while (another := _another(values, sums, threshold, hidden, silent)) is not None:
        hidden.add(another)
    return frozenset(hidden)


def is_small(n: int, threshold: int) -> bool:
    """Whether a number must not be published by itself."""
    return 0 < n < threshold


def found_out(values: Mapping[Cell, int], sums: Iterable[Sum], unknown: frozenset[Cell]) -> dict[Cell, int]:
    """The unknown cells that follow from the known ones, by adding and subtracting, and their numbers."""
    rows = [row for one in sums if (row := _equation(values, one, unknown))[0]]
    return dict(_solved(rows))


def _another(
    values: Mapping[Cell, int], sums: Sequence[Sum], threshold: int, hidden: set[Cell], silent: frozenset[Cell]
) -> Cell | None:
    """One more cell to hold back, the smallest that helps; None when all is well."""
    for one in sums:
        if _is_tight(values, one, threshold, hidden, silent):
            candidate = _candidate(values, one, hidden, silent)
            if candidate is not None:
                return candidate
    for cell, n in found_out(values, sums, frozenset(hidden | silent)).items():
        if is_small(n, threshold):
            # Nearby if there is any; else somewhere along the way on which it was found out.
            near = _candidates(values, [one for one in sums if cell in one.cells], hidden, silent)
            return min(near or _candidates(values, sums, hidden, silent))[1]
    return None


def _candidates(
    values: Mapping[Cell, int], sums: Iterable[Sum], hidden: set[Cell], silent: frozenset[Cell]
) -> list[tuple[int, Cell]]:
    found = (_candidate(values, one, hidden, silent) for one in sums)
    return [(values[cell], cell) for cell in found if cell is not None]


def _is_tight(values: Mapping[Cell, int], one: Sum, threshold: int, hidden: set[Cell], silent: frozenset[Cell]) -> bool:
    """Whether a published whole leaves too little for the parts that are held back: then all of them are small."""
    unknown = [cell for cell in one.parts if cell in hidden or cell in silent]
    if not any(is_small(values[cell], threshold) for cell in unknown) or hidden & set(one.whole):
        return False
    left = sum(values[cell] for cell in unknown)
    # Who is held back is at least one; what is never printed may be none.
    least = sum(cell in hidden for cell in unknown)
    return left - max(least - 1, 0) < threshold


def _candidate(values: Mapping[Cell, int], one: Sum, hidden: set[Cell], silent: frozenset[Cell]) -> Cell | None:
    """The smallest published part that is somebody's, or else the whole."""
    shown = [c for c in one.parts if c not in hidden and c not in silent and values[c]]
    wholes = [c for c in one.whole if c not in hidden and c not in silent and values[c]]
    side = shown or wholes
    return min(side, key=lambda c: (values[c], c)) if side else None


Equation = tuple[dict[Cell, Fraction], Fraction]


def _equation(values: Mapping[Cell, int], one: Sum, unknown: frozenset[Cell]) -> Equation:
    """Unknown cells and their signs, and what the known ones say that they come to."""
    signs: dict[Cell, Fraction] = {}
    known = Fraction(0)
    for sign, side in ((1, one.whole), (-1, one.parts)):
        for cell in side:
            if cell in unknown:
                signs[cell] = signs.get(cell, Fraction(0)) + sign
            else:
                known -= sign * values[cell]
    return {cell: sign for cell, sign in signs.items() if sign}, known


def _solved(rows: Iterable[Equation]) -> Iterator[tuple[Cell, int]]:
    """Gauss and Jordan: what stands alone in a row is known."""
    reduced: dict[Cell, Equation] = {}
    for row in rows:
        signs, n = _without(row, reduced)
        if not signs:
            continue
        pivot = min(signs)
        one: Equation = ({c: v / signs[pivot] for c, v in signs.items()}, n / signs[pivot])
        reduced = {p: _less(r, one, pivot) for p, r in reduced.items()} | {pivot: one}
    for pivot, (signs, n) in reduced.items():
        if len(signs) == 1:
            yield pivot, int(n)


def _without(row: Equation, reduced: Mapping[Cell, Equation]) -> Equation:
    """The row without the cells that other rows stand for."""
    for pivot, other in reduced.items():
        row = _less(row, other, pivot)
    return row


def _less(row: Equation, other: Equation, pivot: Cell) -> Equation:
    """The row without that cell, by taking away as much of the other."""
    factor = row[0].get(pivot, Fraction(0))
    if not factor:
        return row
    cells = row[0].keys() | other[0].keys()
    signs = {c: row[0].get(c, Fraction(0)) - factor * other[0].get(c, Fraction(0)) for c in cells}
    return {c: v for c, v in signs.items() if v}, row[1] - factor * other[1]
