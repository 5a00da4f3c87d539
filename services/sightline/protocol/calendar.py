"""Days as people mean them: local days and times, working days in England, ages and birthdays.

No source defines a working day (catalogue 3, C-38): Monday to Friday, less the bank holidays of England, is the
proposal (†). All instants are aware and come back in UTC; people's times are those of Europe/London. A day of the list
of bank holidays may be proclaimed later: due times stand in the ledger, so what was due does not move by it.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sightline.protocol.bank_holidays import bank_holidays

LONDON = ZoneInfo("Europe/London")

_DAY = timedelta(days=1)
_SATURDAY = 5
_ADULT = 18


def local_date(at: datetime) -> date:
    """The day on which that instant falls where the people are. `at` is aware."""
    return at.astimezone(LONDON).date()


def local_instant(day: date, at: time = time()) -> datetime:
    """The instant of that local time, in UTC.

    An hour that summer time leaves out is taken an hour later; of an hour that comes twice, the first is meant.
    """
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The instant at which that local day is over: the next midnight."""
    return local_instant(day + _DAY)


def plus_days(start: datetime, days: int) -> datetime:
    """The same local time that many calendar days later (T-71): a day may have 23 or 25 hours."""
    local = start.astimezone(LONDON)
    return local_instant(local.date() + timedelta(days=days), local.time())


def plus_hours(start: datetime, hours: float) -> datetime:
    """That many elapsed hours later, whatever the clocks on the wall do (catalogue 3, unit ``h``)."""
    return start.astimezone(UTC) + timedelta(hours=hours)


def plus_months(day: date, months: int) -> date:
    """The same day of the month that many months later, or before; the last of the month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, _length(year, month + 1)))


def is_working_day(day: date) -> bool:
    """Monday to Friday, and no bank holiday in England (C-38 †)."""
    return day.weekday() < _SATURDAY and day not in bank_holidays(day.year)


def next_working_day(day: date) -> date:
    """The first working day after that day."""
    return add_working_days(day, 1)


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after that day, which is itself not counted (†). The day itself for 0."""
    while count > 0:
        day += _DAY
        count -= is_working_day(day)
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days there are after `start`, up to and with `end`; 0 if `end` is not later."""
    return sum(is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def working_days_due(start: datetime, count: int) -> datetime:
    """When that many working days are over: the end of the last of them (T-30: seven, after the day of referral †)."""
    return end_of_day(add_working_days(local_date(start), count))


def end_of_next_working_day(start: datetime) -> datetime:
    """The midnight that ends the next working day."""
    return working_days_due(start, 1)


def on_next_working_day(start: datetime, at: time) -> datetime:
    """That local time on the next working day, e.g. by 10:00."""
    return local_instant(next_working_day(local_date(start)), at)


def is_working_time(at: datetime, opens: time, closes: time) -> bool:
    """Whether that instant is on a working day, from `opens` until before `closes`, in local time."""
    local = at.astimezone(LONDON)
    return is_working_day(local.date()) and opens <= local.time() < closes


def birthday(born: date, age: int) -> date:
    """The day on which somebody born then reaches that age; who was born on 29 February does so on 1 March (†)."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def reaches_age(born: date, age: int) -> datetime:
    """The instant of that birthday: its first, at local midnight (T-80 to T-85)."""
    return local_instant(birthday(born, age))


def age_on(born: date, day: date) -> int:
    """Whole years on that day; negative for a day before the birth."""
    years = day.year - born.year
    return years - (day < birthday(born, years))


def is_child_on(born: date, day: date) -> bool:
    """Under 18 on that day (T-82, X-24 †: the boundary on which all documents can agree)."""
    return age_on(born, day) < _ADULT


def _length(year: int, month: int) -> int:
    first = date(year + month // 12, month % 12 + 1, 1)
    return (first - _DAY).day
