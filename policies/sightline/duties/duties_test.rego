package sightline.duties_test

import data.sightline.duties
import data.sightline.fixtures_test as fixtures

rows(change) := found if found := {row | some row, _ in duties.grants} with input as fixtures.but(change)

holds(change) := found if found := duties.held with input as fixtures.but(change)

# Without one of its conditions a duty does not apply: every way of leaving one out is tried.
never(change, departures) if {
	every departure in departures {
		count(rows(object.union(change, departure))) == 0
	}
}

test_empty_facts_are_no_duty if {
	count(duties.grants) == 0 with input as {}
	count(duties.held) == 0 with input as {}
}

test_ordinary_facts_are_no_duty if {
	count(rows({})) == 0
	count(holds({})) == 0
}

nrm := {
	"desk": {"first_responder": true, "addressed": true},
	"item": {"purpose": "nrm_referral"},
}

test_d_30_an_nrm_referral_of_a_child_needs_no_consent if {
	rows(nrm) == {"D-30"}
	duties.grants["D-30"] == data.routes["D-30"].classes with input as fixtures.but(nrm)
}

test_d_30_holds_for_every_age_under_18_and_for_one_presumed_under_18 if {
	every age in ["under_13", "13_to_15", "16_to_17"] {
		rows(object.union(nrm, {"child": {"age_band": age}})) == {"D-30"}
	}
	every age in ["adult", "not_recorded", "unknown"] {
		rows(object.union(nrm, {"child": {"age_band": age, "presumed_child": true}})) == {"D-30"}
	}
}

test_d_30_does_not_hold_without_each_condition if {
	never(nrm, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"addressed": false}},
		{"desk": {"first_responder": false}},
		{"item": {"purpose": "referral"}},
		{"child": {"age_band": "adult"}},
		{"child": {"age_band": "not_recorded"}},
	])
}

test_d_30_is_held_while_purpose_or_age_cannot_be_read if {
	holds({"item": {"purpose": "unknown"}})["D-30"] == {"H-02"}
	holds({"child": {"age_band": "unknown"}})["D-30"] == {"H-02"}
	rows(object.union(nrm, {"item": {"purpose": "unknown"}})) == {"D-30"}
	rows(object.union(nrm, {"child": {"age_band": "unknown"}})) == {"D-30"}
}

test_d_30_an_unread_age_does_not_matter_for_a_presumed_child if {
	count(holds({"child": {"age_band": "unknown", "presumed_child": true}})) == 0
}

suspicion := {
	"child": {"trafficking_status": "suspected"},
	"desk": {"first_responder": true, "in_remit": true},
	"item": {"originator_sector": "health"},
}

test_d_31_a_public_authoritys_suspicion_reaches_a_first_responder if {
	rows(suspicion) == {"D-31"}
	duties.grants["D-31"] == data.routes["D-31"].classes with input as fixtures.but(suspicion)
}

test_d_31_holds_from_suspicion_on if {
	every status in ["suspected", "reasonable_grounds", "confirmed", "unknown"] {
		rows(object.union(suspicion, {"child": {"trafficking_status": status}})) == {"D-31"}
	}
	never(suspicion, [{"child": {"trafficking_status": status}} |
		some status in ["none", "indicators", "not_confirmed", "not_recorded"]
	])
}

test_d_31_does_not_hold_without_each_condition if {
	never(suspicion, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"in_remit": false, "addressed": true}},
		{"desk": {"first_responder": false}},
		{"item": {"originator_sector": "voluntary_and_faith"}},
		{"item": {"originator_sector": "hub"}},
	])
}

test_d_31_is_held_while_status_or_sender_cannot_be_read if {
	holds({"child": {"trafficking_status": "unknown"}}) == {"D-31": {"H-02"}}
	holds({"item": {"originator_sector": "unknown"}})["D-31"] == {"H-02"}
	rows(object.union(suspicion, {"item": {"originator_sector": "unknown"}})) == {"D-31"}
}

missing := {
	"child": {"missing_status": "missing"},
	"desk": {"sector": "police", "addressed": true},
}

test_d_33_what_is_known_of_a_missing_child_goes_to_the_police if {
	rows(missing) == {"D-33"}
	duties.grants["D-33"] == data.routes["D-33"].classes with input as fixtures.but(missing)
	rows(object.union(missing, {"child": {"missing_status": "absent"}})) == {"D-33"}
}

test_d_33_does_not_hold_without_each_condition if {
	never(missing, [
		{"child": {"missing_status": "none"}},
		{"desk": {"kind": "enquirer"}},
		{"desk": {"sector": "health"}},
		{"desk": {"addressed": false, "involvement": "claimed"}},
	])
}

test_d_33_is_held_while_the_status_cannot_be_read if {
	holds({"child": {"missing_status": "unknown"}}) == {"D-33": {"H-02"}}
	rows(object.union(missing, {"child": {"missing_status": "unknown"}})) == {"D-33"}
}

pool := {
	"desk": {"in_remit": true, "roles": ["mash"]},
	"item": {"purpose": "missing_or_safeguarding_response", "originator_sector": "health"},
}

