"""Birthdays on which what may be shown of a child is decided again, though nobody says a word (catalogue 3.5, D-65)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sightline.ledger.child import Child
from sightline.ledger.reading import birth_date
from sightline.protocol.calendar import reaches_age
from sightline.record.step import Step

BIRTHDAY = "birthday"
AGES = (13, 16, 18)
"""The ages at which the fact `age_band` changes (T-81, T-82, T-83)."""


def set_birthdays(step: Step, child: Child, said: Mapping[str, Any]) -> None:
    """A clock for each birthday still to come, from the birth date that a form states of the child.

    Only the instant stands in the row, beside a name that nobody outside knows. A date stated later moves it.
    """
    born = birth_date(said)
    if born in {"", "unknown"}:
        return
    for age in AGES:
        due = _reached(date.fromisoformat(born), age)
        if due is not None and due > step.at:
            step.work.set_clock(BIRTHDAY, due=due, stream=child.id, ref=str(age), desk="", area=step.area)


def _reached(born: date, age: int) -> Any:
    try:
        return reaches_age(born, age)
    except (ValueError, OverflowError):
        return None  # The year 9999 has no later one: nobody alive then will ask.
