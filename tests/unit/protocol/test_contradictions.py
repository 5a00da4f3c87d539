"""Where the documents contradict each other, the editions differ as the documents do: catalogue 8.1, one test for a row."""

from datetime import UTC, date, datetime, timedelta

from sightline.protocol.age import AgeEvidence, needs_age_assessment
from sightline.protocol.areas import OWN_TIMES, AreaProtocol, EarlyRisk, area_protocol
from sightline.protocol.calendar import is_child_on
from sightline.protocol.editions import EDITIONS, editions
from sightline.protocol.episodes import Episode
from sightline.protocol.missing import alert_circumstances, is_for_bureau, is_in_scheme, return_interview_due
from sightline.protocol.names import NAMES, called, leads_to, thing_called
from sightline.protocol.trafficking import Elements, is_trafficking, nrm_needs_consent, nrm_step

OWN = {f"{name}_hours": 24 for name in OWN_TIMES}
TRAFF, MET, GUIDE = (area_protocol("hampshire", code, OWN) for code in EDITIONS[:3])
HERTS, LINCS = (area_protocol(code, code, OWN) for code in EDITIONS[3:])
ALL = {"traff": TRAFF, "met": MET, "guide": GUIDE, "herts": HERTS, "lincs": LINCS}
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def each(key: str) -> dict[str, object]:
    """What each edition says of that key, by the name of its document; those that are silent are left out."""
    said = {name: getattr(protocol, key) for name, protocol in ALL.items()}
    return {name: value for name, value in said.items() if value is not None}


def an_episode(days_ago: int, category: str = "missing") -> Episode:
    """One that began so many days ago and ended within the hour."""
    began = NOW - timedelta(days=days_ago)
    return Episode(number=1, began=began, category=category, risk="medium", ended=began + timedelta(hours=1))


def test_x_01_absent_is_a_category_of_2013_alone() -> None:
    """X-01, C-02."""
    assert is_in_scheme("absent", "none_or_tolerable", MET)
    assert not is_in_scheme("absent", "none_or_tolerable", GUIDE)
    assert (is_in_scheme("missing", "low", GUIDE), is_in_scheme("missing", "low", MET)) == (True, False)


def test_x_02_the_review_after_six_hours_is_of_absent_children_in_2013_and_of_all_by_the_guide() -> None:
    """X-02, C-06."""
    assert each("circumstances_review_categories") == {"met": ("absent",), "guide": ("absent", "missing")}


def test_x_03_absent_episodes_count_toward_three_in_2013_alone() -> None:
    """X-03, C-04."""
    episodes = [an_episode(40), an_episode(20), an_episode(0, "absent")]
    assert alert_circumstances(episodes, NOW, MET) == {"third_in_90_days"}
    assert alert_circumstances(episodes, NOW, GUIDE) == set()


def test_x_04_every_report_goes_to_the_mash_and_not_every_report_is_a_ppn1() -> None:
    """X-04, C-04, C-05."""
    assert each("mash_notified_on_report") == {"guide": True}
    assert alert_circumstances([an_episode(0)], NOW, GUIDE) == set()


def test_x_05_missing_and_not_returned_has_no_time_so_a_point_is_configured_and_marked() -> None:
    """X-05, A-22."""
    episode = Episode(number=1, began=NOW, category="missing", risk="high")
    assert alert_circumstances([episode], NOW, GUIDE) == set()
    assert alert_circumstances([episode], NOW + GUIDE.ppn1_evaluation, GUIDE) == {"missing_not_returned"}
    assert editions()["4lscb_guide"].keys["child_alert_evaluation_hours"].proposed


def test_x_06_one_form_had_three_names_and_was_once_for_any_child_at_risk() -> None:
    """X-06, C-03, C-04."""
    assert each("child_alert_form") == {"traff": "CYPR", "met": "CYP", "guide": "PPN1"}
    assert [called("child_alert", code) for code in EDITIONS] == ["CYPR", "CYP", "PPN1", "", ""]
    assert each("child_alert_rule") == {
        "traff": "any_child_at_risk",
        "met": "three_circumstances",
        "guide": "three_circumstances",
    }


def test_x_07_each_edition_has_its_own_tools_and_only_that_of_2013_has_seraf() -> None:
    """X-07, C-13."""
    tools = each("risk_tool")
    assert tools.keys() == {"met", "guide", "herts", "lincs"}
    assert {name for name, held in tools.items() if isinstance(held, tuple) and "seraf" in held} == {"met"}
    assert len(set(tools.values())) == 4


