"""Asking for many rows by their keys, in as few statements as a store takes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from sightline.kernel.ports import Row, Value

AT_ONCE = 400
"""Keys in one statement: well below what any store takes, and enough that the statement itself costs little."""

Execute = Callable[[str, Sequence[Value]], Iterable[Row]]
"""What runs one statement: a session's `execute`, or a store's own."""

T = TypeVar("T")


def chunks(values: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The values in order, so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def marks(values: Sequence[object], each: str = "?") -> str:
    """A mark for each value, with commas between."""
    return ",".join([each] * len(values))


def select_in(execute: Execute, sql: str, values: Sequence[Value], *before: Value) -> list[Row]:
    """The rows of that statement for all values; `{}` in it is where their question marks go.

    `before` are the parameters that come before them. No statement is run for no values. An order that the statement
    asks for holds among the rows of one chunk.
    """
    rows: list[Row] = []
    for chunk in chunks(values):
        rows += execute(sql.format(marks(chunk)), [*before, *chunk])
    return rows
