"""Every rule of missing episodes and placements (catalogue 3.1, 4.2, 4.6): started, met, called off, late."""

from datetime import timedelta

from tests.builders_clocks import (
    GUIDE,
    HERTS,
    MET,
    TRAFF,
    Case,
    every_rule,
    say,
)
from tests.builders_hub import CSC, HEALTH, MASH, POLICE, SCHOOL, START

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
UNANSWERED = 4 * HOUR
"""How long an alert may stand open, and so what is asked for when it is due is late only then."""
NOW, EARLIER = START.isoformat(), (START - HOUR).isoformat()
LOOKED_AFTER = {"is_looked_after": True}

SUSPECTED = say(HEALTH, "trafficking.assessed", trafficking_conclusion="suspected")
GONE = say(SCHOOL, "missing.reported", missing_since=EARLIER, missing_category="missing")
ABSENT = say(SCHOOL, "missing.reported", missing_since=EARLIER, missing_category="absent")
BACK = say(POLICE, "missing.returned", returned_at=NOW, harm_suffered="no")
BACK_UNSEEN = say(MASH, "missing.returned", returned_at=NOW, harm_suffered="not_known")
REVIEWED = say(POLICE, "missing.reviewed", reviewed_at=NOW)
PLACED = say(MASH, "placement.started", placed_at=NOW)
LEFT = say(CSC, "placement.ended", ended_at=NOW)
INTERVIEWED = say(MASH, "return_interview.held", held_at=NOW)
PLANNED = say(CSC, "safety_plan.agreed", agreed_at=NOW)


