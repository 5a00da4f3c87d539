# METADATA
# description: >-
#   Groups 4 and 5: sharing by consent, by role in the protective network, or justified without consent. These are
#   discretionary: they are held by the sender's judgement of detriment (H-10), by an unknown fact (H-02) and by a
#   missing justification (D-01). Consent is not the lawful basis: it only opens D-02.
package sightline.sharing

import data.sightline.situation

grants["D-02"] := situation.needed if d_02

grants["D-03"] := situation.needed if d_03

grants["D-05"] := situation.needed if d_05

# METADATA
# description: D-02. Consent was given, by the child or who holds parental responsibility, for what the desk needs.
d_02 if {
	situation.footing
	input.child.consent_position in {"given", "unknown"}
	input.child.consent_giver in {"child", "pr_holder", "la_with_pr", "unknown"}
}

# METADATA
# description: D-03. Consent cannot or should not decide, and the child's safety and welfare require sharing.
d_03 if {
	situation.professional
	situation.footing
	input.child.consent_position in {"not_possible", "not_appropriate", "refused", "withdrawn", "unknown"}
	input.item.welfare_risk == true
}

# METADATA
# description: D-05. The protective network shares what it needs for the response it agreed.
d_05 if {
	situation.professional
	situation.involved
	input.desk.network == true
}

held[row] contains "H-10" if {
	some row in {"D-02", "D-03", "D-05"}
	not situation.not_detrimental
}

held[row] contains "H-02" if {
	some row in {"D-02", "D-03", "D-05"}
	doubtful
}

held[row] contains "H-02" if {
	input.child.consent_giver == "unknown"
	some row in {"D-02"}
}

held[row] contains "H-02" if {
	some row in {"D-02", "D-03"}
	input.child.consent_position == "unknown"
}

# METADATA
# description: D-01. A disclosure that rests on judgement is justified on the case's facts, on record.
held[row] contains "D-01" if {
	not justified
	some row in {"D-03"}
}

justified if input.item.justification == true

doubtful if input.item.handling == "unknown"

doubtful if input.item.purpose == "unknown"