test_d_34_the_mash_partners_pool_what_each_needs if {
	every role in data.routes["D-34"].roles {
		role in object.keys(data.remits)
	}
	duties.grants["D-34"] == {class | some class in data.remits.mash.classes} with input as fixtures.but(pool)
	health := object.union(pool, {"desk": {"roles": ["health_safeguarding"]}})
	duties.grants["D-34"] == {class | some class in data.remits.health_safeguarding.classes} with input as fixtures.but(health)
}

test_d_34_opens_nothing_to_a_role_outside_the_pool if {
	outside := object.union(pool, {"desk": {"roles": ["charity", "gp", "school"]}})
	count(duties.grants["D-34"]) == 0 with input as fixtures.but(outside)
}

test_d_34_a_remit_outside_the_pool_does_not_count if {
	count(duties.grants["D-34"]) == 0 with input as fixtures.but(pool) with data.routes["D-34"].roles as ["health_safeguarding"]
}

test_d_34_pools_what_the_four_and_the_mash_know if {
	every sector in ["police", "childrens_social_care", "mash", "health", "nhs_gp_camhs", "education", "unknown"] {
		rows(object.union(pool, {"item": {"originator_sector": sector}})) == {"D-34"}
	}
	never(pool, [{"item": {"originator_sector": "voluntary_and_faith"}}, {"item": {"originator_sector": "hub"}}])
}

test_d_34_does_not_hold_without_each_condition if {
	never(pool, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"in_remit": false, "addressed": true}},
		{"item": {"purpose": "assessment"}},
	])
}

test_d_34_is_held_while_purpose_or_sender_cannot_be_read if {
	holds({"item": {"purpose": "unknown"}}) == {"D-30": {"H-02"}, "D-34": {"H-02"}, "D-35": {"H-02"}}
	holds({"item": {"originator_sector": "unknown"}}) == {"D-31": {"H-02"}, "D-34": {"H-02"}}
	rows(object.union(pool, {"item": {"purpose": "unknown"}})) == {"D-34"}
}

update := {
	"desk": {"sector": "police", "addressed": true},
	"item": {"purpose": "police_update", "placement_time": true},
}

test_d_35_placement_time_information_goes_on_to_the_police if {
	rows(update) == {"D-35"}
	duties.grants["D-35"] == data.routes["D-35"].classes with input as fixtures.but(update)
	rows(object.union(update, {"item": {"purpose": "unknown"}})) == {"D-35"}
}

test_d_35_does_not_hold_without_each_condition if {
	never(update, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"sector": "health"}},
		{"desk": {"addressed": false}},
		{"item": {"purpose": "assessment"}},
		{"item": {"placement_time": false}},
	])
}

danger := {
	"desk": {"sector": "police", "addressed": true},
	"item": {"urgency": "immediate_danger"},
}

test_d_39_immediate_danger_goes_to_the_police if {
	rows(danger) == {"D-39"}
	duties.grants["D-39"] == data.routes["D-39"].classes with input as fixtures.but(danger)
}

test_d_39_does_not_hold_without_each_condition if {
	never(danger, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"sector": "health"}},
		{"desk": {"addressed": false}},
		{"item": {"urgency": "urgent"}},
		{"item": {"urgency": "not_recorded"}},
	])
}

test_d_39_is_held_while_the_urgency_cannot_be_read if {
	holds({"item": {"urgency": "unknown"}}) == {"D-39": {"H-02"}}
	rows(object.union(danger, {"item": {"urgency": "unknown"}})) == {"D-39"}
}

alarm := {
	"desk": {"roles": ["childrens_social_care"], "told_by_duty": ["N-21"]},
	"item": {"type": "ppn1.issued"},
}

test_n_20_to_n_22_a_ppn1_tells_childrens_services if {
	every row in ["N-20", "N-21", "N-22"] {
		told := object.union(alarm, {"desk": {"told_by_duty": [row]}})
		rows(told) == {row}
		duties.grants[row] == data.rows[row].classes with input as fixtures.but(told)
	}
	rows(object.union(alarm, {"protocol": {"edition": "4lscb_2013"}})) == {"N-21"}
}

test_n_27_a_report_tells_the_mash_under_the_guide_only if {
	report := {"desk": {"roles": ["mash"], "told_by_duty": ["N-27"]}}
	rows(report) == {"N-27"}
	never(report, [{"protocol": {"edition": "4lscb_2013"}}, {"item": {"type": "missing.returned"}}])
}

test_a_row_that_tells_does_not_hold_without_each_condition if {
	never(alarm, [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"told_by_duty": []}},
		{"desk": {"told_by_duty": ["N-27"]}},
		{"desk": {"told_by_duty": ["N-99"]}},
		{"desk": {"roles": ["school"]}},
		{"item": {"type": "missing.reported"}},
		{"protocol": {"edition": "hertfordshire"}},
	])
}

test_a_row_that_tells_is_held_while_the_edition_cannot_be_read if {
	unread := object.union(alarm, {"protocol": {"edition": "unknown"}})
	rows(unread) == {"N-21"}
	holds(unread) == {"N-21": {"H-02"}}
}
