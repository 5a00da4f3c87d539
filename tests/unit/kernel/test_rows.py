"""Many keys are asked for in few statements, none of them larger than a store takes, and nothing is lost between them."""

import sqlite3
from collections.abc import Iterable, Sequence

import pytest

from sightline.kernel.ports import Row, Value
from sightline.kernel.rows import AT_ONCE, chunks, select_in


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_every_key_is_asked_for_once_and_no_statement_has_more_than_the_bound(count: int) -> None:
    file = sqlite3.connect(":memory:")
    file.execute("CREATE TABLE numbers (n BIGINT)")
    file.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(4 * AT_ONCE)])
    asked: list[int] = []

    def execute(sql: str, params: Sequence[Value]) -> Iterable[Row]:
        asked.append(len(params) - 1)
        return file.execute(sql, params)

    found = select_in(execute, "SELECT n FROM numbers WHERE n > ? AND n IN ({})", list(range(count)), -1)
    assert sorted(row[0] for row in found) == list(range(count))
    assert sum(asked) == count
    assert all(0 < each <= AT_ONCE for each in asked)
    file.close()


def test_chunks_are_the_values_in_order() -> None:
    assert [list(chunk) for chunk in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
