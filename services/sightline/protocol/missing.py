"""What is decided about a missing episode: the police alert, the Bureau, the return interview (catalogue 7.2: A-22 to A-26).

Every decision is a function of the child's episodes as they stand and of the time, so a change of category (A-26), or a
correction, is judged by asking again; what was decided before stays in the ledger.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sightline.protocol.areas import AreaProtocol
from sightline.protocol.calendar import plus_hours
from sightline.protocol.episodes import (
    MISSING_NOT_RETURNED,
    RETURNED_AND_HARMED,
    THIRD_IN_90_DAYS,
    Episode,
    is_repeat,
    returned_harmed,
    still_missing,
)


def alert_circumstances(episodes: Sequence[Episode], now: datetime, protocol: AreaProtocol) -> frozenset[str]:
    """Why police issue the alert about the latest episode (A-22); empty for no automatic alert (N-23).

    A return with harm, an episode still open at the area's evaluation point, a third one in the window. Where the
    edition does not know the three circumstances there are none.
    """
    if not episodes or not protocol.ppn1_applies:
        return frozenset()
    latest = episodes[-1]
    found = {
        RETURNED_AND_HARMED: returned_harmed(latest),
        MISSING_NOT_RETURNED: still_missing(latest) and now - latest.began >= protocol.ppn1_evaluation,
        THIRD_IN_90_DAYS: latest.category in protocol.repeat.counted and is_repeat(episodes, now, protocol.repeat),
    }
    return frozenset(circumstance for circumstance, holds in found.items() if holds)


def new_alerts(
    circumstances: Collection[str], episode: int, issued: Collection[tuple[str, int]]
) -> list[tuple[str, int]]:
    """Alerts to issue now: one for each circumstance of each episode, however often it is found again (A-23 †)."""
    return [(one, episode) for one in sorted(circumstances) if (one, episode) not in issued]


def is_for_bureau(episode: Episode, now: datetime, protocol: AreaProtocol, *, objected: bool = False) -> bool:
    """Whether details go to the National Missing People Bureau: missing for more than the hours, exactly is not yet (A-24)."""
    if protocol.bureau_hours is None or objected or not still_missing(episode):
        return False
    return now - episode.began > timedelta(hours=protocol.bureau_hours)


@dataclass(frozen=True, kw_only=True, slots=True)
class InterviewDue:
    """When a return interview is due, and why not within the ordinary time where it is moved."""

    at: datetime
    reason: str = ""


def return_interview_due(
    returned_at: datetime, protocol: AreaProtocol, *, moved_to: datetime | None = None, reason: str = ""
) -> InterviewDue | None:
    """For a looked-after child (A-25): at most so many hours after the return, or another time with its reason.

    None where the edition gives no limit (X-26). A move without a reason changes nothing.
    """
    if protocol.lac_return_interview_hours is None:
        return None
    if moved_to is not None and reason.strip():
        return InterviewDue(at=moved_to, reason=reason)
    return InterviewDue(at=plus_hours(returned_at, protocol.lac_return_interview_hours))


def is_in_scheme(category: str, risk: str, protocol: AreaProtocol) -> bool:
    """Whether the edition's scheme has that category with that risk (C-02, X-01). True where the edition is silent."""
    return protocol.missing_scheme is None or risk in protocol.missing_scheme.get(category, ())
