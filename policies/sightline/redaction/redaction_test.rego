package sightline.redaction_test

import data.sightline.fixtures_test as fixtures
import data.sightline.redaction

bars(change) := found if found := redaction.bars with input as fixtures.but(change)

guards(change) := found if found := redaction.guards with input as fixtures.but(change)

grants(change) := found if found := redaction.grants with input as fixtures.but(change)

held(change) := found if found := redaction.held with input as fixtures.but(change)

unread := {"unknown": {"H-02"}}

test_empty_facts_bar_and_guard_all_that_any_rule_protects if {
	redaction.bars == {
		"contact": {"D-14"}, "location": {"D-14"}, "source_contact": {"D-42"},
		"unknown": {"H-02"},
	} with input as {}
	redaction.guards == {
		"contact": {"D-11"}, "identity": {"D-11"}, "location": {"D-11", "D-12"},
		"narrative": {"D-11"}, "third_party": {"D-11"},
	} with input as {}
	count(redaction.grants) == 0 with input as {}
	count(redaction.held) == 0 with input as {}
}

test_ordinary_facts_bar_only_what_no_schema_names if {
	bars({}) == unread
	count(grants({})) == 0
	count(held({})) == 0
}

test_d_11_guards_five_classes_from_whoever_is_not_directly_involved if {
	alone := {
		"contact": {"D-11"}, "identity": {"D-11"}, "location": {"D-11"}, "narrative": {"D-11"},
		"third_party": {"D-11"},
	}
	guards({}) == alone
	guards({"desk": {"involvement": "claimed"}}) == alone
	count(guards({"desk": {"involvement": "confirmed"}})) == 0
}

test_d_12_guards_where_a_looked_after_child_is if {
	every looked_after in ["yes", "unknown"] {
		"D-12" in guards({"child": {"looked_after": looked_after}}).location
	}
	every looked_after in ["no", "not_recorded"] {
		not "D-12" in guards({"child": {"looked_after": looked_after}}).location
	}
}

test_d_12_yields_to_direct_involvement if {
	count(guards({"child": {"looked_after": "yes"}, "desk": {"involvement": "confirmed"}})) == 0
}

test_d_12_yields_to_an_enquirer_who_was_interviewed_and_identified if {
	checked := {
		"child": {"looked_after": "yes"},
		"desk": {"interviewed_by_sw": true, "identity_established": true, "relationship_established": true},
	}
	not "D-12" in guards(checked).location
	every check in ["interviewed_by_sw", "identity_established", "relationship_established"] {
		"D-12" in guards(object.union(checked, {"desk": {check: false}})).location
	}
}

whereabouts := {"child": {"location_protected": true, "trafficking_status": "suspected"}}

closed := object.union(unread, {"location": {"D-14"}, "contact": {"D-14"}})

test_d_14_confidential_whereabouts_are_barred if {
	bars(whereabouts) == closed
}

test_d_14_holds_for_any_status_but_none if {
	every status in ["indicators", "suspected", "reasonable_grounds", "confirmed", "not_confirmed", "not_recorded", "unknown"] {
		bars(object.union(whereabouts, {"child": {"trafficking_status": status}})) == closed
	}
	bars(object.union(whereabouts, {"child": {"trafficking_status": "none"}})) == unread
}

test_d_14_does_not_hold_for_whereabouts_that_are_not_confidential if {
	bars(object.union(whereabouts, {"child": {"location_protected": false}})) == unread
}

test_d_14_the_police_and_a_confirmed_placing_team_may_know if {
	bars(object.union(whereabouts, {"desk": {"sector": "police"}})) == unread
	bars(object.union(whereabouts, {"desk": {"placing": true, "involvement": "confirmed"}})) == unread
	bars(object.union(whereabouts, {"desk": {"placing": true, "involvement": "claimed"}})) == closed
	bars(object.union(whereabouts, {"desk": {"placing": false, "involvement": "confirmed"}})) == closed
}

test_d_40_the_source_of_intelligence_is_barred_from_all_but_the_bureau if {
	every type in ["cpi.submitted", "cpi.graded", "cpi.sanitised", "unknown"] {
		made_safe := {"item": {"type": type, "sanitised": true}}
		bars(made_safe) == object.union(unread, {"source": {"D-40"}, "source_contact": {"D-40"}})
		bars({"item": {"type": type}, "desk": {"roles": ["police_intelligence_bureau"]}}) == unread
	}
}

