"""Each D-row of the first issue and each rule of the hub's own fires from signed events, and changes what a desk sees."""

from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    JUSTIFIED,
    MASH,
    OTHER_CSC,
    PLAIN,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_missing,
    a_sanitised,
    admits,
    alerts,
    an_involvement,
    decision,
    feed,
    passes,
)
from tests.builders_journeys import (
    PLACING,
    a_forum,
    a_person,
    a_placing_team,
    involves,
    knows,
    missing,
    rules,
    says,
    shown,
    unseen,
    view,
    withheld,
)

GUARDED = {"identity", "contact", "location", "third_party", "narrative"}
"""What D-11 keeps from whoever is not directly involved."""

# ------------------------------------------------------------------------------ sharing in general (catalogue 5.3)


def test_d_01_denying_what_nothing_permits_is_recorded_as_a_decision(journey: Town) -> None:
    sent = missing(journey, to=[SCHOOL])
    assert "D-01" in rules(journey, SCHOOL, sent.item)
    assert "administrative:H-01" in withheld(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)


def test_d_01_sharing_at_discretion_is_recorded_as_one(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    sent = missing(journey, to=[SCHOOL])
    assert {"D-01", "D-02"} <= set(rules(journey, SCHOOL, sent.item))
    assert "record_justification" in decision(journey, SCHOOL, sent.item)["obl"]


def test_d_02_consent_shows_a_school_what_it_needs_and_d_11_keeps_what_might_compromise_safety(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    sent = missing(journey, to=[SCHOOL])
    assert "D-02" in rules(journey, SCHOOL, sent.item)
    assert {"identity:D-11", "location:D-11", "narrative:D-11"} <= set(withheld(journey, SCHOOL, sent.item))
    assert shown(journey, SCHOOL, sent.item) == {"administrative", "assessment"}
    assert "circumstances" not in view(journey, SCHOOL, sent.item).body


def test_d_11_does_not_stand_in_the_way_of_whoever_is_directly_involved(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    sent = missing(journey, to=[SCHOOL])
    involves(journey, a_child(), SCHOOL, "school_place")
    assert "D-11" not in rules(journey, SCHOOL, sent.item)
    assert {"identity", "location", "narrative"} <= shown(journey, SCHOOL, sent.item)


def test_d_02_needs_the_purpose_that_consent_was_given_for(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child(), consent_purpose="assessment"))
    sent = missing(journey, to=[SCHOOL])
    assert "D-02" not in rules(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)


def test_d_03_welfare_at_risk_and_a_reason_take_the_place_of_consent_that_was_refused(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child(), "refused"))
    sent = missing(journey, to=[SCHOOL], sharing=JUSTIFIED)
    assert "D-03" in rules(journey, SCHOOL, sent.item)
    assert "assessment" in shown(journey, SCHOOL, sent.item)


def test_d_03_without_a_reason_is_held_by_d_01(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child(), "not_possible"))
    sent = missing(journey, to=[SCHOOL], sharing=PLAIN | {"welfare_risk": True})
    assert "assessment:D-01" in withheld(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)


def test_d_05_the_protective_network_sees_what_it_needs_without_consent(journey: Town) -> None:
    sent = missing(journey)
    involves(journey, sent.child, SCHOOL, "strategy")
    assert "D-05" in rules(journey, SCHOOL, sent.item)
    assert {"identity", "narrative"} <= shown(journey, SCHOOL, sent.item)


def test_d_05_a_school_place_is_not_the_network(journey: Town) -> None:
    sent = missing(journey)
    involves(journey, sent.child, SCHOOL, "school_place")
    assert "D-05" not in rules(journey, SCHOOL, sent.item)
    assert view(journey, SCHOOL, sent.item).state == "exists"


def test_d_09_a_carer_learns_nothing_once_an_exploiter_is_suspected_among_them(journey: Town) -> None:
    carer = a_person(journey, "oakapple-home/carer", "carer")
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    sent = missing(journey, to=[carer])
    assert shown(journey, carer, sent.item)
    says(journey, CSC, "flag.raised", a_flag(a_child(), "suspected_exploiter", relation="parent"))
    assert rules(journey, carer, sent.item) == ["D-09"]
    assert view(journey, carer, sent.item).state == "recalled"
    assert "do_not_notify_carers" in decision(journey, CSC, sent.item)["obl"]


