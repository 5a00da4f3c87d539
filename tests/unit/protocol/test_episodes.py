"""Episodes and the three circumstances: catalogue A-20 to A-22 with its worked examples ME-01 to ME-08."""

from datetime import UTC, datetime, timedelta

import pytest

from sightline.protocol.episodes import (
    Episode,
    RepeatRule,
    counted_episodes,
    is_repeat,
    returned_harmed,
    still_missing,
)

FIRST = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
GUIDE = RepeatRule()
MET = RepeatRule(counted=frozenset({"missing", "absent"}))
INCLUSIVE = RepeatRule(inclusive=True)


def day(number: int) -> datetime:
    """The same hour of that day, the first being 1."""
    return FIRST + timedelta(days=number - 1)


def episodes(*days: int, absent: tuple[int, ...] = ()) -> list[Episode]:
    """Episodes that began on those days, each over after an hour and unharmed, in order."""
    numbered = enumerate(sorted((*days, *absent)), 1)
    return [
        Episode(
            number=n,
            began=day(d),
            category="absent" if d in absent else "missing",
            risk="medium",
            ended=day(d) + timedelta(hours=1),
        )
        for n, d in numbered
    ]


@pytest.mark.parametrize(
    ("found", "today", "rule", "expected"),
    [
        pytest.param(episodes(1, 45, 90), 90, GUIDE, True, id="ME-01"),
        pytest.param(episodes(1, 45, 91), 91, GUIDE, False, id="ME-02-as-configured"),
        pytest.param(episodes(1, 45, 91), 91, INCLUSIVE, True, id="ME-02-if-inclusive"),
        pytest.param(episodes(1, 45, absent=(80,)), 80, GUIDE, False, id="ME-03"),
        pytest.param(episodes(1, 45, absent=(80,)), 80, MET, True, id="ME-04"),
        pytest.param(episodes(80, 85), 85, GUIDE, False, id="ME-05"),
        pytest.param(episodes(1), 1, GUIDE, False, id="ME-06"),
        pytest.param(episodes(1), 1, GUIDE, False, id="ME-07"),
        pytest.param(episodes(1, 2, 3), 3, GUIDE, True, id="ME-08"),
    ],
)
def test_the_worked_examples_of_three_in_ninety_days(
    found: list[Episode], today: int, rule: RepeatRule, expected: bool
) -> None:
    assert is_repeat(found, day(today), rule) is expected


@pytest.mark.parametrize(
    ("age", "default", "inclusive"),
    [
        pytest.param(timedelta(days=90) - timedelta(seconds=1), 1, 1, id="just-inside"),
        pytest.param(timedelta(days=90), 0, 1, id="exactly-ninety-days"),
        pytest.param(timedelta(days=90) + timedelta(seconds=1), 0, 0, id="just-outside"),
    ],
)
def test_the_window_opens_ninety_days_ago(age: timedelta, default: int, inclusive: int) -> None:
    (one,) = episodes(1)
    assert len(counted_episodes([one], one.began + age, GUIDE)) == default
    assert len(counted_episodes([one], one.began + age, INCLUSIVE)) == inclusive


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        pytest.param(timedelta(seconds=-1), 1, id="just-begun"),
        pytest.param(timedelta(0), 1, id="beginning-now"),
        pytest.param(timedelta(seconds=1), 0, id="yet-to-begin"),
    ],
)
def test_the_window_ends_now(ahead: timedelta, expected: int) -> None:
    (one,) = episodes(1)
    assert len(counted_episodes([one], one.began - ahead, GUIDE)) == expected


@pytest.mark.parametrize(("count", "expected"), [(2, False), (3, True), (4, True)], ids=["two", "three", "four"])
def test_the_third_episode_is_the_threshold(count: int, expected: bool) -> None:
    assert is_repeat(episodes(*range(1, count + 1)), day(count), GUIDE) is expected


def test_me_05_and_me_06_only_harm_makes_a_return_a_circumstance() -> None:
    (one,) = episodes(1)
    assert not returned_harmed(one)
    assert returned_harmed(one.returned(day(2), harmed=True))


def test_an_absent_child_who_comes_back_harmed_was_not_missing() -> None:
    (one,) = episodes(absent=(1,))
    assert not returned_harmed(one.returned(day(2), harmed=True))


def test_me_07_an_open_missing_episode_is_a_circumstance_and_a_closed_one_is_not() -> None:
    one = Episode(number=1, began=day(1), category="missing", risk="high")
    assert one.is_open
    assert still_missing(one)
    assert not still_missing(one.recategorised("absent", "low"))
    assert not still_missing(one.returned(day(2), harmed=False))


def test_another_category_counts_anew_and_changes_nothing_else() -> None:
    (one,) = episodes(absent=(1,))
    again = one.recategorised("missing", "high")
    assert (again.number, again.began, again.ended) == (one.number, one.began, one.ended)
    assert counted_episodes([one], day(1), GUIDE) == []
    assert counted_episodes([again], day(1), GUIDE) == [again]
