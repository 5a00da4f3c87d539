# METADATA
# description: >-
#   Group 2: duties and urgent protection, which need no consent and go to authorities. `grants` maps a row to the
#   classes it shows; `held` says why a row that would apply must not be followed: a fact it reads is unknown (H-02).
package sightline.duties

import data.sightline.situation

grants["D-30"] := data.routes["D-30"].classes if d_30

grants["D-31"] := data.routes["D-31"].classes if d_31

grants["D-33"] := data.routes["D-33"].classes if d_33

grants["D-34"] := pooled if d_34

grants["D-35"] := data.routes["D-35"].classes if d_35

grants["D-39"] := data.routes["D-39"].classes if d_39

grants[row] := duty.classes if {
	some row in input.desk.told_by_duty
	duty := data.rows[row]
	situation.professional
	input.item.type in duty.types
	some role in duty.roles
	role in input.desk.roles
	input.protocol.edition in array.concat(duty.editions, ["unknown"])
}

# METADATA
# description: D-30. A child's NRM referral needs no consent; it goes to a first responder.
d_30 if {
	situation.professional
	situation.footing
	input.desk.first_responder == true
	input.item.purpose in {"nrm_referral", "unknown"}
	maybe_child
}

maybe_child if input.child.presumed_child == true

maybe_child if input.child.age_band in {"under_13", "13_to_15", "16_to_17", "unknown"}

# METADATA
# description: D-31. A public authority that suspects trafficking must have it referred, by a first responder in remit.
d_31 if {
	situation.professional
	input.desk.in_remit == true
	input.desk.first_responder == true
	input.child.trafficking_status in {"suspected", "reasonable_grounds", "confirmed", "unknown"}
	input.item.originator_sector in array.concat(data.sectors.authorities, ["unknown"])
}

# METADATA
# description: D-33. All relevant information about a missing or absent child goes to the police.
d_33 if {
	situation.professional
	situation.footing
	situation.police
	input.child.missing_status in {"missing", "absent", "unknown"}
}

# METADATA
# description: D-34. The MASH's partners pool what health, education, social care and police know.
d_34 if {
	situation.professional
	input.desk.in_remit == true
	input.item.purpose in {"missing_or_safeguarding_response", "unknown"}
	input.item.originator_sector in array.concat(data.routes["D-34"].originators, ["unknown"])
}

pooled contains class if {
	some role in input.desk.roles
	role in data.routes["D-34"].roles
	some class in data.remits[role].classes
}

# METADATA
# description: D-35. What was known while the child was looked after goes on being shared with the police.
d_35 if {
	situation.professional
	situation.footing
	situation.police
	input.item.purpose in {"police_update", "unknown"}
	input.item.placement_time == true
}

# METADATA
# description: D-39. In immediate danger the police are contacted as normal.
d_39 if {
	situation.professional
	situation.footing
	situation.police
	input.item.urgency in {"immediate_danger", "unknown"}
}

# The row is always iterated: with a fixed key, a rule whose body fails is an empty set, which is not "not held".
held[row] contains "H-02" if {
	input.item.purpose == "unknown"
	some row in {"D-30", "D-34", "D-35"}
}

held[row] contains "H-02" if {
	input.item.originator_sector == "unknown"
	some row in {"D-31", "D-34"}
}

held[row] contains "H-02" if {
	input.child.age_band == "unknown"
	not input.child.presumed_child
	some row in {"D-30"}
}

held[row] contains "H-02" if {
	input.child.trafficking_status == "unknown"
	some row in {"D-31"}
}

held[row] contains "H-02" if {
	input.child.missing_status == "unknown"
	some row in {"D-33"}
}

held[row] contains "H-02" if {
	input.item.urgency == "unknown"
	some row in {"D-39"}
}

held[row] contains "H-02" if {
	input.protocol.edition == "unknown"
	some row in input.desk.told_by_duty
}
