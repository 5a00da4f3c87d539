"""One submission, or one strike of a clock, being worked through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sightline.kernel.values import Desk, Envelope
from sightline.protocol.areas import CONFIRMING_ROLES, AreaProtocol
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Who said what."""

    envelope: Envelope
    desk: Desk
    data: Mapping[str, Any]

    @property
    def confirms(self) -> bool:
        """Whether this desk's word confirms another agency's claim."""
        return bool(self.desk.roles & CONFIRMING_ROLES) and self.envelope.area in self.desk.areas


def instant(text: str | None, otherwise: datetime) -> datetime:
    """An instant of a form; the other one where the form has none that can be read."""
    try:
        at = datetime.fromisoformat(text) if text else otherwise
        return at.astimezone(UTC) if at.tzinfo else otherwise
    except (TypeError, ValueError, OverflowError):
        return otherwise
