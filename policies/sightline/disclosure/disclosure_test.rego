package sightline.disclosure_test

import data.sightline.disclosure
import data.sightline.fixtures_test as fixtures

decide(change) := found if found := disclosure.decision with input as fixtures.but(change)

# The rules that withhold one class.
why(decision, class) := {rule |
	some entry in decision.withheld
	parts := split(entry, ":")
	parts[0] == class
	rule := parts[1]
}

test_empty_facts_are_withheld_for_every_reason_against if {
	disclosure.decision == {
		"outcome": "withhold",
		"classes": [],
		"withheld": [],
		"told": "nothing",
		"rules": ["D-09", "D-16", "H-03", "H-04", "H-05", "H-07"],
		"basis": [],
		"obligations": [],
	} with input as {}
}

test_each_of_a_list_is_decided_as_it_is_alone if {
	listed := [{}, fixtures.but(police), fixtures.but(school), fixtures.but(police), [], "facts", null]
	found := disclosure.decisions with input as listed
	count(found) == count(listed)
	count({decision | some decision in found}) == 3
	every place, facts in listed {
		alone := disclosure.decision with input as facts
		found[place] == alone
	}
}

test_of_an_empty_list_or_none_nothing_is_decided if {
	disclosure.decisions == {} with input as []
	disclosure.decisions == {} with input as "facts"
}

test_h_01_what_nothing_permits_is_withheld_and_that_is_a_decision if {
	decision := decide({"item": {"classes": ["duty", "health", "identity"]}})
	decision == {
		"outcome": "withhold",
		"classes": [],
		"withheld": ["duty:H-01", "health:H-01", "identity:D-11"],
		"told": "nothing",
		"rules": ["D-01", "D-11", "H-01"],
		"basis": [],
		"obligations": [],
	}
}

test_an_item_without_classes_shows_nothing if {
	decision := decide({"desk": {"originating": true}, "item": {"classes": []}})
	decision.outcome == "withhold"
	decision.classes == []
	decision.withheld == []
	decision.rules == ["H-01"]
	decision.basis == []
	denied := decide({"desk": {"standing": "withdrawn"}, "item": {"classes": []}})
	denied.rules == ["H-05"]
}

school := {
	"child": {"consent_position": "given", "consent_giver": "child"},
	"desk": {"addressed": true, "roles": ["school"]},
	"item": {"classes": ["administrative", "education", "health", "identity", "source", "unknown"]},
}

test_d_02_consent_opens_what_is_needed_and_d_11_keeps_the_child_unnamed if {
	decide(school) == {
		"outcome": "disclose",
		"classes": ["administrative", "education"],
		"withheld": ["health:H-01", "identity:D-11", "source:H-01", "unknown:H-02"],
		"told": "nothing",
		"rules": ["D-01", "D-02", "D-11", "H-01", "H-02"],
		"basis": ["UKGDPR-6-1-ea", "ca_2004_s11"],
		"obligations": [],
	}
}

test_d_01_is_named_when_discretion_shows_all_there_is if {
	decision := decide(object.union(school, {"item": {"classes": ["education"]}}))
	decision.rules == ["D-01", "D-02"]
	decision.withheld == []
}

test_d_01_what_was_shared_without_justification_still_needs_one if {
	decide(object.union(school, {"item": {"justification": false}})).obligations == ["record_justification"]
	decide(object.union(police, {"item": {"classes": ["health"], "justification": false}})).obligations == []
}

test_d_12_names_itself_when_a_looked_after_childs_location_is_asked_for if {
	asked := object.union(school, {"child": {"looked_after": "yes"}, "item": {"classes": ["education", "location"]}})
	why(decide(asked), "location") == {"D-11", "D-12"}
}

test_d_11_and_d_12_yield_to_direct_involvement if {
	involved := object.union(school, {
		"child": {"looked_after": "yes"},
		"desk": {"involvement": "confirmed"},
		"item": {"classes": ["identity", "location"]},
	})
	decide(involved).classes == ["identity", "location"]
}

