"""The one place that reads the time."""

from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)


class SetClock:
    """A clock that stands until it is moved: years run in seconds in a journey."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move on. A clock never goes back."""
        if by < timedelta():
            raise ValueError("a clock does not go back")
        self._at += by

    def set(self, at: datetime) -> None:
        """Move on to that time."""
        self.advance(at - self._at)