def test_d_09_a_carer_is_told_of_nothing_that_is_new(journey: Town) -> None:
    family = a_person(journey, "oakapple-home/parent", "family")
    knows(journey)
    says(journey, CSC, "flag.raised", a_flag(a_child(), "suspected_exploiter", relation="parent"))
    sent = missing(journey, to=[family])
    assert rules(journey, family, sent.item) == ["D-09"]
    assert feed(journey, family) == ()
    assert unseen(journey, family, sent.item)


def test_d_12_a_forum_learns_where_a_looked_after_child_is_only_once_it_is_verified(journey: Town) -> None:
    """N-134: who enquires is looked into first."""
    forum = a_forum(journey)
    known = a_person_of_the_forum(journey)
    child = a_child(is_looked_after=True)
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(child))
    sent = says(journey, BUREAU, "cpi.sanitised", a_sanitised(cpi.items[-1], to=[forum, known]))
    assert "location:D-12" in withheld(journey, forum, sent.item)
    assert "location" not in shown(journey, forum, sent.item)
    assert "location" in shown(journey, known, sent.item)


def a_person_of_the_forum(town: Town) -> str:
    verified = frozenset({"interviewed_by_sw", "identity_established", "relationship_established"})
    return admits(town, "hampshire-partnership/chair", "mace", "partnership_forum", verification=verified)


def test_d_12_does_not_concern_authorities_under_a_duty(journey: Town) -> None:
    sent = missing(journey, child=a_child(is_looked_after=True))
    assert "D-12" not in rules(journey, MASH, sent.item)
    assert "location" in shown(journey, MASH, sent.item)


def test_d_16_whoever_has_not_given_the_safe_word_sees_nothing(journey: Town) -> None:
    caller = a_person(journey, "oakapple-aunt/caller", "enquirer")
    known = a_person(journey, "oakapple-uncle/caller", "enquirer", "safe_word_given")
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    says(journey, CSC, "flag.raised", a_flag(a_child(), "safe_word_set"))
    sent = missing(journey, to=[caller, known])
    assert rules(journey, caller, sent.item) == ["D-16"]
    assert unseen(journey, caller, sent.item)
    assert "assessment" in shown(journey, known, sent.item)


def test_d_14_confidential_whereabouts_reach_the_placing_team_and_the_police_only(journey: Town) -> None:
    a_placing_team(journey)
    knows(journey)
    says(journey, CSC, "flag.raised", a_flag(a_child(), "location_protected"))
    child = a_child(address="1 Example Row", phone="01632 960 001", trafficking_status="suspected")
    sent = missing(journey, child=child)
    involves(journey, a_child(), PLACING, "placing_team")
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    assert {"contact:D-14", "location:D-14"} <= set(withheld(journey, MASH, sent.item))
    assert "address" not in view(journey, MASH, sent.item).body["child"]
    for desk in (BUREAU, PLACING):
        assert view(journey, desk, sent.item).body["child"]["address"] == "1 Example Row"
        assert "keep_location_confidential" in decision(journey, desk, sent.item)["obl"]


def test_d_14_raised_later_recalls_the_whereabouts(journey: Town) -> None:
    sent = missing(journey, child=a_child(address="1 Example Row"))
    assert "location" in shown(journey, HEALTH, sent.item)
    says(journey, CSC, "flag.raised", a_flag(a_child(), "location_protected"))
    assert "location" not in shown(journey, HEALTH, sent.item)
    assert [entry.kind for entry in feed(journey, HEALTH)].count("recall") == 1


# ------------------------------------------------------------------------------------- duties (catalogue 5.5)


def test_d_30_a_first_responder_gets_a_childs_nrm_referral_without_consent(journey: Town) -> None:
    responder = admits(journey, "youth-trust/nrm", "voluntary_and_faith", "charity", first_responder=True)
    form = a_missing(to=[responder, CHARITY])
    sent = says(journey, CSC, "missing.reported", form, purpose="nrm_referral")
    assert "D-30" in rules(journey, responder, sent.item)
    assert "identity" in shown(journey, responder, sent.item)
    assert "inform_child_where_safe" in decision(journey, responder, sent.item)["obl"]
    assert unseen(journey, CHARITY, sent.item)


