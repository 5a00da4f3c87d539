# METADATA
# description: >-
#   Group 3: classes withheld whatever else permits them (`bars`), and those that only a duty opens (`guards`). D-40
#   also permits: intelligence goes whole to the police intelligence bureau, sanitised to a partnership forum.
package sightline.redaction

import data.sightline.situation

# METADATA
# description: D-14. Confidential whereabouts of one who may be trafficked go to the placing team and the police only.
bars[class] contains "D-14" if {
	whereabouts_confidential
	some class in {"contact", "location"}
}

# METADATA
# description: D-40. Who gave intelligence, and how to reach them, is known to the police intelligence bureau only.
bars[class] contains "D-40" if {
	source_closed
	some class in {"source", "source_contact"}
}

# METADATA
# description: D-40. Intelligence that nobody made safe to pass on stays with the police intelligence bureau.
bars[class] contains "D-40" if {
	raw
	not situation.police
	some class in situation.classes
}

# METADATA
# description: D-42. How to reach a source is withheld unless the source said yes to being contacted again.
bars[class] contains "D-42" if {
	not d_42_satisfied
	some class in {"source_contact"}
}

# METADATA
# description: H-02. What no schema names is shown to nobody but its sender.
bars[class] contains "H-02" if some class in {"unknown"}

# METADATA
# description: D-11. What may compromise safety goes to nobody who is not directly involved.
guards[class] contains "D-11" if {
	not situation.involved
	some class in {"identity", "contact", "location", "third_party", "narrative"}
}

# METADATA
# description: D-40. Other police get it as it came under a duty only.
guards[class] contains "D-40" if {
	raw
	situation.police
	some class in situation.classes
}

# METADATA
# description: D-12. Where a looked-after child is goes to no enquirer who was not interviewed and identified.
guards[class] contains "D-12" if {
	not d_12_settled
	not situation.involved
	not verified
	some class in {"location"}
}

whereabouts_confidential if {
	not d_14_open
	not placing
	not situation.police
}

d_14_open if input.child.location_protected == false

d_14_open if input.child.trafficking_status == "none"

placing if {
	situation.involved
	input.desk.placing == true
}

source_closed if {
	situation.intelligence
	not bureau
}

raw if {
	source_closed
	not made_safe
}

made_safe if input.item.sanitised == true

bureau if "police_intelligence_bureau" in input.desk.roles

d_42_satisfied if input.item.source_recontact == "yes"

d_12_settled if input.child.looked_after in {"no", "not_recorded"}

verified if {
	input.desk.interviewed_by_sw == true
	input.desk.identity_established == true
	input.desk.relationship_established == true
}

grants["D-40"] := data.needs.police_intelligence_bureau.classes if d_40_bureau

grants["D-40"] := forum_classes if d_40_forum

# D-11 does not guard what was made safe to pass on; D-12 still does, as a forum is under no duty.
forum_classes contains class if {
	some class in data.needs.partnership_forum.classes
	not guards[class]["D-12"]
}

# METADATA
# description: D-40. Intelligence, as it came, to the police intelligence bureau.
d_40_bureau if {
	situation.professional
	situation.footing
	situation.intelligence
	bureau
}

# METADATA
# description: D-40. A sanitised version may be used in partnership forums.
d_40_forum if {
	situation.professional
	situation.footing
	not bureau
	input.item.type == "cpi.sanitised"
	input.item.sanitised == true
	"partnership_forum" in input.desk.roles
}

held[row] contains "H-02" if {
	input.item.type == "unknown"
	some row in {"D-40"}
}

held[row] contains "H-02" if {
	d_40_forum
	input.item.handling == "unknown"
	some row in {"D-40"}
}

held[row] contains "H-10" if {
	d_40_forum
	not situation.not_detrimental
	some row in {"D-40"}
}
