"""Forms about exploitation: SERAF, trafficking assessments, the NRM's, strategy discussions, enquiries, safety plans."""

from datetime import date, datetime, timedelta
from typing import Any

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.invented.texts import prose
from sightline.entrypoints.simulate.papers import Form, written
from sightline.protocol.seraf import MODERATE, SIGNIFICANT, VULNERABILITIES
from sightline.protocol.seraf_form import score_of

_AUTHORITY = "Single Competent Authority"
_REFLECTION = timedelta(days=45)
_MEASURES = (
    "supervision_24_7", "no_mobile_phone", "no_landline_phone", "no_internet", "no_money", "no_going_out_alone",
)  # fmt: skip


def seraf_completed(chance: Chance, at: datetime, born: str) -> Form:
    """The ticks of a child of some risk, and the assessor's sums: right ones, as the form asks for."""
    ticked: dict[str, Any] = dict.fromkeys(chance.sample(VULNERABILITIES, chance.randrange(0, 5)), True)
    ticked |= dict.fromkeys(chance.sample(MODERATE, chance.randrange(0, 4)), True)
    for name in chance.sample(SIGNIFICANT, chance.choices((0, 1, 2, 3), weights=(45, 25, 20, 10))[0]):
        ticked[name] = chance.choice(("recent", "current", "both"))
    form: Form = {
        "assessment_date": f"{at:%Y-%m-%d}",
        "referral_date": f"{at - timedelta(days=chance.randrange(1, 10)):%Y-%m-%d}",
        "assessor_name": "Rowan Alder",
        "assessment_channel": chance.choice(("phone", "email", "in_person")),
        "source_recontact_permitted": chance.choice(("yes", "no")),
        "physical_or_learning_disability": {"present": chance.choices(("yes", "no"), weights=(12, 88))[0]},
        **{f"{name}_detail": prose(chance, 100) for name in ticked},
        **ticked,
        "additional_information": prose(chance, 200),
        "sharing": _sharing(chance),
    }
    found = score_of(form, born)
    return form | {
        "seraf_score": found.points,
        "seraf_category": found.code,
        "disability_point": found.disability_point,
        "under_13_points": found.under_13_points,
    }


def trafficking_assessed(chance: Chance, at: datetime, conclusion: str) -> Form:
    """What was found against the indicators."""
    return {
        "trafficking_tool": chance.choice(
            ("risk_matrix", "child_trafficking_assessment_tool", "multi_agency_assessment")
        ),
        "completed_on": f"{at:%Y-%m-%d}",
        "indicator_evidence": prose(chance, 500),
        "exploitation_types": [chance.choice(("labour_exploitation", "sexual_exploitation", "criminal_exploitation"))],
        "acts": [chance.choice(("recruitment", "transportation", "harbouring"))],
        "means": ["deception"],
        "trafficking_scope": chance.choice(("internal_uk", "international", "into_within_out_of_uk")),
        "trafficking_conclusion": conclusion,
        "conclusion_reasons": prose(chance, 300),
        "referral_to_nrm_decided": conclusion == "suspected",
        "sharing": _sharing(chance),
        "contains": {"indicator_evidence": ["narrative"]},
    }


def nrm_referred(chance: Chance, at: datetime) -> Form:
    """The first responder's referral."""
    return {
        "referred_at": written(at),
        "form_channel": chance.choices(("online", "offline_form"), weights=(95, 5))[0],
        "lead_first_responder": "local_authority",
        "encounter_circumstances": prose(chance, 400),
        "account_of_exploitation": prose(chance, 1_200),
        "credibility_reasons": prose(chance, 250),
        "indicator_evidence": prose(chance, 400),
        "actions_taken": prose(chance, 200),
        "exploitation_types": [chance.choice(("labour_exploitation", "sexual_exploitation", "criminal_exploitation"))],
        "trafficking_scope": chance.choice(("internal_uk", "into_within_out_of_uk")),
        "multi_agency_agreed": True,
        "contains": {"account_of_exploitation": ["narrative", "location"]},
    }


def nrm_acknowledged(reference: str, at: datetime) -> Form:
    """That it came, and under which reference."""
    return {"nrm_reference_number": reference, "received_at": written(at)}


def nrm_reasonable_grounds(chance: Chance, reference: str, at: datetime, decision: str) -> Form:
    """The first decision; time for reflection runs where it is positive."""
    form = _decided(chance, reference, at, decision)
    if decision == "reasonable_grounds_positive":
        form |= {"reflection_until": f"{(at + _REFLECTION):%Y-%m-%d}", "removal_suspended": True}
    return form


def nrm_conclusive_grounds(chance: Chance, reference: str, at: datetime, decision: str) -> Form:
    """The last decision."""
    return _decided(chance, reference, at, decision)