def test_d_30_somebody_presumed_to_be_a_child_is_one(journey: Town) -> None:
    responder = admits(journey, "youth-trust/nrm", "voluntary_and_faith", "charity", first_responder=True)
    form = a_missing(a_child(date_of_birth="1999-01-01", presumed_child=True), to=[responder])
    sent = says(journey, CSC, "missing.reported", form, purpose="nrm_referral")
    assert "D-30" in rules(journey, responder, sent.item)


def test_d_31_suspected_trafficking_goes_to_a_first_responder_in_remit(journey: Town) -> None:
    responder = admits(journey, "exampleton-mash/desk", "mash", "mash", first_responder=True)
    form = a_missing(a_child(trafficking_status="suspected"))
    sent = says(journey, CSC, "missing.reported", form, purpose="icta_referral")
    assert "D-31" in rules(journey, responder, sent.item)
    assert "D-31" not in rules(journey, MASH, sent.item)


def test_d_31_later_suspicion_opens_what_was_recorded_before(journey: Town) -> None:
    role = "childrens_social_care"
    responder = admits(journey, "exampleton-council/response", role, role, first_responder=True)
    knows(journey)
    sent = says(journey, CSC, "missing.reported", a_missing(), purpose="icta_referral")
    assert view(journey, responder, sent.item).state == "exists"
    missing(journey, child=a_child(trafficking_status="suspected"))
    assert "D-31" in rules(journey, responder, sent.item)
    assert "narrative" in shown(journey, responder, sent.item)


def test_d_33_everything_relevant_about_a_missing_child_goes_to_the_police(journey: Town) -> None:
    sent = says(journey, CHARITY, "missing.reported", a_missing())
    assert rules(journey, POLICE, sent.item) == ["D-33"]
    assert GUARDED - {"contact", "third_party"} <= shown(journey, POLICE, sent.item)


def test_d_34_health_social_care_and_the_mash_pool_what_the_police_know(journey: Town) -> None:
    sent = missing(journey)
    for desk in (HEALTH, CSC, OTHER_CSC, MASH):
        assert "D-34" in rules(journey, desk, sent.item)
        assert "narrative" in shown(journey, desk, sent.item)


def test_d_34_does_not_pool_what_a_charity_reports(journey: Town) -> None:
    sent = says(journey, CHARITY, "missing.reported", a_missing())
    assert "D-34" not in rules(journey, HEALTH, sent.item)
    assert view(journey, HEALTH, sent.item).state == "exists"
    assert view(journey, HEALTH, sent.item).ask == CHARITY


def test_d_35_what_was_known_in_placement_goes_on_being_shared_with_the_police(journey: Town) -> None:
    flag = a_flag(a_child(is_looked_after=True), "conflict", desk="nobody/here", reason="Seen with a known adult.")
    sent = says(journey, CSC, "flag.raised", flag, purpose="police_update")
    assert "D-35" in rules(journey, POLICE, sent.item)
    assert "identity" in shown(journey, POLICE, sent.item)


def test_d_39_in_immediate_danger_the_police_are_told_by_anybody(journey: Town) -> None:
    calm = says(journey, CHARITY, "flag.raised", a_flag(a_child(2), "safe_word_set"))
    assert view(journey, POLICE, calm.item).state == "exists"
    sent = says(journey, CHARITY, "flag.raised", a_flag(a_child(), "safe_word_set", urgency="immediate_danger"))
    assert rules(journey, POLICE, sent.item) == ["D-39"]
    assert "identity" in shown(journey, POLICE, sent.item)


# ------------------------------------------------------------------------------ intelligence (catalogue 5.6)


def test_d_40_the_bureau_gets_intelligence_whole_and_a_forum_the_sanitised_version(journey: Town) -> None:
    forum = a_forum(journey)
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(a_child(), to=[forum, CSC]))
    assert "D-40" in rules(journey, BUREAU, cpi.items[0])
    assert {"source", "source_contact"} <= shown(journey, BUREAU, cpi.items[0])
    assert unseen(journey, forum, cpi.items[0])
    assert "source:D-40" in withheld(journey, CSC, cpi.items[0])
    clean = says(journey, BUREAU, "cpi.sanitised", a_sanitised(cpi.items[0], to=[forum]))
    assert "D-40" in rules(journey, forum, clean.item)
    assert {"source:D-40"} <= set(withheld(journey, forum, clean.item))
    assert "sanitised_only" in decision(journey, forum, clean.item)["obl"]


