package sightline.sharing_test

import data.sightline.fixtures_test as fixtures
import data.sightline.sharing
import data.sightline.situation

rows(change) := found if found := {row | some row, _ in sharing.grants} with input as fixtures.but(change)

held(change) := found if found := sharing.held with input as fixtures.but(change)

never(change, departures) if {
	every departure in departures {
		count(rows(object.union(change, departure))) == 0
	}
}

test_empty_facts_share_nothing_and_give_every_reason_to_hold if {
	count(sharing.grants) == 0 with input as {}
	sharing.held == {"D-02": {"H-10"}, "D-03": {"D-01", "H-10"}, "D-05": {"H-10"}} with input as {}
}

test_ordinary_facts_share_nothing_and_hold_nothing if {
	count(rows({})) == 0
	count(held({})) == 0
}

consent := {
	"child": {"consent_position": "given", "consent_giver": "child"},
	"desk": {"addressed": true, "roles": ["school"]},
}

test_d_02_consent_opens_what_the_desk_needs if {
	rows(consent) == {"D-02"}
	sharing.grants["D-02"] == situation.needed with input as fixtures.but(consent)
	"education" in sharing.grants["D-02"] with input as fixtures.but(consent)
}

test_d_02_the_child_or_a_holder_of_parental_responsibility_may_give_it if {
	every giver in ["child", "pr_holder", "la_with_pr", "unknown"] {
		rows(object.union(consent, {"child": {"consent_giver": giver}})) == {"D-02"}
	}
	never(consent, [{"child": {"consent_giver": "guardian"}}, {"child": {"consent_giver": "none"}}])
}

test_d_02_no_other_position_is_consent if {
	positions := ["refused", "withdrawn", "not_sought", "not_possible", "not_appropriate"]
	never(consent, [{"child": {"consent_position": position}} | some position in positions])
}

test_d_02_does_not_hold_for_a_desk_without_footing if {
	never(consent, [{"desk": {"addressed": false}}, {"desk": {"addressed": false, "involvement": "claimed"}}])
}

test_d_02_is_held_while_position_or_giver_cannot_be_read if {
	held({"child": {"consent_giver": "unknown"}}) == {"D-02": {"H-02"}}
	held({"child": {"consent_position": "unknown"}}) == {"D-02": {"H-02"}, "D-03": {"H-02"}}
	rows(object.union(consent, {"child": {"consent_position": "unknown"}})) == {"D-02"}
}

necessity := {
	"child": {"consent_position": "not_possible"},
	"desk": {"addressed": true, "roles": ["school"]},
	"item": {"welfare_risk": true},
}

test_d_03_welfare_justifies_sharing_where_consent_cannot_decide if {
	every position in ["not_possible", "not_appropriate", "refused", "withdrawn", "unknown"] {
		rows(object.union(necessity, {"child": {"consent_position": position}})) == {"D-03"}
	}
	sharing.grants["D-03"] == situation.needed with input as fixtures.but(necessity)
}

test_d_03_does_not_hold_without_each_condition if {
	never(necessity, [
		{"child": {"consent_position": "not_sought"}},
		{"child": {"consent_position": "given", "consent_giver": "guardian"}},
		{"desk": {"kind": "legal_adviser"}},
		{"desk": {"addressed": false}},
		{"item": {"welfare_risk": false}},
	])
}

test_d_01_sharing_for_welfare_is_held_without_a_justification if {
	held({"item": {"justification": false}}) == {"D-03": {"D-01"}}
}

network := {"desk": {"involvement": "confirmed", "network": true, "roles": ["school"]}}

test_d_05_the_protective_network_shares if {
	rows(network) == {"D-05"}
	sharing.grants["D-05"] == situation.needed with input as fixtures.but(network)
}

test_d_05_does_not_hold_without_each_condition if {
	never(network, [
		{"desk": {"kind": "legal_adviser"}},
		{"desk": {"involvement": "claimed"}},
		{"desk": {"network": false}},
	])
}

test_h_10_detriment_holds_all_that_is_discretionary if {
	held({"item": {"detriment": true}}) == {"D-02": {"H-10"}, "D-03": {"H-10"}, "D-05": {"H-10"}}
}

test_an_unread_handling_code_or_purpose_holds_all_that_is_discretionary if {
	every name in ["handling", "purpose"] {
		held({"item": {name: "unknown"}}) == {"D-02": {"H-02"}, "D-03": {"H-02"}, "D-05": {"H-02"}}
	}
}
