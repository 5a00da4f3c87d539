"""Q-24 †: small numbers are not published, and not given away by subtraction."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol.suppression import Cell, Sum, found_out, held_back, is_small

WHOLE = Cell("Q-01", "referrals")
NAMES = [Cell("Q-01", "referrals", f"part {n}") for n in range(6)]


def table(*parts: int) -> tuple[dict[Cell, int], list[Sum]]:
    """A whole and its parts."""
    cells = tuple(NAMES[: len(parts)])
    return {WHOLE: sum(parts), **dict(zip(cells, parts, strict=True))}, [Sum((WHOLE,), cells)]


def published(*parts: int, threshold: int = 5) -> list[int | None]:
    """The whole and its parts as they are published; None for what is held back."""
    values, sums = table(*parts)
    hidden = held_back(values, sums, threshold=threshold)
    return [None if cell in hidden else n for cell, n in values.items()]


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        pytest.param((20, 12), [32, 20, 12], id="nothing is small"),
        pytest.param((20, 12, 2), [34, 20, None, None], id="one small part takes the next smallest with it"),
        pytest.param((20, 2), [22, None, None], id="with two parts both are held back"),
        pytest.param((20, 3, 4), [27, 20, None, None], id="two small parts that come to more than a small number"),
        pytest.param((20, 1, 1), [22, None, None, None], id="two that must both be one are not left alone"),
        pytest.param((20, 1, 0), [21, None, None, 0], id="a nought is nobody"),
        pytest.param((3, 0), [None, None, 0], id="a small whole takes its parts with it"),
        pytest.param((4, 1), [None, None, None], id="a whole that leaves no room is held back too"),
        pytest.param((0, 0), [0, 0, 0], id="noughts are published"),
    ],
)
def test_q_24_small_numbers_are_held_back_and_what_would_give_them_away(
    parts: tuple[int, ...], shown: list[int | None]
) -> None:
    assert published(*parts) == shown


def test_q_24_a_threshold_of_one_holds_nothing_back() -> None:
    assert published(1, 2, 0, threshold=1) == [3, 1, 2, 0]


def test_q_24_what_is_left_of_a_whole_beside_one_published_part_of_it_is_not_found_out() -> None:
    whole, part, rest = Cell("Q-06", "children"), Cell("Q-10", "looked after"), Cell("Q-06", "the others")
    values = {whole: 12, part: 10, rest: 2}
    sums = [Sum((whole,), (part, rest))]
    assert held_back(values, sums, threshold=5, unprinted=[rest]) == {part}
    assert held_back({whole: 20, part: 10, rest: 10}, sums, threshold=5, unprinted=[rest]) == frozenset()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=3), st.integers(2, 5))
def test_q_24_whoever_knows_the_rule_cannot_tell_any_held_back_number_from_one_that_is_not_small(
    parts: list[int], threshold: int
) -> None:
    """By trying out: every table that would look the same is made, and some of them have a number that is not small."""
    values, sums = table(*parts)
    hidden = held_back(values, sums, threshold=threshold)
    if WHOLE in hidden:
        return
    held = [cell for cell in sums[0].parts if cell in hidden]
    left = sum(values[cell] for cell in held)
    alike = [one for one in product(range(1, left + 1), repeat=len(held)) if sum(one) == left]
    for index, cell in enumerate(held):
        if is_small(values[cell], threshold):
            assert max(one[index] for one in alike) >= threshold


GRID = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=3)


@given(GRID, st.integers(2, 10))
def test_q_24_no_sum_over_rows_and_columns_gives_a_small_number_away(grid: list[list[int]], threshold: int) -> None:
    """Two breakdowns of the same whole, and a part of a part that is published elsewhere."""
    values: dict[Cell, int] = {}
    cells = [[Cell("Q-18", "screening", f"{r}/{c}") for c in range(3)] for r in range(len(grid))]
    for names, numbers in zip(cells, grid, strict=True):
        values |= dict(zip(names, numbers, strict=True))
    sums: list[Sum] = []
    lines = [(f"row {n}", tuple(names)) for n, names in enumerate(cells)]
    lines += [(f"column {c}", tuple(names[c] for names in cells)) for c in range(3)]
    for name, line in lines:
        whole = Cell("Q-18", name)
        values[whole] = sum(values[cell] for cell in line)
        sums.append(Sum((whole,), line))
    within, rest = Cell("Q-19", "within"), Cell("Q-19", "rest")
    values |= {within: values[cells[0][0]] // 2, rest: values[cells[0][0]] - values[cells[0][0]] // 2}
    sums.append(Sum((cells[0][0],), (within, rest)))
    hidden = held_back(values, sums, threshold=threshold, unprinted=[rest])
    assert {cell for cell, n in values.items() if is_small(n, threshold)} - {rest} <= hidden
    found = found_out(values, sums, hidden | {rest})
    assert not {cell: n for cell, n in found.items() if is_small(n, threshold)}