CASES = [
    Case(
        rows="T-03 N-33 N-34",
        code="bureau_notification",
        edition=GUIDE,
        start=GONE,
        near=ABSENT,
        met=say(POLICE, "bureau.notified"),
        off=say(HEALTH, "bureau.objected"),
        late=DAY - HOUR + UNANSWERED,
        silent=True,
    ),
    Case(
        rows="T-02 N-31",
        code="circumstances_review",
        edition=GUIDE,
        start=ABSENT,
        near=REVIEWED,
        met=REVIEWED,
        off=BACK,
        late=8 * HOUR,
        silent=True,
    ),
    Case(
        rows="T-02 N-29 N-31",
        code="circumstances_review_absent",
        edition=MET,
        start=ABSENT,
        near=GONE,
        met=say(POLICE, "missing.categorised", missing_category="missing"),
        off=BACK,
        late=8 * HOUR,
        silent=True,
    ),
    *[
        Case(
            rows="T-01 N-42",
            also=["S-12"],
            code=code,
            edition=edition,
            before=[SUSPECTED],
            near_before=[],
            start=start,
            near=GONE,
            met=REVIEWED if code == "golden_hour_police" else None,
            off=BACK,
            late=HOUR,
        )
        for code in ("golden_hour_police", "golden_hour_social_care")
        for edition, start in ((GUIDE, GONE), (MET, ABSENT))
    ],
    Case(
        rows="N-28",
        code="mash_information_check",
        edition=GUIDE,
        start=GONE,
        near=REVIEWED,
        met=say(MASH, "mash_check.recorded"),
        silent=True,
    ),
    Case(
        rows="T-14 N-43",
        code="missing_from_care_police",
        edition=TRAFF,
        child=LOOKED_AFTER,
        before=[SUSPECTED],
        near_before=[],
        start=GONE,
        near=GONE,
        off=BACK,
        late=HOUR,
    ),
    Case(
        rows="T-14 N-43 N-45",
        code="missing_from_care_social_care",
        edition=TRAFF,
        child=LOOKED_AFTER,
        before=[SUSPECTED],
        near_before=[],
        start=GONE,
        near=GONE,
        off=BACK,
        late=HOUR,
    ),
    Case(
        rows="T-08 N-24",
        code="repeat_missing_assessment",
        edition=GUIDE,
        start=say(POLICE, "ppn1.issued", ppn1_circumstance="third_in_90_days"),
        near=say(POLICE, "ppn1.issued", ppn1_circumstance="missing_not_returned"),
        met=say(CSC, "assessment.completed", assessment_kind="initial_assessment"),
        late=timedelta(days=11, hours=15),
    ),
    Case(
        rows="N-40",
        code="repeat_missing_strategy",
        edition=MET,
        before=[ABSENT, BACK, ABSENT, BACK],
        near_before=[ABSENT, BACK],
        start=GONE,
        near=GONE,
        met=say(CSC, "strategy.called"),
    ),
    Case(
        rows="T-07 N-36",
        code="return_interview_at_home",
        edition=GUIDE,
        before=[GONE],
        start=BACK,
        near=REVIEWED,
        met=say(CSC, "return_interview.declined"),
    ),
    Case(
        rows="N-39",
        code="return_interview_cpi_review",
        edition=GUIDE,
        start=INTERVIEWED,
        near=say(MASH, "return_interview.held", held_at=NOW, cpi_review_done=True),
    ),
    Case(
        rows="N-38",
        code="return_interview_decision",
        edition=GUIDE,
        start=INTERVIEWED,
        near=say(MASH, "return_interview.held", held_at=NOW, return_interview_outcome=["no_further_action"]),
        met=say(CSC, "assessment.started"),
        silent=True,
    ),
    Case(
        rows="T-06 N-36",
        code="return_interview_looked_after",
        edition=MET,
        child=LOOKED_AFTER,
        before=[GONE],
        start=BACK,
        near=REVIEWED,
        met=INTERVIEWED,
        late=3 * DAY,
    ),
    Case(
        rows="T-05 N-35",
        code="safe_and_well_check",
        edition=GUIDE,
        before=[GONE],
        start=BACK_UNSEEN,
        near=BACK,
        met=say(POLICE, "safe_and_well.recorded"),
        late=HOUR,
    ),
    Case(
        rows="T-13 N-44",
        code="strategy_while_missing",
        edition=GUIDE,
        before=[SUSPECTED],
        near_before=[],
        start=GONE,
        near=GONE,
        met=say(CSC, "strategy.held"),
        off=BACK,
        late=7 * DAY + UNANSWERED,
        silent=True,
    ),
    Case(
        rows="T-16 N-48",
        code="uasc_missing_before_identified",
        edition=HERTS,
        start=say(SCHOOL, "missing.reported", missing_since=EARLIER, is_uasc=True),
        near=GONE,
        off=BACK,
        late=HOUR,
    ),
    Case(
        rows="T-17",
        code="address_withheld",
        edition=GUIDE,
        start=say(CSC, "safety_plan.agreed", address_withheld={"address_withheld_from_child": True}),
        near=PLANNED,
        met=say(CSC, "safety_plan.stepped_down"),
        off=LEFT,
        late=21 * DAY + UNANSWERED,
        silent=True,
    ),
    Case(
        rows="T-11",
        code="early_flight_material",
        edition=TRAFF,
        before=[SUSPECTED],
        near_before=[],
        start=PLACED,
        near=PLACED,
        met=say(CSC, "biometric.consented"),
        late=2 * DAY,
    ),
    Case(
        rows="T-09 N-121",
        code="early_risk_after_entry",
        edition=MET,
        start=say(SCHOOL, "referral.made", is_uasc=True),
        near=say(SCHOOL, "referral.made"),
        met=PLANNED,
        late=DAY,
    ),
    Case(
        rows="T-10",
        code="early_risk_after_placement",
        edition=HERTS,
        before=[SUSPECTED],
        near_before=[],
        start=PLACED,
        near=PLACED,
        met=say(CSC, "plan.agreed"),
        late=3 * DAY,
    ),
    Case(
        rows="N-132",
        code="phone_found",
        edition=GUIDE,
        start=say(CSC, "safety_plan.observed", sim_cards_found=[{"found_at": NOW}]),
        near=say(CSC, "safety_plan.observed"),
    ),
    Case(
        rows="N-136",
        code="photo_to_police",
        edition=GUIDE,
        child=LOOKED_AFTER,
        before=[SUSPECTED],
        near_before=[],
        start=GONE,
        near=GONE,
        met=say(CSC, "biometric.passed_on", material_type="photograph"),
        off=BACK,
        late=HOUR,
    ),
    Case(
        rows="N-74",
        code="placement_of_kind",
        edition=TRAFF,
        before=[SUSPECTED],
        start=say(MASH, "placement.started", placed_at=NOW, placement_kind="hostel"),
        near=say(MASH, "placement.started", placed_at=NOW, placement_kind="foster"),
        met=say(CSC, "strategy.held"),
        off=LEFT,
    ),
    Case(
        rows="N-49 N-73",
        code="placement_risk_plan",
        edition=GUIDE,
        before=[SUSPECTED],
        start=PLACED,
        near=say(MASH, "placement.started", placed_at=NOW, missing_risk_weighed=True),
        met=say(CSC, "plan.agreed"),
        off=LEFT,
    ),
    Case(
        rows="N-137",
        code="police_marker",
        edition=GUIDE,
        start=say(CSC, "safety_plan.agreed", agreed_at=NOW, police_marker_requested=True),
        near=PLANNED,
        met=say(POLICE, "police_marker.recorded", marker_state="placed"),
        off=LEFT,
    ),
    Case(
        rows="T-18 N-138 N-139",
        code="safety_plan_restrictions",
        edition=GUIDE,
        start=PLANNED,
        near=say(CSC, "plan.agreed"),
        met=say(CSC, "safety_plan.stepped_up"),
        off=LEFT,
        silent=True,
    ),
    Case(
        rows="N-133 N-145",
        code="suspicious_visitors",
        edition=MET,
        start=say(CSC, "concern.recorded", visitor_incidents=[{"turned_away": True}]),
        near=say(CSC, "concern.recorded"),
    ),
    Case(
        rows="N-130",
        code="unknown_caller",
        edition=GUIDE,
        start=say(CSC, "safety_plan.observed", unknown_callers_reported=[{"called_at": NOW}]),
        near=say(CSC, "safety_plan.observed"),
    ),
    Case(
        rows="N-131",
        code="unknown_people",
        edition=GUIDE,
        start=say(CSC, "safety_plan.observed", unknown_people_observations=[{"number_plate": "ZZ99 ZZZ"}]),
        near=say(CSC, "safety_plan.observed"),
    ),
    Case(
        rows="N-140 N-141",
        code="verified_family_contact",
        edition=GUIDE,
        start=say(CSC, "ilet.enquired"),
        near=say(CSC, "ilet.answered"),
        met=say(POLICE, "ilet.answered"),
        silent=True,
    ),
]


BY_A_CPI = ["return_interview_cpi_review"]
"""N-39: its form has no one child."""

TestEveryRule = every_rule(CASES, met_elsewhere=BY_A_CPI)
