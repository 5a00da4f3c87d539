"""Stepping down an immediate safety plan: unsupervised minutes in one outing (catalogue 7.4: A-40 to A-43; guide §72–75)."""

from dataclasses import dataclass

from sightline.kernel.errors import Refused

STEP_MINUTES = 30
"""T-19: at most half an hour at the start, in line with the golden hour, and half an hour more with each step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Who stands behind a step, as F-SAF-22 records it."""

    multi_agency: bool = False
    carer_included: bool = False
    child_included: bool = False
    engagement_shown: bool = False
    """The agencies, the carer and the child are confident that the child has engaged with the plan."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What guide §72 asks for and is not there."""
        asked = ("multi_agency", "carer_included", "child_included", "engagement_shown")
        return tuple(name for name in asked if not getattr(self, name))


def minutes_at(step: int) -> int:
    """Minutes allowed at that step: 0 while the plan is in force whole, then 30 for each (A-40 to A-42)."""
    if step < 0:
        raise Refused("no_such_step", "steps count from 0")
    return step * STEP_MINUTES


def step_down(minutes: int, agreement: Agreement) -> int:
    """The minutes after the next step: 30 more, never a step skipped (A-41, A-42).

    Raises Refused ``not_agreed`` where anything is missing that every reduction needs, ``no_such_step`` for minutes that
    no step has.
    """
    _check(minutes)
    if agreement.missing:
        raise Refused("not_agreed", "a step down needs: " + ", ".join(agreement.missing))
    return minutes + STEP_MINUTES


def step_back(minutes: int, to: int) -> int:
    """Fewer minutes, or none, because risks changed (A-43): at once, by as much as is needed, and nobody need agree first.

    Raises Refused ``not_fewer``, ``no_such_step``.
    """
    _check(minutes)
    _check(to)
    if to >= minutes:
        raise Refused("not_fewer", "stepping back leaves fewer minutes than there were")
    return to


def change(minutes: int, proposed: int, agreement: Agreement) -> int:
    """From the minutes in force to those proposed; raises Refused where the guide does not have it so.

    The same minutes again are no change. More are one step (``skips_a_step`` for several at once).
    """
    _check(proposed)
    if proposed < minutes:
        return step_back(minutes, proposed)
    if proposed > minutes + STEP_MINUTES:
        raise Refused("skips_a_step", "half an hour more is agreed at a time")
    return step_down(minutes, agreement) if proposed > minutes else minutes


def _check(minutes: int) -> None:
    if minutes < 0 or minutes % STEP_MINUTES:
        raise Refused("no_such_step", "minutes come in half hours")
