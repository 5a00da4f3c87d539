"""What is told out of its order about missing episodes: a return before its report, an older word after a newer one.

Nothing that is said is lost for it: what cannot be of any episode yet is kept beside the child's record until its report
comes. Where it is unclear whether a child is still missing, the child is (†): a person can always say the return again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sightline.ledger.child import Child
from sightline.protocol.episodes import Episode
from sightline.record.step import Step

_RETURN, _CATEGORY = "return_ahead", "category_said"
"""Statuses: a return for which no report is known, and the latest word about the category. Times, codes, nothing else."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A return that was told before its report."""

    at: datetime
    harm: str
    """``yes``, ``no`` or ``not_known``."""
    written: datetime


@dataclass(frozen=True, slots=True)
class Category:
    """What the category was last said to be, and when that was written down."""

    said: datetime
    category: str
    risk: str


def keep_return(step: Step, child: Child, ahead: Ahead) -> None:
    """Remember a return that ends nothing that is known."""
    _note(step, child, _RETURN, f"{_text(ahead.at)}|{ahead.harm}|{_text(ahead.written)}")


def take_return(step: Step, child: Child, began: datetime, written: datetime) -> Ahead | None:
    """The return that came ahead of a report that was written before it; it is used up. None if there is none.

    Who writes a report after a return may tell of a child who is missing again, whatever time it gives.
    """
    at, _, rest = child.status.get(_RETURN, "").partition("|")
    harm, _, said = rest.partition("|")
    if not at or datetime.fromisoformat(at) < began or datetime.fromisoformat(said) < written:
        return None
    _note(step, child, _RETURN, "")
    return Ahead(datetime.fromisoformat(at), harm, datetime.fromisoformat(said))


def forget_return(step: Step, child: Child) -> None:
    """A return was taken back: it may be the one that is kept."""
    _note(step, child, _RETURN, "")


def keep_category(step: Step, child: Child, said: datetime, category: str, risk: str) -> None:
    """Remember what the category was said to be, and when."""
    _note(step, child, _CATEGORY, f"{_text(said)}|{category}|{risk}")


def latest_category(child: Child) -> Category | None:
    """The latest word about the category, of whichever episode."""
    said, _, rest = child.status.get(_CATEGORY, "").partition("|")
    category, _, risk = rest.partition("|")
    return Category(datetime.fromisoformat(said), category, risk) if said else None


def is_late_copy(child: Child, began: datetime, written: datetime) -> bool:
    """Whether a report speaks of an episode that is over: begun before that end, and written down before it too."""
    last = child.last_episode
    return last is not None and last.ended is not None and max(began, written) < last.ended


def episode_at(child: Child, at: datetime) -> Episode | None:
    """The latest episode that had begun by then: the one that a return at that time can be of."""
    begun = [episode for episode in child.episodes.values() if episode.began <= at]
    return max(reversed(begun), key=lambda episode: (episode.is_open, episode.began), default=None)


def _note(step: Step, child: Child, name: str, value: str) -> None:
    if child.status.get(name, "") != value:
        child.note(Child.StatusNoted, step=step.id, timestamp=step.at, name=name, value=value)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