test_h_08_a_claim_alone_shows_and_tells_nothing if {
	claim := {
		"child": {"consent_position": "given", "consent_giver": "child"},
		"desk": {"involvement": "claimed", "network": true, "roles": ["school"]},
		"item": {"classes": ["administrative", "identity"]},
	}
	decision := decide(claim)
	decision.withheld == ["administrative:H-08", "identity:D-11", "identity:H-08"]
	decision.told == "nothing"
	decision.rules == ["D-11", "H-08"]
}

test_d_05_the_network_sees_what_it_needs_and_a_school_in_it_is_told_of_the_rest if {
	decision := decide({
		"desk": {"involvement": "confirmed", "network": true, "roles": ["school"]},
		"item": {"classes": ["family", "health", "identity"]},
	})
	decision.classes == ["family", "identity"]
	decision.withheld == ["health:H-01"]
	decision.told == "classes"
	decision.basis == ["UKGDPR-6-1-ea", "ca_1989_s17", "ca_1989_s47", "ca_2004_s11"]
}

test_d_03_necessity_shows_and_its_reasons_to_hold_are_named if {
	necessity := {
		"child": {"consent_position": "refused"},
		"desk": {"addressed": true, "roles": ["school"]},
		"item": {"classes": ["education", "health"], "welfare_risk": true},
	}
	decide(necessity).classes == ["education"]
	decide(necessity).rules == ["D-01", "D-03", "H-01"]
	unjustified := decide(object.union(necessity, {"item": {"justification": false}}))
	unjustified.withheld == ["education:D-01", "health:H-01"]
	unjustified.obligations == []
	why(decide(object.union(necessity, {"item": {"detriment": true}})), "education") == {"H-10"}
	why(decide(object.union(necessity, {"item": {"handling": "unknown"}})), "education") == {"H-02"}
}

test_one_held_row_does_not_hold_another if {
	both := {
		"child": {"consent_position": "given", "consent_giver": "unknown"},
		"desk": {"involvement": "confirmed", "network": true, "roles": ["school"]},
		"item": {"classes": ["education"]},
	}
	decision := decide(both)
	decision.rules == ["D-01", "D-05"]
	decision.withheld == []
}

police := {
	"child": {"missing_status": "missing"},
	"desk": {"addressed": true, "roles": ["police_response"], "sector": "police"},
}

test_d_33_a_duty_beats_d_11_and_d_12_and_needs_no_consent if {
	decision := decide(object.union(police, {
		"child": {"looked_after": "yes", "consent_position": "refused"},
		"item": {"classes": ["identity", "location", "source"], "detriment": true},
	}))
	decision.classes == ["identity", "location", "source"]
	decision.rules == ["D-33"]
	decision.basis == ["UKGDPR-6-1-ea", "ca_2004_s11"]
	decision.obligations == []
}

test_d_33_a_held_duty_shows_nothing if {
	decision := decide(object.union(police, {
		"child": {"missing_status": "unknown"},
		"item": {"classes": ["health", "identity"]},
	}))
	decision.withheld == ["health:H-02", "identity:D-11", "identity:H-02"]
	decision.told == "nothing"
	decision.rules == ["D-11", "H-02"]
}

test_d_40_and_d_42_beat_a_duty if {
	decision := decide(object.union(police, {"item": {
		"classes": ["health", "source", "source_contact"],
		"source_recontact": "no",
		"type": "cpi.submitted",
	}}))
	decision.classes == ["health"]
	decision.withheld == ["source:D-40", "source_contact:D-40", "source_contact:D-42"]
	decision.obligations == ["do_not_recontact_source"]
}

test_d_14_beats_a_duty_and_d_11_is_not_named_where_the_duty_beats_it if {
	decision := decide({
		"child": {"location_protected": true, "trafficking_status": "confirmed"},
		"desk": {"in_remit": true, "roles": ["mash"], "sector": "mash"},
		"item": {
			"classes": ["health", "location"],
			"originator_sector": "health",
			"purpose": "missing_or_safeguarding_response",
		},
	})
	decision.classes == ["health"]
	decision.withheld == ["location:D-14"]
	decision.told == "classes"
	decision.basis == ["UKGDPR-6-1-e", "ca_1989_s47", "ca_2004_s11"]
	decision.obligations == []
}