def test_x_08_two_elements_suffice_for_a_child_though_one_paragraph_of_the_guide_lists_three() -> None:
    """X-08."""
    assert set(each("trafficking_elements").values()) == {("movement", "purpose")}
    assert "§24" in editions()["4lscb_guide"].keys["trafficking_elements"].note
    elements = Elements(movement=True, purpose=True)
    assert (is_trafficking(elements, is_child=True), is_trafficking(elements, is_child=False)) == (True, False)


def test_x_09_the_advocate_of_the_guide_is_the_guardian_of_hertfordshire() -> None:
    """X-09."""
    assert each("child_advocate") == {"guide": "icta", "herts": "ictg"}
    assert thing_called("ICTA") == thing_called("ictg") == "child_advocate"


def test_x_10_the_duty_to_refer_to_the_advocates_is_that_of_two_areas() -> None:
    """X-10, C-24."""
    duty = {area: area_protocol(area, "4lscb_guide", OWN).has_icta_duty for area in GUIDE.areas}
    assert duty == {"hampshire": True, "isle_of_wight": True, "portsmouth": False, "southampton": False}
    assert not HERTS.has_icta_duty


def test_x_11_two_competent_authorities_became_one() -> None:
    """X-11, C-22."""
    assert MET.competent_authority == GUIDE.competent_authority == ("ukba", "ukhtc")
    assert HERTS.competent_authority == ("single_competent_authority",)


def test_x_12_ukba_is_called_ukvi_by_the_later_two() -> None:
    """X-12, C-25."""
    assert each("immigration_body") == {
        "traff": "ukba",
        "met": "ukba",
        "guide": "ukba",
        "herts": "ukvi",
        "lincs": "ukvi",
    }
    assert thing_called("UKBA") == thing_called("UKVI")


def test_x_13_the_immigration_body_hears_at_the_outset_at_the_meeting_or_only_after_protection() -> None:
    """X-13, C-25."""
    assert each("immigration_contact") == {
        "traff": "from_outset",
        "met": "at_strategy_meeting",
        "herts": "after_protection",
        "lincs": "after_protection",
    }


def test_x_14_fingerprints_need_child_and_parent_in_2011_and_the_child_alone_by_the_guide() -> None:
    """X-14, C-27."""
    assert each("biometrics_consent") == {"traff": ("child", "pr_holder"), "guide": ("child",)}
    assert each("biometrics_minimum_age") == {"traff": 5}


def test_x_15_who_may_consent_depends_on_the_document() -> None:
    """X-15, C-21."""
    assert each("consent_givers") == {
        "guide": ("pr_holder", "competent_young_person"),
        "herts": ("child", "guardian"),
        "lincs": (),
        "traff": ("child", "la_with_pr"),
    }
    assert (nrm_needs_consent(HERTS), nrm_needs_consent(LINCS), nrm_needs_consent(GUIDE)) == (False, False, None)


def test_x_16_the_guide_informs_those_with_parental_responsibility_and_hertfordshire_never_suspects() -> None:
    """X-16."""
    assert each("pr_holders") == {"guide": "inform_and_ask", "herts": "never_if_suspected"}


def test_x_17_what_is_decided_at_once_by_the_guide_had_twenty_four_hours_before() -> None:
    """X-17, C-12."""
    assert each("strategy_decision_hours") == {"guide": 0, "met": 24, "traff": 24}
    assert each("strategy_decision_by") == {
        "guide": "childrens_social_care",
        "met": "core_agencies",
        "traff": "local_authority",
    }


def test_x_18_hertfordshire_refers_at_once_and_within_a_day_and_lincolnshire_at_once() -> None:
    """X-18, C-15."""
    assert (HERTS.referral_immediate, HERTS.referral_limit_hours) == (True, 24)
    assert (LINCS.referral_immediate, LINCS.referral_limit_hours) == (True, None)


def test_x_19_twenty_four_hours_of_one_thing_are_not_those_of_another() -> None:
    """X-19: each has a key of its own; to change one changes no other."""
    meanings = {
        "bureau_hours": "T-03",
        "strategy_decision_hours": "T-32",
        "referral_limit_hours": "T-40",
        "referral_outcome_hours": "T-41",
        "joint_visit_hours": "T-36",
    }
    keys = editions()["4lscb_guide"].keys
    assert all(row in keys[key].rows for key, row in meanings.items())
    said = {key: {name: span[0] for name, one in ALL.items() if (span := one.span(key))} for key in meanings}
    assert all(24 in values.values() for values in said.values())
    assert len({frozenset(values) for values in said.values()}) > 3
    assert {value.hours for value in each("early_missing_risk").values() if isinstance(value, EarlyRisk)} == {
        24,
        48,
        72,
    }


