"""Whom to treat as a child when nobody knows the age (catalogue A-30; guide §83–85, herts §7.4, traff §10)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sightline.protocol.areas import AreaProtocol
from sightline.protocol.calendar import is_child_on

Standing = Literal["child", "presumed_child", "adult", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgeEvidence:
    """What is said of somebody's age. Documents may be false and stories learnt by heart, younger or older."""

    verified: date | None = None
    """The birth date that a lawful assessment, or a verified document, has established: nothing else proves an age."""
    claimed: date | None = None
    """The birth date that they, or whoever is with them, give."""
    documented: date | None = None
    """The one on papers that nobody has verified."""
    says_under_18: bool = False
    says_over_18: bool = False
    """May be coached: it is no proof, and outweighs nothing."""
    agencies_concerned: bool = False
    """A statutory or specialist agency has reason to think that they are under 18."""


def standing(evidence: AgeEvidence, today: date) -> Standing:
    """A child, an adult, or a child until their age is verified (A-30).

    Whatever points to a child outweighs whatever points to an adult; without verification nobody is an adult against
    that. ``unknown`` where nothing points to a child and nothing is verified: then nothing is presumed.
    """
    if evidence.verified is not None:
        return "child" if is_child_on(evidence.verified, today) else "adult"
    dates = [born for born in (evidence.claimed, evidence.documented) if born is not None]
    younger = any(is_child_on(born, today) for born in dates)
    if younger or evidence.says_under_18 or evidence.agencies_concerned:
        return "presumed_child"
    # A claim alone may have been taught: papers must say the same before it is taken at its word (†).
    if evidence.documented is not None:
        return "adult"
    return "unknown"


def is_treated_as_child(evidence: AgeEvidence, today: date) -> bool:
    """Whether they have the full protection of a child."""
    return standing(evidence, today) in {"child", "presumed_child"}


def birth_date_for_purposes(evidence: AgeEvidence, today: date) -> date | None:
    """The birth date to work with: the verified one, else the latest that was given. Never one that makes them older.

    None where no date was given, or only ones by which somebody who is presumed to be a child would be none.
    """
    if evidence.verified is not None:
        return evidence.verified
    given = [born for born in (evidence.claimed, evidence.documented) if born is not None and born <= today]
    if is_treated_as_child(evidence, today):
        given = [born for born in given if is_child_on(born, today)]
    return max(given, default=None)


def needs_age_assessment(protocol: AreaProtocol, evidence: AgeEvidence, *, has_significant_doubt: bool) -> bool | None:
    """Whether the area's procedure asks for an assessment (C-26, X-23); None where it leaves that open.

    The edition of 2011 requires one of everybody who says that they are under 18; Hertfordshire never as a routine, only
    where there is significant doubt. No assessment delays protection or a referral (T-76).
    """
    if evidence.verified is not None:
        return False
    if protocol.age_assessment_policy == "required":
        return evidence.says_under_18
    if protocol.age_assessment_policy == "significant_doubt_only":
        return has_significant_doubt
    return None