def test_d_42_a_source_who_said_no_is_not_contacted_again(journey: Town) -> None:
    cpi = says(journey, CHARITY, "cpi.submitted", a_cpi(source_recontact_permitted="no"))
    assert "source_contact:D-42" in withheld(journey, BUREAU, cpi.item)
    assert "source" in shown(journey, BUREAU, cpi.item)
    assert "source_recontact_telephone" not in view(journey, BUREAU, cpi.item).body
    assert "do_not_recontact_source" in decision(journey, BUREAU, cpi.item)["obl"]


# ------------------------------------------------------------------------------------------ the hub's own rules


def test_h_03_an_excluded_agency_sees_nothing_and_is_told_nothing(journey: Town) -> None:
    sent = missing(journey, exclude=["hampshire-council"])
    assert rules(journey, CSC, sent.item) == ["H-03"]
    assert unseen(journey, CSC, sent.item)
    assert feed(journey, CSC) == ()
    assert "narrative" in shown(journey, OTHER_CSC, sent.item)


def test_h_04_a_desk_in_conflict_sees_nothing_and_its_sight_is_recalled(journey: Town) -> None:
    sent = missing(journey)
    says(journey, MASH, "flag.raised", a_flag(a_child(), "conflict", desk=HEALTH))
    assert rules(journey, HEALTH, sent.item) == ["H-04"]
    assert view(journey, HEALTH, sent.item).state == "recalled"


def test_h_04_lifted_gives_the_sight_back(journey: Town) -> None:
    sent = missing(journey)
    says(journey, MASH, "flag.raised", a_flag(a_child(), "conflict", desk="exampleton-health"))
    says(journey, MASH, "flag.lifted", a_flag(a_child(), "conflict", desk="exampleton-health"))
    assert "narrative" in shown(journey, HEALTH, sent.item)


def test_h_06_the_sender_sees_all_of_its_own_even_what_it_excluded_its_agency_from(journey: Town) -> None:
    sent = missing(journey, exclude=["hampshire-police"])
    assert rules(journey, POLICE, sent.item) == ["H-06"]
    assert withheld(journey, POLICE, sent.item) == []
    assert rules(journey, BUREAU, sent.item) == ["H-03"]


def test_h_07_what_was_retracted_is_seen_by_its_sender_only(journey: Town) -> None:
    sent = missing(journey)
    says(journey, POLICE, "item.retracted", {"item": sent.item, "reason_code": "unreliable"})
    assert rules(journey, HEALTH, sent.item) == ["H-07"]
    assert view(journey, HEALTH, sent.item).state == "recalled"
    assert "narrative" in shown(journey, POLICE, sent.item)


def test_h_08_a_claim_of_its_own_brings_a_desk_nothing(journey: Town) -> None:
    sent = missing(journey)
    says(journey, SCHOOL, "involvement.opened", an_involvement(a_child(), "strategy"))
    assert "H-08" in rules(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)


def test_h_09_the_owner_of_an_alert_sees_what_it_asks_and_other_desks_do_not_know_of_it(journey: Town) -> None:
    missing(journey)
    passes(journey, hours=6)
    (due,) = alerts(journey, POLICE, "alert.ppn1_due")
    assert rules(journey, POLICE, due.ref) == ["H-09"]
    assert due.body["row"] == "N-21"
    assert rules(journey, MASH, due.ref) == ["H-09"]
    assert unseen(journey, HEALTH, due.ref)


def test_h_10_the_senders_own_judgement_that_it_would_harm_holds_what_consent_would_open(journey: Town) -> None:
    knows(journey)
    says(journey, CSC, "consent.recorded", a_consent(a_child()))
    sent = missing(journey, to=[SCHOOL], sharing=PLAIN | {"detriment": True})
    assert "assessment:H-10" in withheld(journey, SCHOOL, sent.item)
    assert unseen(journey, SCHOOL, sent.item)
    assert "narrative" in shown(journey, MASH, sent.item)
