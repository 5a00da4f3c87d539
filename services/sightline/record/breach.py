"""Disclosures that should never have been made: a person judges them, within 72 hours (design §6, `wrong_disclosure`)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sightline.ledger.child import Child
from sightline.ledger.items import Stream
from sightline.record.alerts import raise_alert
from sightline.record.step import Step

BREACH, BREACH_DUE = "breach", "breach_due"
"""The clock that the feed stage sets with the recalls of a wrong disclosure, and the one that runs from then on."""
BREACH_TIME = timedelta(hours=72)
"""In which a breach must be judged, from when the hub learns of it."""


def breach_found(step: Step, stream: Stream, children: list[UUID], ref: str) -> None:
    """Something was shown that should not have been: a person judges at once, not when it is late.

    `ref` is the cause of the recalls and its time, in seconds since 1970: ``46:1795165200``.
    """
    due = datetime.fromtimestamp(int(ref.partition(":")[2]), UTC) + BREACH_TIME
    asks = "Something was disclosed wrongly and is being recalled. Judge within 72 hours whether it must be reported."
    _raise(step, stream, children, asks, due, f"breach:{ref}")
    step.work.set_clock(BREACH_DUE, due=due, stream=stream.id, ref=ref, desk="", area=step.area)


def child_breach(step: Step, child: Child, ref: str) -> None:
    """What was disclosed wrongly is about that child."""
    breach_found(step, child, [child.id], ref)


def child_breach_late(step: Step, child: Child, ref: str) -> None:
    """The time is up: asked again unless somebody has taken it on."""
    if not child.is_taken_up(f"breach:{ref}"):
        asks = "A wrong disclosure has not been judged within 72 hours."
        _raise(step, child, [child.id], asks, step.at, f"late:{ref}")


def _raise(step: Step, stream: Stream, children: list[UUID], asks: str, due: datetime, situation: str) -> None:
    body = {"alert": "breach_due", "asks": asks, "row": "†", "due_at": due.isoformat(timespec="seconds")}
    raise_alert(step, stream, children, type="alert.breach_due", body=body, situation=(situation, 0))
