"""A journey in Southampton under the protocol of 2011: a girl found at the port as summer time ends (§7, §11 to §19)."""

from pathlib import Path

import pytest

from tests.builders_clocks import TRAFF
from tests.builders_hub import a_child
from tests.builders_story import Plot, asks, at, covers, due, is_back, is_met, late, says, starts, takes_up
from tests.builders_telling import tell

LINH, MAI = "Linh", "Mai"
PLOT = Plot(edition=TRAFF, area="southampton", year=2026, month=10, children={LINH: a_child(3), MAI: a_child(8)})
CAST = PLOT.cast
POLICE, CSC, HEALTH, FORUM, HOME = CAST.police, CAST.csc, CAST.health, CAST.forum, CAST.home
IN_CARE = {"is_looked_after": True}

STORY = [
    # The port's health team finds her: police and Children's Services hear at once (§20.1), she must be brought to safety.
    at(
        "Fri 23 Oct 19:30",
        says(
            HEALTH,
            "immediate_actions.recorded",
            LINH,
            identified_at="@Fri 23 Oct 19:05",
            actions_done=["assess_immediate_risk", "urgent_health"],
        ),
        asks(POLICE, LINH, "T-37 found_tell_police"),
        asks(CSC, LINH, "T-37 found_tell_childrens_services"),
        starts(LINH, "N-162 place_of_safety"),
    ),
    at(
        "Fri 23 Oct 19:50",
        takes_up(POLICE),
        takes_up(CSC),
        is_met(LINH, "T-38 found_tell_police", "T-38 found_tell_childrens_services"),
    ),
    # The authority decides within a day (§12.5), with the Border Agency from the outset (§12.4).
    at(
        "Fri 23 Oct 20:30",
        says(HEALTH, "referral.made", LINH, issues=["trafficking"]),
        asks(CSC, LINH, "T-34 local_authority_decision", "N-62 involve_immigration"),
    ),
    at(
        "Fri 23 Oct 21:15",
        takes_up(CSC),
        says(POLICE, "legal_order.made", LINH, order_kind="police_protection"),
        is_met(LINH, "N-162 place_of_safety"),
        starts(LINH, "T-36 joint_visit"),
    ),
    # A CYPR for any child at risk, and with it section 47 (§12.1).
    at(
        "Fri 23 Oct 21:40",
        says(POLICE, "ppn1.issued", LINH, ppn1_circumstance="child_at_risk"),
        asks(CSC, LINH, "N-59 s47_with_child_alert"),
    ),
    at(
        "Fri 23 Oct 21:50",
        says(CSC, "section47.started", LINH),
        is_met(LINH, "N-59 s47_with_child_alert", "T-34 local_authority_decision"),
    ),
    # With foster carers: she may be gone within 48 hours (§9.5); the sub-group speaks of her (§19.1), but not at night.
    at(
        "Fri 23 Oct 22:30",
        says(
            CSC,
            "placement.started",
            LINH,
            child=IN_CARE,
            placement_kind="foster",
            missing_risk_weighed=True,
            same_nationality_children_weighed=True,
        ),
        starts(LINH, "T-11 early_flight_material"),
        asks(FORUM, LINH, "N-153 sub_group"),
    ),
    at("Sat 24 Oct 02:30", covers(CSC, LINH, "N-153 sub_group")),
    at(
        "Sat 24 Oct 10:00",
        takes_up(CSC),
        says(CSC, "advice.sought", LINH, advice_body="ukba_or_ukvi"),
        is_met(LINH, "N-62 involve_immigration"),
    ),
    # The initial meeting agrees a safe word (§13.4); the designated doctor is missed (§13.1).
    at(
        "Sat 24 Oct 15:00",
        says(CSC, "strategy.held", LINH, meeting_kind="strategy_discussion"),
        starts(LINH, "N-64 agree_safe_word", "T-35 strategy_2011"),
    ),
    at(
        "Sat 24 Oct 15:30",
        says(CSC, "flag.raised", LINH, flag="safe_word_set"),
        is_met(LINH, "N-64 agree_safe_word"),
    ),
    # The joint visit of the first 24 to 48 hours (§14.2): hours that pass, of which the second night has one more.
    at("Sat 24 Oct 21:15", due(CSC, LINH, "T-36 joint_visit")),
    at("Sat 24 Oct 21:30", takes_up(CSC)),
    at(
        "Sun 25 Oct 12:00",
        says(CSC, "biometric.consented", LINH, child=IN_CARE),
        is_met(LINH, "T-11 early_flight_material"),
    ),
    at("Sun 25 Oct 20:15", late(LINH, "T-36 joint_visit", covers=CSC)),
    at(
        "Sun 25 Oct 20:50",
        says(CSC, "joint_visit.held", LINH, police_present=True, childrens_services_present=True),
        is_met(LINH, "T-36 joint_visit"),
    ),
    # Gone from care: both are told at once (§17.1). No review, no Bureau, no CYPR and no interview are in this edition.
    at(
        "Sun 25 Oct 21:20",
        says(HOME, "missing.reported", LINH, child=IN_CARE, missing_since="@Sun 25 Oct 21:05", missing_from="care"),
        asks(POLICE, LINH, "T-14 missing_from_care_police"),
        asks(CSC, LINH, "N-45 missing_from_care_social_care"),
    ),
    at(
        "Sun 25 Oct 21:40",
        takes_up(POLICE),
        takes_up(CSC),
        is_met(LINH, "T-14 missing_from_care_police", "N-43 missing_from_care_social_care"),
    ),
    at("Mon 26 Oct 06:10", is_back(POLICE, LINH, harm="not_known")),
    # An order gives the authority parental responsibility: partners are told (§14.7), proceedings considered (§11.11).
    at(
        "Mon 26 Oct 14:00",
        says(
            CSC,
            "legal_order.made",
            LINH,
            order_kind="emergency_protection_order",
            expires_at="@Mon 02 Nov 14:00",
            la_holds_parental_responsibility=True,
        ),
        starts(LINH, "T-49 proceedings_after_epo"),
        asks(POLICE, LINH, "T-78 tell_police_of_responsibility"),
        asks(HEALTH, LINH, "T-78 tell_health_of_responsibility"),
    ),
    at(
        "Mon 26 Oct 14:30",
        takes_up(POLICE),
        takes_up(HEALTH),
        is_met(LINH, "N-68 tell_police_of_responsibility", "N-68 tell_health_of_responsibility"),
    ),
    at(
        "Wed 28 Oct 10:00",
        says(FORUM, "strategy.held", LINH, meeting_kind="lscb_sub_group", designated_doctor_attended=True),
        is_met(LINH, "N-153 sub_group", "T-35 strategy_2011"),
    ),
    # No interview without an interpreter (§15.13).
    at(
        "Thu 29 Oct 09:00",
        says(POLICE, "abe.planned", LINH, communication_support={"arranged": "not_yet"}),
        starts(LINH, "T-50 interview_interpreter", "T-84 vulnerable_witness"),
    ),
    # A girl who is in care already is thought trafficked: all are told, but she is in a place of safety (§7.17).
    at(
        "Thu 29 Oct 14:00",
        says(HEALTH, "trafficking.assessed", MAI, child=IN_CARE, trafficking_conclusion="suspected"),
        asks(POLICE, MAI, "T-37 found_tell_police"),
        asks(CSC, MAI, "T-37 found_tell_childrens_services", "N-62 involve_immigration"),
    ),
    at(
        "Thu 29 Oct 14:20",
        takes_up(POLICE),
        takes_up(CSC),
        says(CSC, "advice.sought", MAI, child=IN_CARE, advice_body="ukba_or_ukvi"),
        is_met(MAI, "N-60 found_tell_police", "N-60 found_tell_childrens_services", "N-62 involve_immigration"),
    ),
    at(
        "Fri 30 Oct 11:00",
        says(CSC, "legal_order.made", LINH, order_kind="interim_care_order"),
        says(
            POLICE,
            "abe.planned",
            LINH,
            communication_support={"arranged": "interpreter"},
            witness_category=["s16_vulnerable"],
        ),
        is_met(LINH, "T-49 proceedings_after_epo", "T-50 interview_interpreter", "T-84 vulnerable_witness"),
    ),
    at("Mon 02 Nov 14:00"),
]


@pytest.mark.slow
def test_a_girl_found_at_the_port_on_a_friday_night_is_answered_as_in_2011(tmp_path: Path) -> None:
    """T-11, T-14, T-34, T-35, T-36, T-37, T-38, T-49, T-50, T-78, T-84, N-45, N-59, N-62, N-64, N-68, N-153, N-162, X-26."""
    tell(tmp_path / "hub", PLOT, STORY)