test_d_40_intelligence_that_nobody_made_safe_is_barred_from_all_but_police if {
	raw := {"item": {"type": "cpi.submitted", "classes": ["narrative", "identity"]}}
	bars(raw).narrative == {"D-40"}
	bars(raw).identity == {"D-40"}
	not bars(object.union(raw, {"item": {"sanitised": true}})).narrative
	not bars(object.union(raw, {"desk": {"sector": "police"}})).narrative
	not bars(object.union(raw, {"desk": {"roles": ["police_intelligence_bureau"]}})).narrative
}

test_d_40_other_police_get_it_as_it_came_under_a_duty_only if {
	raw := {"item": {"type": "cpi.submitted", "classes": ["administrative"]}, "desk": {"sector": "police"}}
	guards(raw).administrative == {"D-40"}
	not guards(object.union(raw, {"item": {"sanitised": true}})).administrative
	not guards(object.union(raw, {"desk": {"sector": "health"}})).administrative
	not guards(object.union(raw, {"desk": {"roles": ["police_intelligence_bureau"]}})).administrative
}

test_d_42_the_way_to_a_source_is_barred_unless_they_said_yes if {
	every answer in ["no", "not_recorded", "unknown"] {
		bars({"item": {"source_recontact": answer}}) == object.union(unread, {"source_contact": {"D-42"}})
	}
}

bureau := {"desk": {"addressed": true, "roles": ["police_intelligence_bureau"]}, "item": {"type": "cpi.submitted"}}

test_d_40_intelligence_goes_to_the_bureau_as_it_came if {
	every type in ["cpi.submitted", "cpi.graded", "cpi.sanitised", "unknown"] {
		grants(object.union(bureau, {"item": {"type": type}})) == {"D-40": data.needs.police_intelligence_bureau.classes}
	}
	held(bureau) == {}
	held(object.union(bureau, {"item": {"type": "unknown"}})) == {"D-40": {"H-02"}}
}

test_d_40_neither_handling_nor_detriment_holds_it_from_the_bureau if {
	held(object.union(bureau, {"item": {"type": "cpi.sanitised", "sanitised": true, "handling": "unknown", "detriment": true}})) == {}
}

test_d_40_a_desk_that_is_bureau_and_forum_is_the_bureau if {
	both := object.union(bureau, {
		"desk": {"roles": ["partnership_forum", "police_intelligence_bureau"]},
		"item": {"type": "cpi.sanitised", "sanitised": true},
	})
	grants(both) == {"D-40": data.needs.police_intelligence_bureau.classes}
}

test_d_40_the_bureau_gets_nothing_without_each_condition if {
	every departure in [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"addressed": false}},
		{"desk": {"roles": ["police_response"]}},
		{"item": {"type": "missing.reported"}},
	] {
		grants(object.union(bureau, departure)) == {}
	}
}

forum := {
	"desk": {"addressed": true, "roles": ["partnership_forum"]},
	"item": {"type": "cpi.sanitised", "sanitised": true},
}

test_d_40_a_sanitised_version_may_be_used_in_a_forum if {
	grants(forum) == {"D-40": {class | some class in data.needs.partnership_forum.classes}}
	held(forum) == {}
}

test_d_40_a_forum_gets_nothing_without_each_condition if {
	every departure in [
		{"desk": {"kind": "enquirer"}},
		{"desk": {"addressed": false}},
		{"desk": {"roles": ["charity"]}},
		{"item": {"type": "cpi.submitted"}},
		{"item": {"sanitised": false}},
	] {
		grants(object.union(forum, departure)) == {}
	}
}

test_d_12_keeps_where_a_looked_after_child_is_from_a_forum if {
	not "location" in grants(object.union(forum, {"child": {"looked_after": "yes"}}))["D-40"]
}

test_d_40_a_forum_waits_for_a_handling_code_that_can_be_read if {
	held(object.union(forum, {"item": {"handling": "unknown"}})) == {"D-40": {"H-02"}}
}

test_d_40_a_forum_gets_nothing_that_harms_the_child if {
	held(object.union(forum, {"item": {"detriment": true}})) == {"D-40": {"H-10"}}
}