test_d_14_bars_what_consent_would_open if {
	protected := object.union(school, {
		"child": {"location_protected": true, "trafficking_status": "confirmed"},
		"desk": {"involvement": "confirmed"},
		"item": {"classes": ["education", "location"]},
	})
	decide(protected).withheld == ["location:D-14"]
}

test_d_14_whoever_may_know_the_whereabouts_keeps_them if {
	secret := {"child": {"location_protected": true, "trafficking_status": "confirmed"}}
	every class in ["contact", "location"] {
		told := object.union_n([police, secret, {"item": {"classes": [class]}}])
		decide(told).obligations == ["keep_location_confidential"]
	}
	decide(object.union_n([police, secret, {"item": {"classes": ["health"]}}])).obligations == []
}

test_n_21_a_row_that_tells_brings_its_basis if {
	decision := decide({
		"desk": {"roles": ["childrens_social_care"], "sector": "childrens_social_care", "told_by_duty": ["N-21"]},
		"item": {"classes": ["identity"], "originator_sector": "police", "type": "ppn1.issued"},
	})
	decision.rules == ["N-21"]
	decision.basis == ["UKGDPR-6-1-e", "ca_1989_s17", "ca_1989_s47", "ca_2004_s11"]
}

test_a_row_that_tells_names_no_basis_that_is_not_in_force if {
	told := fixtures.but({
		"desk": {"roles": ["childrens_social_care"], "told_by_duty": ["N-21"]},
		"item": {"classes": ["identity"], "type": "ppn1.issued"},
	})
	decision := disclosure.decision with input as told with data.rows["N-21"].basis as ["CA04-16LA", "ca_1989_s17"]
	decision.basis == ["UKGDPR-6-1-ea", "ca_1989_s17"]
}

test_d_30_the_child_is_told_where_that_is_safe if {
	referral := {
		"desk": {"addressed": true, "first_responder": true},
		"item": {"classes": ["identity"], "purpose": "nrm_referral"},
	}
	decide(referral).rules == ["D-30"]
	decide(referral).obligations == ["inform_child_where_safe"]
	unsafe := object.union(referral, {"child": {"suspected_exploiter": true}})
	decide(unsafe).obligations == ["do_not_notify_carers"]
	decide(object.union(unsafe, {"desk": {"excluded": true}})).obligations == []
}

test_d_40_a_forum_uses_the_sanitised_version_only if {
	forum := {
		"desk": {"addressed": true, "roles": ["partnership_forum"]},
		"item": {"classes": ["identity", "narrative", "source"], "sanitised": true, "type": "cpi.sanitised"},
	}
	decision := decide(forum)
	decision.classes == ["narrative"]
	decision.withheld == ["identity:D-11", "source:D-40"]
	decision.obligations == ["sanitised_only"]
	decide(object.union(forum, {"desk": {"excluded": true}})).obligations == []
	bureau := object.union(forum, {"desk": {"roles": ["police_intelligence_bureau"]}})
	decide(bureau).classes == ["identity", "narrative", "source"]
	decide(bureau).obligations == []
}

test_handling_conditions_travel_with_what_is_shown if {
	every handling in ["C", "unknown"] {
		conditions := object.union(police, {"item": {"classes": ["health"], "handling": handling}})
		decide(conditions).obligations == ["obey_handling_conditions"]
		decide(object.union(conditions, {"desk": {"excluded": true}})).obligations == []
	}
	decide(object.union(police, {"item": {"classes": ["health"], "handling": "P"}})).obligations == []
}

test_nobody_is_obliged_by_what_was_not_shown if {
	decision := decide({
		"child": {"suspected_exploiter": true},
		"item": {"source_recontact": "no"},
	})
	decision.outcome == "withhold"
	decision.obligations == []
}

test_h_06_the_originating_desk_sees_all_of_its_own if {
	own := {
		"child": {"location_protected": true, "trafficking_status": "confirmed"},
		"desk": {"originating": true, "excluded": true},
		"item": {
			"classes": ["location", "source_contact", "unknown"],
			"source_recontact": "no",
			"state": "retracted",
			"type": "cpi.submitted",
		},
	}
	decision := decide(own)
	decision.classes == ["location", "source_contact", "unknown"]
	decision.rules == ["H-06"]
	decision.told == "classes"
	decision.basis == ["UKGDPR-6-1-ea"]
	suspended := decide(object.union(own, {"desk": {"standing": "suspended"}}))
	suspended.withheld == ["location:H-05", "source_contact:H-05", "unknown:H-05"]
	suspended.told == "nothing"
	suspended.rules == ["H-05"]
}

