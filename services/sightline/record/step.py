"""One submission, or one strike of a clock, being worked through."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.protocol.areas import AreaProtocol
from sightline.protocol.clock_rules import ClockRules
from sightline.record.work import Work


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One submission (or one strike of a clock) being worked through."""

    work: Work
    id: str
    at: datetime
    """The hub's time: what is recorded now."""
    area: str
    protocol: AreaProtocol
    rules: ClockRules
    """What starts, meets and calls off a clock."""
    item: str
    """Reference of the item that gives rise to what follows; empty for a clock."""


def instant(text: str | None, otherwise: datetime) -> datetime:
    """An instant of a form; the other one where the form has none that can be read."""
    try:
        at = datetime.fromisoformat(text) if text else otherwise
        return at.astimezone(UTC) if at.tzinfo else otherwise
    except (TypeError, ValueError, OverflowError):
        return otherwise
