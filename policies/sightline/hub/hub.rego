# METADATA
# description: The hub's own alerts. They are considered for few desks, and their owner always learns what is asked.
package sightline.hub

import data.sightline.situation

grants["H-09"] := alert_classes if h_09

# METADATA
# description: H-09. An alert's owner, whoever it was escalated to and the desk that gave rise to it see their part.
h_09 if {
	situation.professional
	data.alerts[input.item.type]
}

alert_classes contains class if {
	input.desk.alert_owner == true
	some class in data.alerts[input.item.type].owner_classes
}

alert_classes contains class if {
	input.desk.alert_escalation == true
	some class in data.alerts[input.item.type].escalation_classes
}

alert_classes contains class if {
	input.desk.gave_rise == true
	some class in data.alerts[input.item.type].gave_rise_classes
}

# METADATA
# description: H-08. The desk's own claim of involvement, which nobody confirmed, is all that brings it here.
claim_alone if {
	input.desk.involvement == "claimed"
	not situation.footing
}
