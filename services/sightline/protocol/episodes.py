"""Missing episodes and the three circumstances in which police issue a PPN1 (catalogue A-20 to A-23, N-20 to N-22)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RETURNED_AND_HARMED = "returned_and_harmed"
MISSING_NOT_RETURNED = "missing_not_returned"
THIRD_IN_90_DAYS = "third_in_90_days"

ROW_OF_CIRCUMSTANCE = {
    RETURNED_AND_HARMED: "N-20",
    MISSING_NOT_RETURNED: "N-21",
    THIRD_IN_90_DAYS: "N-22",
}
"""V-05 code to the catalogue row that makes the PPN1 due."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """One time a child was recorded missing or absent, from the start to the return."""

    number: int
    """1 for the child's first recorded episode."""
    began: datetime
    category: str
    """V-01: ``missing`` or ``absent``."""
    risk: str
    """V-02, or ``none_recorded``."""
    ended: datetime | None = None
    harmed: bool = False

    @property
    def is_open(self) -> bool:
        """True until the return is recorded."""
        return self.ended is None

    def recategorised(self, category: str, risk: str) -> "Episode":
        """The same episode under another category or risk (T-04: at any time)."""
        return replace(self, category=category, risk=risk)

    def returned(self, at: datetime, *, harmed: bool) -> "Episode":
        """The same episode, over."""
        return replace(self, ended=at, harmed=harmed)

    def reopened(self) -> "Episode":
        """The same episode, going on: what was told of its end was taken back."""
        return replace(self, ended=None, harmed=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatRule:
    """When repeated episodes make a PPN1 due: configuration of the area (C-07, A-20, A-21)."""

    threshold: int = 3
    window: timedelta = timedelta(days=90)
    counted: frozenset[str] = frozenset({"missing"})
    """Categories that count: the 2013 edition counts ``absent`` as well."""
    inclusive: bool = False
    """Whether an episode that began exactly one window ago still counts. The default is no (†, A-20)."""


def counted_episodes(episodes: Iterable[Episode], now: datetime, rule: RepeatRule) -> list[Episode]:
    """The episodes of the window that ends now (A-20), counted by their start."""
    edge = now - rule.window
    return [
        e
        for e in episodes
        if e.category in rule.counted and e.began <= now and (e.began > edge or (rule.inclusive and e.began == edge))
    ]


def is_repeat(episodes: Iterable[Episode], now: datetime, rule: RepeatRule) -> bool:
    """True when the window holds as many episodes as the area's threshold (N-22)."""
    return len(counted_episodes(episodes, now, rule)) >= rule.threshold


def still_missing(episode: Episode) -> bool:
    """True for an open episode of category missing (N-21), judged at the area's evaluation point (A-22 †)."""
    return episode.is_open and episode.category == "missing"


def returned_harmed(episode: Episode) -> bool:
    """True when the child was missing, has returned and suffered harm (N-20: all three)."""
    return not episode.is_open and episode.harmed and episode.category == "missing"