def test_x_20_a_child_is_most_at_risk_of_going_missing_after_entry_safeguarding_or_placement() -> None:
    """X-20, T-09, T-10, T-11."""
    assert each("early_missing_risk") == {
        "guide": EarlyRisk(after="entry_to_uk", hours=24),
        "met": EarlyRisk(after="entry_to_uk", hours=24),
        "herts": EarlyRisk(after="placement", hours=72),
        "traff": EarlyRisk(after="safeguarding", hours=48),
    }


def submitters(protocol: AreaProtocol, *, agreed: bool) -> tuple[str, set[str]]:
    """The route of a suspected child, and who refers."""
    step = nrm_step(protocol, is_suspected=True, agreed_at_meeting=agreed)
    return step.route, set(step.submitters)


def test_x_21_who_sends_the_nrm_referral_depends_on_the_area() -> None:
    """X-21, C-19."""
    assert submitters(GUIDE, agreed=True)[1] == {"childrens_social_care"}
    assert submitters(HERTS, agreed=True)[1] == {"local_authority", "police_force"}
    assert submitters(LINCS, agreed=True)[1] == {"police_force", "designated_organisation"}


def test_x_22_hertfordshire_refers_after_a_meeting_and_lincolnshire_on_reasonable_grounds() -> None:
    """X-22, C-20."""
    assert submitters(HERTS, agreed=False)[0] == "agree_at_meeting"
    assert submitters(LINCS, agreed=False)[0] == "refer"


def test_x_23_an_age_assessment_was_required_and_is_now_never_routine() -> None:
    """X-23, C-26."""
    claims = AgeEvidence(says_under_18=True)
    assert needs_age_assessment(TRAFF, claims, has_significant_doubt=False) is True
    assert needs_age_assessment(HERTS, claims, has_significant_doubt=False) is False


def test_x_24_a_child_is_under_18_however_the_documents_put_it() -> None:
    """X-24, T-82."""
    printed = each("child_age_as_printed")
    assert len(set(printed.values())) == len(printed) == 3
    assert set(each("child_age_limit").values()) == {18}
    assert (is_child_on(date(2008, 3, 21), NOW.date()), is_child_on(date(2008, 3, 20), NOW.date())) == (True, False)


def test_x_25_the_age_of_a_vulnerable_witness_is_a_setting_of_2011() -> None:
    """X-25, T-84."""
    assert each("vulnerable_witness_age") == {"traff": 17}
    assert "March 2011" in editions()["4lscb_2011"].keys["vulnerable_witness_age"].note


def test_x_26_the_return_interview_has_a_limit_in_the_4lscb_areas_alone() -> None:
    """X-26, C-10."""
    due = {name: return_interview_due(NOW, protocol) for name, protocol in ALL.items()}
    assert {name for name, one in due.items() if one} == {"met", "guide"}
    assert {one.at - NOW for one in due.values() if one} == {timedelta(hours=72)}


def test_x_27_meetings_have_other_names_and_other_triggers() -> None:
    """X-27, C-14, V-13."""
    assert "moderate_or_significant_cse_risk" in (MET.multi_agency_meeting_trigger or ())
    assert GUIDE.multi_agency_meeting_trigger == ("trafficking",)
    assert {"strat", "marm"} <= set(HERTS.meeting_kinds or ())
    assert not {"strat", "marm"} & {*(MET.meeting_kinds or ()), *(GUIDE.meeting_kinds or ())}


def test_x_28_the_enquiry_starts_with_the_alert_in_2011_and_gates_the_rest_in_the_counties() -> None:
    """X-28."""
    assert each("s47_start") == {
        "traff": "with_child_alert",
        "herts": "meeting_gates_action",
        "lincs": "meeting_gates_action",
    }


def test_x_29_the_guides_reference_to_the_cpi_leads_to_appendix_2() -> None:
    """X-29, C-32."""
    assert each("intelligence_form") == {"guide": "cpi"}
    assert leads_to("guide §49", "Appendix 1") == "guide App 2"
    assert leads_to("guide §86", "Appendix 3") == "Appendix 3"


