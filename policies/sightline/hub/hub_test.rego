package sightline.hub_test

import data.sightline.fixtures_test as fixtures
import data.sightline.hub

grants(change) := found if found := hub.grants with input as fixtures.but(change)

alert := {"item": {"type": "alert.ppn1_due"}}

test_empty_facts_are_no_alert_and_no_claim if {
	count(hub.grants) == 0 with input as {}
	not hub.claim_alone with input as {}
}

test_h_09_the_owner_sees_what_is_asked if {
	every type in ["alert.ppn1_due", "alert.match_possible", "alert.confirmation_due", "alert.recall_overdue", "alert.breach_due"] {
		owner := {"item": {"type": type}, "desk": {"alert_owner": true}}
		grants(owner) == {"H-09": {"administrative", "assessment", "duty", "identity"}}
	}
}

test_h_09_whoever_it_was_escalated_to_sees_as_much if {
	"duty" in grants(object.union(alert, {"desk": {"alert_escalation": true}}))["H-09"]
}

test_h_09_the_desk_that_gave_rise_to_it_sees_that_it_exists if {
	grants(object.union(alert, {"desk": {"gave_rise": true}})) == {"H-09": {"administrative"}}
}

test_h_09_other_desks_see_nothing_of_it if {
	grants(alert) == {"H-09": set()}
}

test_h_09_is_for_desks_in_office_and_for_alerts if {
	grants({"item": {"type": "alert.ppn1_due"}, "desk": {"alert_owner": true, "kind": "carer"}}) == {}
	grants({"item": {"type": "ppn1.issued"}, "desk": {"alert_owner": true}}) == {}
}

test_h_08_a_claim_without_footing_is_alone if {
	hub.claim_alone with input as fixtures.but({"desk": {"involvement": "claimed"}})
	not hub.claim_alone with input as fixtures.but({"desk": {"involvement": "claimed", "addressed": true}})
	not hub.claim_alone with input as fixtures.facts
}
