"""A journey in Lincolnshire: a brother and a sister at one address, from the screening tool to the weekly MACE (lincs)."""

from pathlib import Path

import pytest

from tests.builders_clocks import LINCS
from tests.builders_story import Plot, a_named, asks, at, covers, is_back, is_met, late, says, starts, takes_up
from tests.builders_telling import tell

DANUT, ILINCA = "Danut", "Ilinca"
PLOT = Plot(
    edition=LINCS,
    area="lincolnshire",
    year=2026,
    month=7,
    children={
        DANUT: a_named(6, "lincolnshire", date_of_birth="2010-06-11"),
        ILINCA: a_named(7, "lincolnshire", date_of_birth="2013-10-30"),
    },
)
CAST = PLOT.cast
POLICE, CSC, MASH, HEALTH, SCHOOL, FORUM = CAST.police, CAST.csc, CAST.mash, CAST.health, CAST.school, CAST.forum

STORY = [
    # A nurse screens him and hands the tool in to the MACE, whose business is weekly; a referral is due at once.
    at(
        "Wed 08 Jul 14:00",
        says(HEALTH, "screening.recorded", DANUT, screening_result="significant_concern", submitted_to_mace=True),
        says(HEALTH, "concern.recorded", ILINCA),
        asks(FORUM, DANUT, "T-48 mace_agenda"),
        asks(CSC, DANUT, "T-39 refer_at_once"),
    ),
    # He was screened already: the tool is not asked for again. No outcome is owed within any time (C-16).
    at(
        "Wed 08 Jul 14:40",
        takes_up(FORUM),
        says(HEALTH, "referral.made", DANUT, issues=["criminal_exploitation", "trafficking"], is_uasc=True),
        is_met(DANUT, "N-12 refer_at_once"),
    ),
    # The school refers his sister, whom nobody has screened yet.
    at(
        "Thu 09 Jul 16:00",
        says(SCHOOL, "referral.made", ILINCA, issues=["sexual_exploitation"]),
        asks(CSC, ILINCA, "N-19 screening_tool"),
    ),
    at("Thu 09 Jul 20:00", covers(CSC, ILINCA, "N-19 screening_tool")),
    at(
        "Fri 10 Jul 09:00",
        takes_up(CSC),
        says(SCHOOL, "screening.recorded", ILINCA, screening_result="some_concern"),
        is_met(ILINCA, "N-19 screening_tool"),
    ),
    # The strategy discussion decides on a joint interview.
    at(
        "Fri 10 Jul 10:00",
        says(CSC, "referral.decided", DANUT, referral_outcome="strategy_discussion"),
        says(CSC, "strategy.held", DANUT, strategy_outcome="section47"),
        starts(DANUT, "N-72 decide_joint_interview"),
    ),
    at(
        "Fri 10 Jul 11:00",
        says(CSC, "section47.started", DANUT, joint_interview_decided=False),
        is_met(DANUT, "N-72 decide_joint_interview"),
    ),
    # Both are gone over the weekend. The source has no review, no Bureau, no golden hour, no interview: nothing is asked.
    at(
        "Fri 10 Jul 19:20",
        says(POLICE, "missing.reported", DANUT, missing_since="@Fri 10 Jul 18:00", missing_risk="high"),
        says(POLICE, "missing.reported", ILINCA, missing_since="@Fri 10 Jul 18:00", missing_risk="high"),
    ),
    at(
        "Mon 13 Jul 06:45",
        is_back(POLICE, DANUT, harm="yes"),
        is_back(POLICE, ILINCA, harm="not_known"),
    ),
    # Reasonable grounds: the police must make the NRM referral, and Children's Services must be told all the same.
    at(
        "Mon 13 Jul 09:30",
        says(POLICE, "trafficking.assessed", DANUT, trafficking_conclusion="reasonable_grounds_met"),
        starts(DANUT, "N-110 nrm_reasonable_grounds"),
        asks(CSC, DANUT, "N-111 refer_at_once"),
    ),
    at(
        "Mon 13 Jul 10:30",
        late(DANUT, "N-111 refer_at_once", hears=MASH),
    ),
    at(
        "Mon 13 Jul 10:50",
        takes_up(MASH),
        says(CSC, "referral.acknowledged", DANUT),
        says(POLICE, "nrm.referred", DANUT, form_channel="online"),
        is_met(DANUT, "N-111 refer_at_once", "N-110 nrm_reasonable_grounds"),
    ),
    # Kept safe: a plan weighs that they may be gone again. Ilinca shows no sign, and is watched until she is settled.
    at(
        "Tue 14 Jul 11:00",
        says(CSC, "placement.started", DANUT, child={"is_looked_after": True}),
        starts(DANUT, "N-49 placement_risk_plan"),
    ),
    at(
        "Tue 14 Jul 14:00",
        says(HEALTH, "trafficking.assessed", ILINCA, trafficking_conclusion="no_indicators"),
        starts(ILINCA, "T-51 watch_until_settled"),
    ),
    at(
        "Tue 14 Jul 15:00",
        says(CSC, "plan.agreed", DANUT),
        is_met(DANUT, "N-49 placement_risk_plan"),
    ),
    # Immigration only once protection is addressed: the health trust asks too early, the authority hears of it.
    at(
        "Wed 15 Jul 09:00",
        says(HEALTH, "advice.sought", DANUT, advice_body="ukba_or_ukvi"),
        asks(CSC, DANUT, "N-113 immigration_too_early"),
    ),
    at("Wed 15 Jul 09:40", takes_up(CSC), is_met(DANUT, "N-113 immigration_too_early")),
    # A week after the tool was handed in no MACE has spoken of him. It does so the next day.
    at("Wed 15 Jul 14:00", late(DANUT, "T-48 mace_agenda", hears=MASH)),
    at("Wed 15 Jul 14:30", takes_up(MASH)),
    at(
        "Thu 16 Jul 10:00",
        says(FORUM, "strategy.held", DANUT, meeting_kind="mace", held_at="@"),
        is_met(DANUT, "T-48 mace_agenda"),
    ),
    # Section 47 is over: the meeting comes before anything else, and he is not of the family that he lived with.
    at(
        "Thu 23 Jul 16:00",
        says(CSC, "section47.concluded", DANUT),
        starts(DANUT, "T-42 post_s47_meeting", "N-71 consider_moving_child"),
    ),
    at(
        "Fri 24 Jul 09:00",
        says(CSC, "plan.agreed", DANUT),
        asks(MASH, DANUT, "N-70 acted_before_meeting"),
    ),
    at("Fri 24 Jul 13:00", late(DANUT, "N-70 acted_before_meeting", hears=CSC)),
    at("Fri 24 Jul 13:30", takes_up(MASH), takes_up(CSC), is_met(DANUT, "N-70 acted_before_meeting")),
    at(
        "Tue 28 Jul 14:00",
        says(
            CSC,
            "strategy.held",
            DANUT,
            meeting_kind="multi_agency_meeting",
            post_s47_decisions=["move_child", "cp_conference"],
        ),
        is_met(DANUT, "T-42 post_s47_meeting", "N-71 consider_moving_child"),
    ),
    at(
        "Wed 29 Jul 10:00",
        says(CSC, "assessment.completed", ILINCA, assessment_outcome="no_further_action"),
        is_met(ILINCA, "T-51 watch_until_settled"),
    ),
    at("Mon 03 Aug 09:00"),
]


@pytest.mark.slow
def test_a_brother_and_a_sister_at_one_address_are_answered_as_lincolnshire_says(tmp_path: Path) -> None:
    """T-39, T-42, T-48, T-51, N-12, N-19, N-49, N-70, N-71, N-72, N-110, N-111, N-113, X-18, X-22, X-26."""
    tell(tmp_path / "hub", PLOT, STORY)
