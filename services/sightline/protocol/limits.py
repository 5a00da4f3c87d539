"""Time limits: how long after its start a clock runs out, and when it is late (catalogue 3)."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from sightline.protocol.calendar import plus_days, working_days_due

Unit = Literal["none", "now", "minutes", "hours", "days", "working_days"]
"""``none`` for what has no limit, ``now`` for at once, elapsed minutes and hours, local days, working days (C-38 †)."""


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A duration as a procedure states it."""

    unit: Unit
    amount: int = 0
    grace: int = 0
    """How much later than due it is late, in the same unit: "usually 6-8 h" is due at 6 and late after 8 (T-02 †)."""
    key: str = ""
    """The area's configuration key (8.3) that says both instead; where its edition is silent, nothing is due."""
    begins: str = ""
    """Field of the form that holds the instant from which it counts; empty: when the event was recorded."""

    @property
    def span(self) -> tuple[int, int]:
        """When it is due, and when late, in its unit, where no key of the area says so."""
        return self.amount, self.amount + self.grace

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