def test_x_30_bodies_are_named_as_of_their_document() -> None:
    """X-30."""
    for old, document in [("PCT", "4lscb_2011"), ("SHA", "4lscb_2011"), ("Connexions", "4lscb_2011")]:
        assert called(thing_called(old), document) == old
        assert called(thing_called(old), "hertfordshire") == ""
    assert called(thing_called("SOCA"), "hertfordshire") == "NCA"
    assert called(thing_called("POVA"), "hertfordshire") == "adult safeguarding"
    assert called(thing_called("LSCB"), "4lscb_guide") == "LSCB"


def test_x_30_no_name_stands_for_two_things_and_no_edition_has_two_names_for_one() -> None:
    """X-30."""
    names = [one.name for held in NAMES.values() for one in held]
    assert len(names) == len(set(names))
    for held in NAMES.values():
        found = [code for one in held for code in one.editions]
        assert len(found) == len(set(found))
        assert set(found) <= set(EDITIONS)
    assert thing_called("an unknown body") == ""


def test_x_31_four_lists_of_exploitation_no_two_alike() -> None:
    """X-31, V-14."""
    lists = {name: set(value) for name, value in each("exploitation_types").items() if isinstance(value, tuple)}
    assert lists.keys() == {"guide", "herts", "traff"}
    assert "forced_marriage" in lists["guide"] & lists["herts"] - lists["traff"]
    assert "baby_farming" in lists["herts"] - lists["guide"] - lists["traff"]
    assert "female_genital_mutilation" in lists["traff"] - lists["guide"] - lists["herts"]
    assert lists["guide"] & lists["herts"] & lists["traff"] >= {"sexual_exploitation", "domestic_servitude"}


def test_x_32_references_within_the_hertfordshire_chapter_lead_to_where_the_topic_is() -> None:
    """X-32."""
    assert leads_to("herts §1.1", "Section 4") == "herts §6"
    assert leads_to("herts §6.2", "Section 10") == "herts §9"
    assert leads_to("herts §8.7", "Section 6.7") == "herts §8.9"


def test_x_33_interpreters_were_vetted_by_the_crb_and_are_by_the_dbs() -> None:
    """X-33, C-28."""
    assert each("interpreter_vetting") == {"traff": ("crb",), "herts": ("dbs", "national_register"), "lincs": ("dbs",)}
    assert thing_called("CRB") == thing_called("DBS")


def test_x_34_seraf_asks_carers_in_and_hertfordshire_keeps_suspected_ones_out() -> None:
    """X-34, N-85."""
    assert each("seraf_discussion_with_carers") == {"met": True, "herts": False}
    assert "D-09 wins" in editions()["4lscb_2013"].keys["seraf_discussion_with_carers"].note


def test_x_35_the_edition_of_2011_is_not_portsmouths() -> None:
    """X-35, C-01."""
    assert "portsmouth" not in TRAFF.areas
    assert "portsmouth" in MET.areas
    assert "Portsmouth" in editions()["4lscb_2011"].keys["areas"].note


def test_x_36_a_phone_is_seized_by_consent_alone_in_2011_and_also_a_measure_of_care_later() -> None:
    """X-36."""
    assert TRAFF.child_phone == ("consensual_seizure",)
    for later in (MET, GUIDE):
        assert set(later.child_phone or ()) - {"consensual_seizure"} == {"care_plan_measure", "safety_plan_measure"}


def test_x_37_unaccompanied_children_must_be_accommodated_or_may_be() -> None:
    """X-37, N-120."""
    assert each("uasc_accommodation") == {
        "traff": "must",
        "met": "must",
        "guide": "must",
        "herts": "may",
        "lincs": "may",
    }


def test_x_38_the_first_responder_moves_the_child_or_keeps_it_where_it_is() -> None:
    """X-38, N-17, N-162."""
    assert each("first_contact_step") == {
        "traff": "move_to_safety",
        "met": "consider_removal",
        "guide": "consider_removal",
        "herts": "keep_in_place",
    }


def test_c_09_the_bureau_hears_in_the_4lscb_areas_from_2013_on() -> None:
    """C-09, T-03."""
    episode = Episode(number=1, began=NOW, category="missing", risk="high")
    late = NOW + timedelta(hours=25)
    assert {name for name, protocol in ALL.items() if is_for_bureau(episode, late, protocol)} == {"met", "guide"}
