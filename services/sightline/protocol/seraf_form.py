"""A SERAF form as it was sent (``seraf.completed``): its ticks, and where the assessor's own sums are not what they come to.

What cannot be read is no tick: a form with a strange field is kept whole, and its score says what the rest comes to.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from sightline.protocol.seraf import (
    MODERATE,
    POINTS,
    SIGNIFICANT,
    VULNERABILITIES,
    Score,
    Ticks,
    Timing,
    age_at_assessment,
    score,
)

_OLDEST = 150


def ticks_of(form: Mapping[str, Any], born: str = "") -> Ticks:
    """The form's ticks (A-01). `born`: the child's birth date, ISO, where it is known: it outweighs a printed age (A-13)."""
    disability = form.get("physical_or_learning_disability")
    return Ticks(
        vulnerabilities=_ticked(form, VULNERABILITIES),
        moderate=_ticked(form, MODERATE),
        significant={name: _timing(form.get(name)) for name in SIGNIFICANT},
        disability=isinstance(disability, Mapping) and disability.get("present") == "yes",
        age=_ages(form, born)[0],
    )


def score_of(form: Mapping[str, Any], born: str = "") -> Score:
    """What the form comes to."""
    return score(ticks_of(form, born))


def disagreements(form: Mapping[str, Any], born: str = "") -> tuple[str, ...]:
    """Fields in which the assessor wrote something else than the form comes to: score, category, additions, age (A-13)."""
    found = score_of(form, born)
    derived: dict[str, object] = {
        "seraf_score": found.points,
        "seraf_category": found.code,
        "disability_point": found.disability_point,
        "under_13_points": found.under_13_points,
    }
    wrong = [name for name, value in derived.items() if name in form and form[name] != value]
    return tuple([*wrong, "age"] if _ages(form, born)[1] else wrong)


def _ticked(form: Mapping[str, Any], names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in names if form.get(name) is True)


def _timing(value: object) -> Timing:
    return cast("Timing", value) if isinstance(value, str) and value in POINTS else "none"


def _ages(form: Mapping[str, Any], born: str) -> tuple[int | None, bool]:
    printed = form.get("age")
    usable = printed if isinstance(printed, int) and not isinstance(printed, bool) and 0 <= printed <= _OLDEST else None
    assessed, birth = _day(form.get("assessment_date")), _day(born)
    if assessed is None or birth is None or birth > assessed:
        return usable, False
    return age_at_assessment(birth, assessed, usable)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
