"""What the desks write: the forms of the week, each a plain dict as an agency's system would make it."""

from typing import Any

from sightline.entrypoints.demo.cast import CHARITY, HAMPSHIRE, JORY, SCHOOL, SOUTHAMPTON, WREN, WREN_CASE

Form = dict[str, Any]

OLDER_MAN = {"name": "Dex", "relation": "associate"}
CARED_FOR = {"is_looked_after": True, "legal_status": "s20_accommodated"}
WREN_OF_HAMPSHIRE = {**WREN, **CARED_FOR, "identifiers": [*WREN["identifiers"], WREN_CASE]}
WREN_OF_CHARITY = {**WREN, "identifiers": [WREN_CASE]}
"""As Lantern Quay knows her: by the case number that Hampshire gave it."""


def sharing(why: str, *, welfare_risk: bool = True) -> Form:
    """What makes the sharing right in this case (D-01); without a risk to welfare it rests on consent alone (D-03)."""
    return {
        "relevant": True,
        "may_help": True,
        "detriment": False,
        "family_told": False,
        "welfare_risk": welfare_risk,
        "justification": why,
    }


def wren_missing() -> Form:
    """Monday's report, as the foster carer told it to the police."""
    return {
        "child": {**WREN, **CARED_FOR},
        "missing_since": "2026-11-16T17:15:00Z",
        "missing_category": "missing",
        "missing_risk": "medium",
        "missing_from": "care",
        "reporter": {"name": "Sam Birchall", "role": "foster_carer", "telephone": "01632 960 201"},
        "reporter_enquiries": {"made": True, "enquiries_text": "Rang her two friends; neither has seen her."},
        "whereabouts_known": False,
        "circumstances": "Did not come home from school. Her phone is off.",
        "health_issues": "Asthma; her inhaler is at home.",
        "known_associates": [{**OLDER_MAN, "known_associates_text": "About 25; drives a grey car."}],
        "urgency": "urgent",
        "contains": {
            "enquiries_text": ["third_party"],
            "circumstances": [],
            "health_issues": ["health"],
            "known_associates_text": ["third_party"],
        },
    }


def wren_missing_again() -> Form:
    """The second episode, two days later."""
    return {
        "child": WREN,
        "missing_since": "2026-11-18T20:10:00Z",
        "missing_category": "missing",
        "missing_risk": "high",
        "missing_from": "care",
        "circumstances": "Left by the back door when a grey car stopped outside.",
        "urgency": "urgent",
        "contains": {"circumstances": ["third_party"]},
    }


def wren_missing_third() -> Form:
    """The third, reported by the out-of-hours social worker."""
    return {
        "child": WREN_OF_HAMPSHIRE,
        "missing_since": "2026-11-20T16:00:00Z",
        "missing_category": "missing",
        "missing_risk": "high",
        "missing_from": "school",
        "circumstances": "Did not get on the school minibus. Told a friend that she had 'somewhere to be'.",
        "urgency": "urgent",
        "contains": {"circumstances": []},
    }


def risk_raised() -> Form:
    """The police response: the risk is judged again."""
    return {
        "child": WREN,
        "missing_category": "missing",
        "missing_risk": "high",
        "category_change": {"reason": "The man named by the carer is known to the police for grooming."},
        "at": "2026-11-16T20:00:00Z",
        "contains": {"reason": ["third_party", "offending"]},
    }


def returned_harmed() -> Form:
    """Tuesday's return and the safe and well check."""
    return {
        "child": WREN,
        "returned_at": "2026-11-17T06:25:00Z",
        "return_mode": "located",
        "harm_suffered": "yes",
        "harm_indications": {"indicated": "yes", "harm_text": "Bruised wrist, very tired; seen by a doctor."},
        "locations_while_missing": "A flat above a shop near the docks.",
        "companions": [{**OLDER_MAN, "companions_text": "Drove her there."}],
        "offences_against_child": "Says that she was given vodka and not allowed to leave.",
        "contains": {
            "harm_text": ["health"],
            "locations_while_missing": [],
            "companions_text": [],
            "offences_against_child": [],
        },
    }


def returned_well(returned_at: str, mode: str) -> Form:
    """A return without harm."""
    return {"child": WREN, "returned_at": returned_at, "return_mode": mode, "harm_suffered": "no"}


