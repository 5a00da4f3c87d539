"""Systems, forms and processes of catalogue section 1: each has a form that says it, in the words of its row.

So have the rules of section 4 that ask for no more than that something is asked, weighed or noted down.
"""

import json
from typing import Any

import pytest

from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share
from tests.builders import the_schemas

SCHEMAS = the_schemas()
EXAMPLES = share("schemas") / "examples"
SENDERS = policy_data(share("policies"))["senders"]
NOW = "2026-03-02T09:00:00Z"
DAY = "2026-03-02"

# Row, the form that says it, and what in the form does.
ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("S-01", "cpi.submitted", {"information_text": "A car waits.", "is_non_urgent": True}),
    ("S-02", "ppn1.issued", {"form_name": "PPN1", "ppn1_circumstance": "third_in_90_days"}),
    ("S-03", "ppn1.issued", {"form_name": "CYP", "ppn1_circumstance": "third_in_90_days"}),
    ("S-04", "ppn1.issued", {"form_name": "CYPR", "ppn1_circumstance": "child_at_risk"}),
    ("S-05", "ppn1.issued", {"form_name": "PPN1"}),
    ("S-06", "missing.reported", {"missing_since": NOW, "missing_category": "missing"}),
    ("S-07", "missing.categorised", {"missing_category": "absent"}),
    ("S-08", "missing.reviewed", {"enquiries_made": "House to house."}),
    ("S-09", "missing.reviewed", {"reporter_contacted": True, "anything_changed": False}),
    ("S-11", "mash_check.recorded", {"health_knowledge": "Known.", "education_knowledge": "Known."}),
    ("S-13", "bureau.notified", {"notified_at": NOW}),
    ("S-14", "advice.sought", {"advice_body": "missing_people_helpline"}),
    ("S-15", "safe_and_well.recorded", {"checked_at": NOW}),
    ("S-16", "return_interview.offered", {"offered_at": NOW}),
    ("S-17", "police_marker.recorded", {"marker_state": "requested"}),
    ("S-18", "police_marker.recorded", {"at": NOW}),
    ("S-20", "concern.discussed", {"discussed_at": NOW}),
    ("S-21", "referral.made", {"referrer_name": "Sam Hazel"}),
    ("S-22", "referral.made", {"referred_by_phone_first": "yes", "electronic_form_sent_at": NOW}),
    ("S-24", "assessment.completed", {"assessment_kind": "initial_assessment"}),
    ("S-25", "assessment.completed", {"assessment_kind": "single_assessment", "contributing_agencies": ["police"]}),
    ("S-26", "assessment.completed", {"assessment_kind": "social_work_assessment", "child_seen_alone": True}),
    ("S-27", "assessment.started", {"assessment_kind": "core_assessment"}),
    ("S-28", "strategy.called", {"meeting_kind": "strategy_discussion", "called_at": NOW}),
    ("S-29", "strategy.held", {"meeting_kind": "high_risk_strategy_meeting", "held_at": NOW}),
    ("S-30", "section47.concluded", {"concluded_at": NOW}),
    ("S-31", "section47.concluded", {"meeting_planned_for": NOW}),
    ("S-32", "strategy.held", {"meeting_kind": "marm"}),
    ("S-33", "plan.agreed", {"plan_kind": "cp_plan"}),
    ("S-34", "strategy.held", {"safeguarding_plan": "Stay with her.", "plan_review_date": DAY}),
    ("S-35", "plan.agreed", {"plan_kind": "care_plan"}),
    ("S-36", "plan.agreed", {"plan_kind": "pathway_plan"}),
    ("S-37", "assessment.completed", {"assessment_kind": "health_assessment", "designated_doctor_consulted": True}),
    ("S-38", "joint_visit.held", {"police_present": True, "childrens_services_present": True}),
    ("S-39", "escalation.raised", {"escalation_about": "nrm_submission", "level": 1}),
    ("S-40", "concern.recorded", {"noted_at": NOW}),
    ("S-41", "seraf.completed", {"assessment_date": DAY, "staying_out_late": True}),
    ("S-42", "screening.recorded", {"screening_tool": "local_tool"}),
    ("S-43", "trafficking.assessed", {"trafficking_tool": "risk_matrix"}),
    ("S-44", "trafficking.assessed", {"trafficking_tool": "child_trafficking_assessment_tool"}),
    ("S-45", "trafficking.assessed", {"resident_indicators": ["begs"], "port_of_entry_indicators": ["illegal_entry"]}),
    ("S-46", "screening.recorded", {"screening_tool": "child_exploitation_screening_tool", "submitted_to_mace": True}),
    ("S-48", "nrm.referred", {"exploitation_types": ["sexual_exploitation"]}),
    ("S-49", "nrm.referred", {"referred_at": NOW}),
    ("S-50", "nrm.referred", {"form_channel": "online"}),
    ("S-51", "nrm.referred", {"multi_agency_agreed": True}),
    ("S-52", "nrm.referred", {"lead_first_responder": "local_authority"}),
    ("S-53", "nrm.reasonable_grounds", {"competent_authority": "Single Competent Authority"}),
    ("S-54", "nrm.acknowledged", {"received_at": NOW}),
    ("S-55", "nrm.information_added", {"sent_at": NOW}),
    ("S-56", "nrm.reconsideration_requested", {"requested_at": NOW}),
    ("S-57", "icta.referred", {"has_contact_with_trafficker": "yes"}),
    ("S-58", "safety_plan.agreed", {"plan_kind": "barnardos_immediate", "agreed_at": NOW}),
    ("S-59", "safety_plan.agreed", {"plan_kind": "strategy_meeting_2013", "no_internet": True}),
    ("S-60", "age.assessed", {"decided_on": DAY}),
    (
        "S-61",
        "age.assessed",
        {"independent_visitor": {"offered": True, "declined": True, "visitor_reasons": "None new."}},
    ),
    ("S-62", "documents.checked", {"checked_at": NOW}),
    ("S-63", "biometric.taken", {"taken_at": NOW}),
    ("S-64", "abe.held", {"held_at": NOW, "visually_recorded": True}),
    ("S-65", "abe.planned", {"communication_support": {"arranged": "intermediary"}}),
    ("S-66", "abe.planned", {"communication_support": {"arranged": "interpreter", "interpreter_vetted": True}}),
    ("S-67", "ilet.answered", {"answered_at": NOW}),
    ("S-68", "ilet.enquired", {"enquiry_route": "embassy_or_consulate"}),
    ("S-69", "referral.confirmed", {"confirmed_by": "letter"}),
    ("S-70", "assessment.completed", {"missing_education_contact_checked": True}),
    ("S-71", "flag.raised", {"flag": "safe_word_set"}),
    ("S-72", "return_to_origin.assessed", {"voluntary_return_offered": True}),
    ("S-73", "return_to_origin.assessed", {"assessed_on": DAY, "reception_arrangements": "Met by the services there."}),
    ("S-74", "legal_order.made", {"order_kind": "police_protection"}),
    ("S-75", "legal_order.made", {"order_kind": "emergency_protection_order"}),
    ("S-76", "placement.started", {"legal_status": "s20_accommodated"}),
    ("S-77", "beacon.referred", {"self_referral": True}),
    ("S-78", "advice.sought", {"advice_body": "modern_slavery_helpline"}),
    ("S-79", "advice.sought", {"advice_body": "atleu"}),
    ("S-80", "advice.sought", {"advice_body": "immigration_adviser", "adviser_regulated": True}),
    ("S-81", "advice.sought", {"told_of_statutory_defence": True}),
    ("S-83", "strategy.held", {"disruption_powers": ["child_abduction_warning_notice"]}),
    ("S-84", "adult_safeguarding.referred", {"referred_at": NOW}),
    ("S-85", "adult_safeguarding.referred", {"public_protection_unit_liaison": True}),
    ("S-86", "advice.sought", {"advice_body": "lado"}),
    ("S-87", "advice.sought", {"advice_body": "ceop"}),
    ("S-88", "advice.sought", {"advice_body": "ukhtc_or_msoic"}),
    ("S-89", "support.recorded", {"needs": [{"need": "legal_advice", "need_state": "met"}]}),
    ("S-90", "lead_professional.named", {"lead_name": "Rowan Alder"}),
    ("S-91", "referral.acknowledged", {"lead_officer_informed": True}),
    ("S-92", "immediate_actions.recorded", {"actions_done": ["notify_designated_lead"]}),
    ("S-93", "qa.recorded", {"counts": [{"measure": "Q-01", "count": 4}]}),
    ("S-94", "qa.recorded", {"communication_difficulties": "None this quarter."}),
    ("S-96", "disclosure.recorded", {"decision": "do_not_disclose"}),
    ("S-100", "advice.sought", {"advice_body": "refugee_council"}),
    ("N-26", "missing.reported", {"reporter_enquiries": {"made": True}}),
    ("N-32", "missing.reviewed", {"new_information": "Seen at the station.", "missing_category": "missing"}),
    ("N-37", "return_interview.declined", {"declined_by": "local_authority"}),
    ("N-46", "advice.sought", {"advice_body": "missing_people_helpline"}),
    ("N-47", "placement.ended", {"still_looked_after": True}),
    ("N-142", "assessment.completed", {"missing_education_contact_checked": True}),
    ("N-143", "age.assessed", {"independent_visitor": {"declined": True, "visitor_reasons": "Wants nobody new."}}),
    ("N-147", "concern.recorded", {"agreed_foster_steps": ["record_concerns"]}),
]


@pytest.mark.parametrize(("type", "says"), [pytest.param(type, says, id=f"{row} {type}") for row, type, says in ROWS])
def test_what_a_row_names_is_said_in_a_form_that_somebody_may_send(type: str, says: dict[str, Any]) -> None:
    example = min((EXAMPLES / type).glob("valid_*.json"))
    form = json.loads(example.read_bytes()) | says
    assert SCHEMAS.check(type, 1, form) == (None, ())
    assert SENDERS[type]["roles"] or SENDERS[type]["sectors"]
