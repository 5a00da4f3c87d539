"""Time limits: how long after its start a clock runs out, and when it is late (catalogue 3)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import msgspec

from sightline.protocol.calendar import end_of_day, local_date, local_instant, plus_days, working_days_due

Unit = Literal["none", "now", "minutes", "hours", "days", "working_days"]
"""``none`` for what has no limit, ``now`` for at once, elapsed minutes and hours, local days, working days (C-38 †).

No source says when something that is wanted at once is late: when an alert that nobody acknowledged would be (†).
"""


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A duration as a procedure states it."""

    unit: Unit
    amount: int = 0
    grace: int = 0
    """How much later than due it is late, in the same unit: "usually 6-8 h" is due at 6 and late after 8 (T-02 †)."""
    key: str = ""
    """The area's configuration key (8.3) that says both instead; where its edition is silent, nothing is due."""
    begins: str = ""
    """Field of the form that holds the instant or day from which it counts; empty: when the event was recorded."""
    ends: str = ""
    """Field of the form that holds the instant at which, or the day with which, it ends: that outranks a duration (T-47)."""

    @property
    def span(self) -> tuple[int, int]:
        """When it is due, and when late, in its unit, where no key of the area says so."""
        return self.amount, self.amount + self.grace

    def start(self, form: Mapping[str, Any], at: datetime) -> datetime:
        """From when it counts: never from the future. A day itself is not counted: days begin when it is over."""
        said = _read(form.get(self.begins)) if self.begins else None
        if isinstance(said, datetime):
            return min(said, at)
        if said is None:
            return at
        day = min(said, local_date(at))
        return end_of_day(day) if self.unit == "days" else local_instant(day)

    def end(self, form: Mapping[str, Any]) -> datetime | None:
        """The end that the form itself names, if it does."""
        said = _read(form.get(self.ends)) if self.ends else None
        return said if said is None or isinstance(said, datetime) else end_of_day(said)

    def after(self, start: datetime, amount: int) -> datetime | None:
        """That much after the start; None for what has no limit."""
        match self.unit:
            case "none":
                return None
            case "working_days":
                return working_days_due(start, amount)
            case "days":
                return plus_days(start, amount)
            case "hours":
                return start + timedelta(hours=amount)
            case "minutes":
                return start + timedelta(minutes=amount)
            case "now":
                return start


def _read(said: object) -> datetime | date | None:
    """An instant, or a day; nothing for what is neither, such as a time without its offset, and for the last day."""
    try:
        if not isinstance(said, str):
            return None
        if len(said) == len("2026-03-02"):
            day = date.fromisoformat(said)
            return day if day < date.max else None  # No day ends that one: nobody means it.
        at = datetime.fromisoformat(said)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