def interview_findings() -> Form:
    """What Wren said in the return interview, for the service that she has asked for."""
    return {
        "child": WREN_OF_HAMPSHIRE,
        "returned_at": "2026-11-17T06:25:00Z",
        "harm_suffered": "yes",
        "harm_indications": {
            "indicated": "yes",
            "harm_text": "Sleeps badly and is frightened. Wants to talk to somebody who is not police or social care.",
        },
        "locations_while_missing": "A flat near the docks; is picked up at the bus station.",
        "companions": [{**OLDER_MAN, "companions_text": "Calls himself her boyfriend."}],
        "sharing": sharing("She has asked for this service, and it is planned around her.", welfare_risk=False),
        "to": [CHARITY.id, SCHOOL.id],
        "contains": {
            "harm_text": ["health"],
            "locations_while_missing": [],
            "companions_text": [],
            "justification": [],
        },
    }


def wishes() -> Form:
    """What Wren would like from the service, after the last return."""
    return {
        "child": WREN_OF_HAMPSHIRE,
        "returned_at": "2026-11-20T22:10:00Z",
        "harm_suffered": "no",
        "harm_indications": {
            "indicated": "no",
            "harm_text": "Would like to see her outreach worker twice a week; sleeps better after their talks.",
        },
        "locations_while_missing": "The bus station; then a friend's house.",
        "sharing": sharing("She has asked for this service, and it is planned around her.", welfare_risk=False),
        "to": [CHARITY.id, SCHOOL.id],
        "contains": {"harm_text": ["health"], "locations_while_missing": [], "justification": []},
    }


def ppn1(circumstance: str, narrative: str, reference: str) -> Form:
    """The police alert to children's services."""
    return {
        "child": WREN,
        "form_name": "PPN1",
        "ppn1_circumstance": circumstance,
        "missing_category": "missing",
        "missing_risk": "high",
        "narrative": narrative,
        "subjects": [OLDER_MAN],
        "police_reference": reference,
        "rating": "high",
        "contains": {"narrative": ["third_party"]},
    }


def jory_missing() -> Form:
    """Tuesday evening's report about Jory."""
    return {
        "child": {**JORY, "is_looked_after": False},
        "missing_since": "2026-11-17T16:30:00Z",
        "missing_category": "missing",
        "missing_risk": "medium",
        "missing_from": "home",
        "circumstances": "Left his aunt's after an argument about money and has not come back.",
        "urgency": "urgent",
        "contains": {"circumstances": ["family"]},
    }


def jory_returned() -> Form:
    """Found the same evening."""
    return {
        "child": JORY,
        "returned_at": "2026-11-17T20:50:00Z",
        "return_mode": "located",
        "harm_suffered": "no",
        "locations_while_missing": "A grey car, behind the retail park near the docks.",
        "companions": [{**OLDER_MAN, "companions_text": "Drove off when police came."}],
        "contains": {"locations_while_missing": [], "companions_text": []},
    }


def jory_protected() -> Form:
    """Trafficking is suspected, and where he lives must stay unknown."""
    return {
        "child": {
            **JORY,
            **CARED_FOR,
            "trafficking_status": "suspected",
            "address": "Emergency placement, 3 Example Mews, Exampleton",
        },
        "flag": "location_protected",
        "reason": "Dex has been asking Jory's friends where he lives now.",
        "contains": {"reason": ["third_party"]},
    }


def consent_to_service() -> Form:
    """Wren agrees to the charity's service, without her carer in the room."""
    return {
        "child": WREN_OF_HAMPSHIRE,
        "consent_purpose": "service_provision",
        "position": "given",
        "giver": "child",
        "giver_relation": "self",
        "witnessed_by": {"role": "allocated_social_worker", "desk": HAMPSHIRE.id},
    }


def consent_taken_back() -> Form:
    """Wren no longer wants it."""
    return {
        "child": WREN_OF_HAMPSHIRE,
        "consent_purpose": "service_provision",
        "giver": "child",
        "giver_relation": "self",
        "witnessed_by": {"role": "allocated_social_worker", "desk": HAMPSHIRE.id},
    }


def claim(kind: str) -> Form:
    """The charity says of itself that it is involved."""
    reason = "Our outreach worker is to meet Wren on Thursdays."
    return {"child": WREN_OF_CHARITY, "involvement_kind": kind, "reason": reason, "contains": {"reason": []}}


def school_involved(child: str) -> Form:
    """The MASH makes the school part of the plan."""
    return {
        "child": {"ref": child},
        "involved_desk": SCHOOL.id,
        "involvement_kind": "school_place",
        "reason": "Her school is part of the plan to keep her safe.",
        "contains": {"reason": []},
    }


def placing_team(child: str) -> Form:
    """The MASH records who placed Jory: they must know where he is."""
    return {
        "child": {"ref": child},
        "involved_desk": SOUTHAMPTON.id,
        "involvement_kind": "placing_team",
        "reason": "Placed him in an emergency placement on Tuesday night.",
        "contains": {"reason": []},
    }
