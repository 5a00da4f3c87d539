"""Trafficking and the NRM (catalogue 7.3: A-31 to A-35): what makes it, what status it has, who refers and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sightline.protocol.areas import AreaProtocol

Status = Literal["none", "indicators", "suspected", "reasonable_grounds", "confirmed", "not_confirmed"]
"""V-22."""

Decision = Literal[
    "pending",
    "reasonable_grounds_positive",
    "reasonable_grounds_negative",
    "conclusive_positive",
    "conclusive_negative",
    "reconsideration_requested",
]
"""V-20."""

STATUS_OF: dict[str, Status] = {
    "reasonable_grounds_positive": "reasonable_grounds",
    "reasonable_grounds_negative": "not_confirmed",
    "conclusive_positive": "confirmed",
    "conclusive_negative": "not_confirmed",
}
"""What a decision of the competent authority makes of a child's status."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Elements:
    """What is known of how somebody came to be where they are."""

    movement: bool
    """Over any distance, within one street too (A-31)."""
    purpose: bool
    """Of exploitation: intent alone suffices, nobody need have been exploited yet."""
    means: bool = False
    """Force, deception, control ... (V-18)."""
    consented: bool = False
    """Asked for so that it is seen to change nothing."""


def is_trafficking(elements: Elements, *, is_child: bool) -> bool:
    """Two elements for a child, three for an adult (A-31, A-32, X-08). Consent is irrelevant to both."""
    return elements.movement and elements.purpose and (is_child or elements.means)


def trafficking_status(*, indicators: int, is_suspected: bool, decisions: Iterable[Decision]) -> Status:
    """The status that stands, from what is known in order of time (V-22).

    However many indicators there are, they alone are never a suspicion (A-35): a professional's is. A decision of the
    competent authority outweighs both until the next one; one that is awaited, or asked for again, changes nothing.
    """
    decided = [STATUS_OF[one] for one in decisions if one in STATUS_OF]
    if decided:
        return decided[-1]
    if is_suspected:
        return "suspected"
    return "indicators" if indicators > 0 else "none"


Route = Literal["not_suspected", "refer", "agree_at_meeting", "area_decides"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NrmStep:
    """What the area's procedure asks for next, and who makes the referral."""

    route: Route
    submitters: tuple[str, ...] = ()


def nrm_step(protocol: AreaProtocol, *, is_suspected: bool, agreed_at_meeting: bool = False) -> NrmStep:
    """A-33, A-34: suspicion without proof is reason enough everywhere; only the route differs by edition.

    A gate holds up the referral and nothing else: safeguarding never waits for it (N-123).
    """
    if not is_suspected:
        return NrmStep(route="not_suspected")
    if protocol.nrm_gate is None:
        return NrmStep(route="area_decides")
    waits = protocol.nrm_gate == "multi_agency_decision" and not agreed_at_meeting
    return NrmStep(route="agree_at_meeting" if waits else "refer", submitters=protocol.nrm_submitter or ())


def nrm_needs_consent(protocol: AreaProtocol) -> bool | None:
    """Whether a child's referral needs anybody's consent (C-21); None where the edition does not say."""
    return None if protocol.nrm_consent is None else protocol.nrm_consent != "not_needed"
