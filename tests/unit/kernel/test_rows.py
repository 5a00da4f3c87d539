"""Many keys are asked for in few statements, none of them larger than a store takes, and nothing is lost between them."""

import sqlite3
from collections.abc import Iterable, Sequence

import pytest

from sightline.kernel.ports import Row, Value
from sightline.kernel.rows import AT_ONCE, chunks, evened, select_in


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_every_key_is_asked_for_once_and_no_statement_has_more_than_the_bound(count: int) -> None:
    file = sqlite3.connect(":memory:")
    file.execute("CREATE TABLE numbers (n BIGINT)")
    file.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(4 * AT_ONCE)])
    asked: list[Sequence[Value]] = []

    def execute(sql: str, params: Sequence[Value]) -> Iterable[Row]:
        asked.append(params[1:])
        return file.execute(sql, params)

    found = select_in(execute, "SELECT n FROM numbers WHERE n > ? AND n IN ({})", list(range(count)), -1)
    assert sorted(row[0] for row in found) == list(range(count))
    assert sum(len(set(each)) for each in asked) == count
    assert all(0 < len(each) <= AT_ONCE for each in asked)
    file.close()


def test_statements_for_whatever_number_of_keys_are_few() -> None:
    statements: set[str] = set()

    def execute(sql: str, params: Sequence[Value]) -> Iterable[Row]:
        assert sql.count("?") == len(params)
        statements.add(sql)
        return []

    for count in range(2 * AT_ONCE):
        select_in(execute, "SELECT n FROM numbers WHERE n IN ({})", list(range(count)))
    assert len(statements) == AT_ONCE.bit_length()


def test_evened_values_are_the_same_values_and_their_number_is_a_power_of_two() -> None:
    assert list(evened([])) == []
    assert list(evened(["a"])) == ["a"]
    assert list(evened(["a", "b", "c", "d", "e"])) == ["a", "b", "c", "d", "e", "e", "e", "e"]


def test_chunks_are_the_values_in_order() -> None:
    assert [list(chunk) for chunk in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