test_h_06_alone_opens_the_originating_desks_own if {
	both := object.union(police, {"desk": {"originating": true}, "item": {"classes": ["health"]}})
	decide(both).rules == ["H-06"]
	consented := object.union(school, {"desk": {"originating": true}, "item": {"classes": ["education"]}})
	decide(consented).rules == ["H-06"]
}

test_h_09_an_alerts_owner_sees_what_is_asked_of_it if {
	alert := {
		"desk": {"alert_owner": true, "sector": "police", "roles": ["police_missing_persons"]},
		"item": {"classes": ["administrative", "duty", "location"], "originator_sector": "hub", "type": "alert.ppn1_due"},
	}
	decision := decide(alert)
	decision.classes == ["administrative", "duty"]
	decision.rules == ["D-11", "H-09"]
	decision.basis == ["UKGDPR-6-1-e", "ca_2004_s11"]
}

test_a_denied_desk_sees_nothing_whatever_permits_it if {
	every denial in [
		{"desk": {"excluded": true}},
		{"desk": {"conflicted": true}},
		{"desk": {"standing": "withdrawn"}},
		{"item": {"state": "retracted"}},
	] {
		every permission in [police, school] {
			decision := decide(object.union_n([permission, {"item": {"classes": ["education"]}}, denial]))
			decision.outcome == "withhold"
			decision.told == "nothing"
			count(decision.rules) == 1
			decision.withheld == [sprintf("education:%s", decision.rules)]
			decision.basis == []
		}
	}
}

test_every_reason_against_is_named if {
	decision := decide({"desk": {"excluded": true, "conflicted": true}, "item": {"classes": ["health"]}})
	decision.withheld == ["health:H-03", "health:H-04"]
}

nothing_permitted := {"item": {"classes": ["health"]}}

test_an_authority_in_remit_or_involved_is_told_that_it_exists if {
	every change in [
		{"desk": {"in_remit": true, "sector": "mash"}},
		{"desk": {"involvement": "confirmed", "sector": "education"}},
	] {
		decision := decide(object.union(nothing_permitted, change))
		decision.outcome == "withhold"
		decision.told == "exists"
		decide(object.union_n([nothing_permitted, change, {"desk": {"conflicted": true}}])).told == "nothing"
	}
}

test_nobody_else_is_told_that_it_exists if {
	every change in [
		{"desk": {"sector": "mash"}},
		{"desk": {"addressed": true, "sector": "education"}},
		{"desk": {"in_remit": true, "sector": "voluntary_and_faith"}},
		{"desk": {"involvement": "confirmed", "sector": "voluntary_and_faith"}},
		{"desk": {"in_remit": true, "sector": "mash", "kind": "enquirer"}},
		{"desk": {"involvement": "claimed", "sector": "education"}},
	] {
		decide(object.union(nothing_permitted, change)).told == "nothing"
	}
}

test_a_base_that_is_switched_by_date_counts_only_while_in_force if {
	today := object.union(police, {"item": {"classes": ["health"], "originator_sector": "health"}})
	decide(today).basis == ["UKGDPR-6-1-e", "ca_2004_s11"]
	later := object.union(today, {"protocol": {"law": ["CA04-16LA"]}})
	decide(later).basis == ["CA04-16LA", "UKGDPR-6-1-e", "ca_2004_s11"]
}

test_every_row_that_can_show_something_names_its_bases if {
	rows := {"D-02", "D-03", "D-05", "D-30", "D-31", "D-33", "D-34", "D-35", "D-39", "D-40", "H-06", "H-09"}
	rows == object.keys(data.bases.rows)
	every codes in data.bases.rows {
		every code in codes {
			data.bases.codes[code]
		}
	}
	every row in data.rows {
		every code in row.basis {
			data.bases.codes[code]
		}
	}
}