def icta_referred(chance: Chance, at: datetime, reference: str) -> Form:
    """For an independent guardian."""
    return {
        "referrer_name": "Sam Hazel",
        "referrer_phone": "01632 960201",
        "source_recontact_permitted": "yes",
        "date_identified": f"{at:%Y-%m-%d}",
        "agency_referring_to_icta": "Exampleshire Children's Services",
        "date_referred_to_icta": f"{at:%Y-%m-%d}",
        "is_currently_missing": "no",
        "reported_to_police": "yes",
        "nrm_referral_made": "yes",
        "nrm_reference_number": reference,
        "trafficking_reasons": prose(chance, 300),
        "exploitation_types": ["labour_exploitation"],
        "contains": {"trafficking_reasons": ["narrative", "third_party"]},
    }


def strategy_called(chance: Chance, at: datetime, planned: datetime, kind: str) -> Form:
    """The invitation."""
    return {
        "meeting_kind": kind,
        "called_at": written(at),
        "planned_for": written(planned),
        "invited_agencies": ["police", "health", *chance.sample(("education", "voluntary_and_faith"), 1)],
    }


def strategy_held(chance: Chance, at: datetime, kind: str, outcome: str, again: date | None) -> Form:
    """The minutes; `again`: when those who met will meet again."""
    form: Form = {
        "meeting_kind": kind,
        "held_at": written(at),
        "attendees": [
            {"agency": "police", "role": "manager", "has_authority": True},
            {"agency": "childrens_social_care", "role": "allocated_social_worker", "has_authority": True},
        ],
        "information_shared": prose(chance, 900),
        "risks_and_actions": [
            {"risk_text": prose(chance, 120), "action_text": prose(chance, 120), "action_owner": "police"}
        ],
        "safety_measures": chance.sample(_MEASURES, chance.randrange(0, 4)),
        "safeguarding_plan": prose(chance, 400),
        "strategy_outcome": outcome,
        "sharing": _sharing(chance),
        "contains": {"information_shared": ["offending", "education", "third_party"]},
    }
    return form | ({"next_meeting_on": again.isoformat()} if again else {})


def section47_started(chance: Chance, at: datetime) -> Form:
    """An enquiry begins, with police in half of all cases."""
    return {"started_at": written(at), "joint_with_police": chance.random() < 0.5, "grounds": prose(chance, 250)}


def section47_concluded(chance: Chance, at: datetime) -> Form:
    """What it found."""
    outcomes = ("not_substantiated", "substantiated_no_continuing_risk", "substantiated_continuing_risk")
    return {
        "concluded_at": written(at),
        "section47_outcome": chance.choices(outcomes, weights=(35, 25, 40))[0],
        "findings": prose(chance, 600),
        "sharing": _sharing(chance),
        "contains": {"findings": ["location", "narrative"]},
    }


def safety_plan_agreed(chance: Chance, at: datetime) -> Form:
    """How the child is kept safe from now on."""
    ends = at + timedelta(days=28)
    return {
        "plan_kind": "barnardos_immediate",
        "agreed_at": written(at),
        "no_house_key": chance.random() < 0.3,
        "supervision_arrangements": prose(chance, 200),
        "phone_use": {"no_phone_use": chance.random() < 0.4},
        "going_out": {"supervised_outings_only": True, "until": f"{ends:%Y-%m-%d}"},
        "golden_hour_procedure_briefed": True,
        "child_view_of_risk": prose(chance, 120),
        "expected_end_timeline": [f"{ends:%Y-%m-%d}"],
        "sharing": _sharing(chance),
        "contains": {"child_view_of_risk": ["narrative"], "supervision_arrangements": ["location"]},
    }


def safety_plan_observed(chance: Chance, at: datetime) -> Form:
    """Something that carers saw, and whom they told."""
    return {
        "observed_at": written(at),
        "unknown_people_observations": [{"seen_at": written(at), "people_text": prose(chance, 120)}],
        "passed_to_police": True,
        "passed_to_social_worker": True,
        "contains": {"people_text": ["third_party"]},
    }


def safety_plan_stepped_down(chance: Chance, at: datetime, minutes: int) -> Form:
    """A little more freedom: so many minutes alone, in steps of 30 (A-41)."""
    return {
        "decided_at": written(at),
        "reduction_decision": {
            "participants": ["allocated_social_worker"],
            "carer_included": True,
            "child_included": True,
            "engagement_confirmed": True,
        },
        "unsupervised_minutes_allowed": minutes,
        "safeguard_change": {"direction": "decrease", "measures": ["going_out"], "change_reasons": prose(chance, 120)},
        "sharing": _sharing(chance),
    }


def _decided(chance: Chance, reference: str, at: datetime, decision: str) -> Form:
    return {
        "nrm_reference_number": reference,
        "nrm_decision": decision,
        "decided_on": f"{at:%Y-%m-%d}",
        "competent_authority": _AUTHORITY,
        "decision_minutes": prose(chance, 250),
    }


def _sharing(chance: Chance) -> Form:
    return {
        "relevant": True,
        "may_help": True,
        "family_told": chance.random() < 0.4,
        "justification": prose(chance, 120),
    }
