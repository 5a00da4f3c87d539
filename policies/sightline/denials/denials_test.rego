package sightline.denials_test

import data.sightline.denials
import data.sightline.fixtures_test as fixtures

test_empty_facts_give_every_reason_against if {
	denials.against == {"D-09", "D-16", "H-03", "H-04", "H-05", "H-07"} with input as {}
}

test_an_ordinary_desk_is_not_denied if {
	count(denials.against) == 0 with input as fixtures.facts
}

test_d_09_family_carers_and_enquirers_are_denied_while_an_exploiter_is_suspected if {
	every kind in ["family", "carer", "enquirer"] {
		denials.against == {"D-09"} with input as fixtures.but({"child": {"suspected_exploiter": true}, "desk": {"kind": kind}})
	}
}

test_d_09_others_are_not_denied if {
	every kind in ["professional", "interpreter", "legal_adviser", "child"] {
		count(denials.against) == 0 with input as fixtures.but({
			"child": {"suspected_exploiter": true},
			"desk": {"kind": kind},
		})
	}
}

test_d_09_nobody_is_denied_without_suspicion if {
	every kind in ["family", "carer", "enquirer"] {
		count(denials.against) == 0 with input as fixtures.but({"desk": {"kind": kind}})
	}
}

test_d_16_an_enquirer_must_give_the_safe_word if {
	asks := {"child": {"safe_word_set": true}, "desk": {"kind": "enquirer"}}
	denials.against == {"D-16"} with input as fixtures.but(asks)
	count(denials.against) == 0 with input as fixtures.but(object.union(asks, {"desk": {"safe_word_given": true}}))
}

test_d_16_a_desk_known_to_the_hub_needs_no_safe_word if {
	count(denials.against) == 0 with input as fixtures.but({"child": {"safe_word_set": true}})
}

test_d_16_no_safe_word_is_asked_for_where_none_was_set if {
	count(denials.against) == 0 with input as fixtures.but({"desk": {"kind": "legal_adviser"}})
}

test_h_03_an_excluded_desk_is_denied if {
	denials.against == {"H-03"} with input as fixtures.but({"desk": {"excluded": true}})
}

test_h_04_a_conflicted_desk_is_denied if {
	denials.against == {"H-04"} with input as fixtures.but({"desk": {"conflicted": true}})
}

test_h_05_a_desk_out_of_standing_is_denied if {
	every standing in ["suspended", "withdrawn"] {
		denials.against == {"H-05"} with input as fixtures.but({"desk": {"standing": standing}})
	}
}

test_h_07_a_retracted_item_is_denied_and_a_corrected_one_is_not if {
	denials.against == {"H-07"} with input as fixtures.but({"item": {"state": "retracted"}})
	count(denials.against) == 0 with input as fixtures.but({"item": {"state": "corrected"}})
}

test_h_06_the_originating_desk_is_stopped_by_its_standing_only if {
	own := {
		"child": {"suspected_exploiter": true, "safe_word_set": true},
		"desk": {"originating": true, "excluded": true, "conflicted": true, "kind": "carer"},
		"item": {"state": "retracted"},
	}
	count(denials.against) == 0 with input as fixtures.but(own)
	denials.against == {"H-05"} with input as fixtures.but(object.union(own, {"desk": {"standing": "suspended"}}))
}
