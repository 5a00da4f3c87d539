package sightline.situation_test

import data.sightline.fixtures_test as fixtures
import data.sightline.situation

test_nothing_holds_of_empty_facts if {
	not situation.professional with input as {}
	not situation.involved with input as {}
	not situation.own with input as {}
	not situation.police with input as {}
	not situation.footing with input as {}
	not situation.intelligence with input as {}
	not situation.not_detrimental with input as {}
	count(situation.classes) == 0 with input as {}
	count(situation.needed) == 0 with input as {}
}

test_the_classes_are_the_items if {
	situation.classes == {"health", "unknown"} with input as {"item": {"classes": ["health", "unknown"]}}
}

test_only_office_is_professional if {
	situation.professional with input as {"desk": {"kind": "professional"}}
	every kind in ["family", "carer", "enquirer", "interpreter", "legal_adviser", "child"] {
		not situation.professional with input as {"desk": {"kind": kind}}
	}
}

test_only_a_confirmed_involvement_is_one if {
	situation.involved with input as {"desk": {"involvement": "confirmed"}}
	every involvement in ["none", "claimed"] {
		not situation.involved with input as {"desk": {"involvement": involvement}}
	}
}

test_the_originating_desk_is_known if {
	situation.own with input as {"desk": {"originating": true}}
	not situation.own with input as {"desk": {"originating": false}}
}

test_police_is_a_sector if {
	situation.police with input as {"desk": {"sector": "police"}}
	not situation.police with input as {"desk": {"sector": "mash"}}
}

test_remit_address_and_involvement_each_give_footing if {
	situation.footing with input as {"desk": {"in_remit": true}}
	situation.footing with input as {"desk": {"addressed": true}}
	situation.footing with input as {"desk": {"involvement": "confirmed"}}
}

test_nothing_else_gives_footing if {
	not situation.footing with input as fixtures.facts
	not situation.footing with input as {"desk": {"involvement": "claimed", "network": true, "placing": true}}
}

test_the_three_cpi_types_and_an_unread_one_are_intelligence if {
	every type in ["cpi.submitted", "cpi.graded", "cpi.sanitised", "unknown"] {
		situation.intelligence with input as {"item": {"type": type}}
	}
	not situation.intelligence with input as {"item": {"type": "missing.reported"}}
}

test_what_is_said_about_a_cpi_is_intelligence_too if {
	every about in ["cpi.submitted", "cpi.graded", "cpi.sanitised", "unknown"] {
		situation.intelligence with input as {"item": {"type": "item.corrected", "about": about}}
	}
	not situation.intelligence with input as {"item": {"type": "item.corrected", "about": "missing.reported"}}
}

test_only_a_stated_absence_of_detriment_counts if {
	situation.not_detrimental with input as {"item": {"detriment": false}}
	not situation.not_detrimental with input as {"item": {"detriment": true}}
}

test_a_school_needs_its_classes_for_an_assessment if {
	situation.needed == {
		"administrative", "assessment", "contact", "education", "family", "identity", "location",
		"narrative",
	} with input as {"desk": {"roles": ["school"]}, "item": {"purpose": "assessment"}}
}

test_a_school_needs_nothing_for_a_prosecution if {
	count(situation.needed) == 0 with input as {"desk": {"roles": ["school"]}, "item": {"purpose": "prosecution"}}
}

test_an_unread_purpose_may_be_any if {
	"education" in situation.needed with input as {"desk": {"roles": ["school"]}, "item": {"purpose": "unknown"}}
}

test_a_role_without_needs_needs_nothing if {
	count(situation.needed) == 0 with input as {
		"desk": {"roles": ["disclosure_desk"]},
		"item": {"purpose": "assessment"},
	}
}
