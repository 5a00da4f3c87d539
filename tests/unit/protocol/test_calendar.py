"""Local days, working days, ages: catalogue C-38, T-30, T-71, T-80 to T-85, X-24."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol import calendar as c

DAYS = st.dates(date(2011, 1, 1), date(2060, 12, 31))
INSTANTS = st.datetimes(datetime(2011, 1, 1), datetime(2060, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive by rule
COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        pytest.param(date(2026, 11, 20), True, id="a Friday"),
        pytest.param(date(2026, 11, 21), False, id="a Saturday"),
        pytest.param(date(2026, 4, 3), False, id="Good Friday"),
        pytest.param(date(2026, 4, 6), False, id="Easter Monday"),
        pytest.param(date(2022, 6, 3), False, id="a day proclaimed once"),
        pytest.param(date(2026, 12, 28), False, id="in lieu of Boxing Day"),
        pytest.param(date(2023, 1, 2), False, id="in lieu of a New Year's Day on a Sunday"),
        pytest.param(date(2026, 8, 3), True, id="a holiday in Scotland alone"),
        pytest.param(date(2026, 3, 17), True, id="a holiday in Northern Ireland alone"),
    ],
)
def test_c_38_working_days_are_those_of_england(day: date, is_working: bool) -> None:
    """C-38."""
    assert c.is_working_day(day) is is_working


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        pytest.param("2026-11-16T09:00:00Z", 7, "2026-11-26T00:00:00Z", id="over a weekend"),
        pytest.param("2026-11-21T09:00:00Z", 7, "2026-12-02T00:00:00Z", id="referred on a Saturday"),
        pytest.param("2026-12-21T12:00:00Z", 7, "2027-01-05T00:00:00Z", id="over Christmas"),
        pytest.param("2026-04-01T22:30:00Z", 7, "2026-04-14T23:00:00Z", id="over Easter, in summer time"),
        pytest.param("2026-07-06T23:30:00Z", 1, "2026-07-08T23:00:00Z", id="past local midnight already"),
    ],
)
def test_t_30_seven_working_days_end_with_the_last_of_them(start: str, count: int, due: str) -> None:
    """T-30, T-31."""
    assert c.working_days_due(datetime.fromisoformat(start), count) == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("start", "by"),
    [
        pytest.param("2026-11-19T23:00:00Z", "2026-11-20T10:00:00Z", id="the next day"),
        pytest.param("2026-11-20T07:00:00Z", "2026-11-23T10:00:00Z", id="over a weekend"),
        pytest.param("2026-03-27T12:00:00Z", "2026-03-30T09:00:00Z", id="into summer time"),
        pytest.param("2026-10-23T12:00:00Z", "2026-10-26T10:00:00Z", id="out of summer time"),
    ],
)
def test_ten_in_the_morning_is_ten_where_the_people_are(start: str, by: str) -> None:
    assert c.on_next_working_day(datetime.fromisoformat(start), time(10)) == datetime.fromisoformat(by)


def test_the_end_of_the_next_working_day_is_its_midnight() -> None:
    assert c.end_of_next_working_day(datetime(2026, 7, 3, 15, tzinfo=UTC)) == datetime(2026, 7, 6, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        pytest.param(date(2026, 3, 29), time(1, 30), "2026-03-29T01:30:00Z", id="an hour that is left out"),
        pytest.param(date(2026, 10, 25), time(1, 30), "2026-10-25T00:30:00Z", id="an hour that comes twice"),
        pytest.param(date(2026, 7, 1), time(0), "2026-06-30T23:00:00Z", id="midnight in summer"),
    ],
)
def test_a_local_time_is_one_instant(day: date, at: time, instant: str) -> None:
    assert c.local_instant(day, at) == datetime.fromisoformat(instant)


def test_t_71_forty_five_days_are_days_and_not_hours() -> None:
    """T-71, C-23."""
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert c.plus_days(start, 45) == datetime(2026, 4, 15, 8, tzinfo=UTC)


def test_t_06_seventy_two_hours_are_hours_and_not_days() -> None:
    """T-06."""
    start = datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert c.plus_hours(start, 72) == datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert c.plus_days(start, 3) == datetime(2026, 3, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 8, 31), -6, date(2026, 2, 28)),
        (date(2024, 8, 31), -6, date(2024, 2, 29)),
        (date(2026, 1, 15), -12, date(2025, 1, 15)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_end_where_the_month_ends(day: date, months: int, found: date) -> None:
    assert c.plus_months(day, months) == found


@pytest.mark.parametrize(
    ("born", "age", "at"),
    [
        pytest.param(date(2010, 6, 1), 13, "2023-05-31T23:00:00Z", id="T-81, in summer time"),
        pytest.param(date(2008, 12, 24), 18, "2026-12-24T00:00:00Z", id="T-82, in winter"),
        pytest.param(date(2008, 2, 29), 18, "2026-03-01T00:00:00Z", id="T-82, born on 29 February"),
        pytest.param(date(2008, 2, 29), 20, "2028-02-29T00:00:00Z", id="29 February in a leap year"),
        pytest.param(date(2008, 2, 29), 13, "2021-03-01T00:00:00Z", id="T-81, born on 29 February"),
    ],
)
def test_a_birthday_begins_at_local_midnight(born: date, age: int, at: str) -> None:
    """T-81, T-82."""
    assert c.reaches_age(born, age) == datetime.fromisoformat(at)


def test_x_24_one_is_a_child_until_the_last_day_before_eighteen() -> None:
    """T-82, X-24."""
    born = date(2008, 11, 22)
    assert c.is_child_on(born, date(2026, 11, 21))
    assert not c.is_child_on(born, date(2026, 11, 22))


def test_working_hours_are_local_and_end_before_they_close() -> None:
    opens, closes = time(9), time(17)
    assert c.is_working_time(datetime(2026, 7, 6, 8, tzinfo=UTC), opens, closes)
    assert not c.is_working_time(datetime(2026, 7, 6, 16, tzinfo=UTC), opens, closes)
    assert not c.is_working_time(datetime(2026, 7, 5, 10, tzinfo=UTC), opens, closes)


@given(DAYS, COUNTS)
def test_so_many_working_days_on_there_were_so_many_working_days(day: date, count: int) -> None:
    """C-38."""
    end = c.add_working_days(day, count)
    assert c.working_days_between(day, end) == count
    assert count == 0 or c.is_working_day(end)


@given(INSTANTS, st.integers(1, 40), st.integers(0, 72))
def test_what_starts_later_is_never_due_sooner(start: datetime, count: int, hours: int) -> None:
    """T-30."""
    due = c.working_days_due(start, count)
    assert due > start
    assert c.working_days_due(c.plus_hours(start, hours), count) >= due
    assert due.tzinfo is UTC
    assert due.astimezone(c.LONDON).time() == time(0)


@given(DAYS)
def test_a_local_day_has_no_gap_to_the_next(day: date) -> None:
    assert c.end_of_day(day) == c.local_instant(day + timedelta(days=1))
    assert timedelta(hours=23) <= c.end_of_day(day) - c.local_instant(day) <= timedelta(hours=25)
    assert c.local_date(c.local_instant(day)) == day
    assert c.local_date(c.end_of_day(day) - timedelta(microseconds=1)) == day


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)), st.integers(0, 30))
def test_an_age_is_reached_on_its_birthday_and_not_before(born: date, age: int) -> None:
    """T-80, T-81, T-82, T-83, T-85."""
    reached = c.birthday(born, age)
    assert c.age_on(born, reached) == age
    assert c.age_on(born, reached - timedelta(days=1)) == age - 1
    assert c.local_date(c.reaches_age(born, age)) == reached


@given(DAYS, st.integers(-36, 36))
def test_months_on_is_so_many_months_on(day: date, months: int) -> None:
    found = c.plus_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day
