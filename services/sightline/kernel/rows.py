"""Asking for many rows by their keys, in as few statements as a store takes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sightline.kernel.ports import Row, Value

AT_ONCE = 512
"""Keys in one statement: well below what any store takes, and enough that the statement itself costs little."""

Execute = Callable[[str, Sequence[Value]], Iterable[Row]]
"""What runs one statement: a session's `execute`, or a store's own."""

T = TypeVar("T")


def chunks(values: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The values in order, so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def evened(values: Sequence[T]) -> Sequence[T]:
    """The values, the last of them said again until their number is a power of two.

    For questions in which it makes no difference how often a value is said. A store keeps the statements that it was asked
    last: of each number of values they would be hundreds, never the one that is wanted, and some of them large.
    """
    if not values:
        return values
    wanting = (1 << (len(values) - 1).bit_length()) - len(values)
    return [*values, *[values[-1]] * wanting]


def marks(values: Sequence[object], each: str = "?") -> str:
    """A mark for each value, with commas between."""
    return ",".join([each] * len(values))


def select_in(execute: Execute, sql: str, values: Sequence[Value], *before: Value) -> list[Row]:
    """The rows of that statement for all values; `{}` in it is where their question marks go.

    `before` are the parameters that come before them. No statement is run for no values. An order that the statement
    asks for holds among the rows of one chunk.
    """
    rows: list[Row] = []
    for chunk in map(evened, chunks(values)):
        rows += execute(sql.format(marks(chunk)), [*before, *chunk])
    return rows
