"""Missing episodes and the three circumstances of a PPN1: the worked examples of catalogue 7.2, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from sightline.protocol.areas import read_area
from sightline.protocol.episodes import (
    Episode,
    RepeatRule,
    counted_episodes,
    is_repeat,
    returned_harmed,
    still_missing,
)

DAY_1 = datetime(2026, 1, 1, 18, 0, tzinfo=UTC)
GUIDE = RepeatRule()
MET = RepeatRule(counted=frozenset({"missing", "absent"}))


def day(number: int) -> datetime:
    """The start of an episode that began on that day; day 1 is the first."""
    return DAY_1 + timedelta(days=number - 1)


def episodes(*days: int, absent: tuple[int, ...] = ()) -> list[Episode]:
    """Episodes that began on those days, all over within the hour; those of `absent` of that category."""
    return [
        Episode(
            number=number,
            began=day(on),
            category="absent" if on in absent else "missing",
            risk="medium",
            ended=day(on) + timedelta(hours=1),
        )
        for number, on in enumerate(days, 1)
    ]


@pytest.mark.parametrize(
    ("days", "absent", "rule", "expected"),
    [
        pytest.param((1, 45, 90), (), GUIDE, True, id="ME-01: 89 days span three"),
        pytest.param((1, 45, 91), (), GUIDE, False, id="ME-02: exactly 90 days ago no longer counts by default"),
        pytest.param((1, 45, 91), (), RepeatRule(inclusive=True), True, id="ME-02: it does where the area says so"),
        pytest.param((1, 45, 80), (80,), GUIDE, False, id="ME-03: absent is no category of the guide's"),
        pytest.param((1, 45, 80), (80,), MET, True, id="ME-04: the 2013 edition counts absent too"),
        pytest.param((80, 85), (), GUIDE, False, id="ME-05: two are not three"),
        pytest.param((1, 2, 3), (), GUIDE, True, id="ME-08: three within hours are three"),
    ],
)
def test_three_in_ninety_days(days: tuple[int, ...], absent: tuple[int, ...], rule: RepeatRule, expected: bool) -> None:
    assert is_repeat(episodes(*days, absent=absent), day(days[-1]), rule) is expected


@pytest.mark.parametrize(
    ("moved", "counts"),
    [
        pytest.param(timedelta(microseconds=1), True, id="just inside"),
        pytest.param(timedelta(), False, id="at the edge"),
        pytest.param(-timedelta(microseconds=1), False, id="just outside"),
    ],
)
def test_the_window_is_ninety_days_to_the_microsecond(moved: timedelta, counts: bool) -> None:
    now = day(91)
    first = Episode(number=1, began=day(1) + moved, category="missing", risk="low", ended=day(2))
    assert bool(counted_episodes([first], now, GUIDE)) is counts


def test_an_episode_of_the_future_is_not_counted() -> None:
    assert counted_episodes(episodes(10), day(9), GUIDE) == []


def test_me_05_returned_unharmed_is_no_circumstance() -> None:
    one = Episode(number=1, began=day(85), category="missing", risk="low").returned(day(86), harmed=False)
    assert not returned_harmed(one)
    assert not still_missing(one)


def test_me_06_returned_and_harmed_is_one() -> None:
    assert returned_harmed(Episode(number=1, began=day(1), category="missing", risk="low").returned(day(2), harmed=True))


def test_me_07_still_missing_is_one() -> None:
    assert still_missing(Episode(number=1, began=day(1), category="missing", risk="low"))


def test_an_absent_child_is_neither_still_missing_nor_returned_and_harmed() -> None:
    absent = Episode(number=1, began=day(1), category="absent", risk="low")
    assert not still_missing(absent)
    assert not returned_harmed(absent.returned(day(2), harmed=True))


def test_a_change_of_category_keeps_the_episode_and_its_start() -> None:
    before = Episode(number=4, began=day(1), category="absent", risk="low")
    after = before.recategorised("missing", "high")
    assert (after.number, after.began, after.category, after.risk) == (4, day(1), "missing", "high")
    assert before.category == "absent"


def an_area(**changes: object) -> dict[str, object]:
    """One row of areas.json."""
    row: dict[str, object] = {
        "edition": "4lscb_guide",
        "ppn1_applies": True,
        "ppn1_evaluation_hours": 6,
        "repeat": {"threshold": 3, "window_days": 90, "inclusive": False, "counted_categories": ["missing"]},
        "recall_answer_hours": 72,
        "confirmation_hours": 24,
        "possible_match_hours": 24,
    }
    return row | changes


def test_an_areas_times_are_read_in_the_units_that_their_names_say() -> None:
    area = read_area(an_area())
    assert area.repeat == GUIDE
    assert area.ppn1_evaluation == timedelta(hours=6)
    assert (area.recall_answer, area.confirmation, area.possible_match) == (
        timedelta(hours=72),
        timedelta(hours=24),
        timedelta(hours=24),
    )


def test_an_area_whose_text_knows_no_ppn1_counts_no_episodes_for_it() -> None:
    area = read_area(an_area(ppn1_applies=False))
    assert not is_repeat(episodes(1, 2, 3), day(3), area.repeat)
