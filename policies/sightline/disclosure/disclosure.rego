# METADATA
# description: >-
#   The decision for one item and one desk, put together in the order of catalogue 5.2: absolute denials, duties,
#   redaction by class, consent and role, justified sharing, and otherwise no (H-01). Lists leave sorted.
package sightline.disclosure

import data.sightline.denials
import data.sightline.duties
import data.sightline.hub
import data.sightline.redaction
import data.sightline.sharing
import data.sightline.situation

# METADATA
# description: What the desk may see of the item, why, what is held back by which rule, and what follows.
decision := {
	"outcome": outcome,
	"classes": sort(shown),
	"withheld": sort(withheld),
	"told": told,
	"rules": sort(rules),
	"basis": sort(basis),
	"obligations": sort(obligations),
}

# METADATA
# entrypoint: true
# description: >-
#   The decision on each of a list of facts, by its place in the list; the place of what has none is left out. A call
#   of an engine costs several times what one decision does, so many are asked for at once.
decisions[place] := found if {
	some place, facts in input
	found := decision with input as facts
}

default outcome := "withhold"

outcome := "disclose" if count(shown) > 0

default told := "nothing"

told := "classes" if {
	count(shown) > 0
	may_be_told
}

told := "exists" if {
	count(shown) == 0
	may_be_told
}

may_be_told if {
	permitted
	situation.own
}

may_be_told if {
	permitted
	authority
	input.desk.in_remit == true
}

may_be_told if {
	permitted
	authority
	situation.involved
}

authority if {
	situation.professional
	input.desk.sector in data.sectors.authorities
}

permitted if count(denials.against) == 0

# The firm rows need no consent; the discretionary ones do, or a judgement, and D-11 and D-12 guard against them.
firm := object.union_n([duties.grants, redaction.grants, hub.grants])

discretionary := sharing.grants

held := object.union_n([duties.held, redaction.held, sharing.held])

due[class] contains row if {
	some row, classes in firm
	not held[row]
	some class in classes
	class in situation.classes
}

wished[class] contains row if {
	some row, classes in discretionary
	not held[row]
	some class in classes
	class in situation.classes
}

# METADATA
# description: H-06. The desk that sent the item sees all of it.
opened[class] contains "H-06" if {
	situation.own
	some class in situation.classes
}

opened[class] contains row if {
	not situation.own
	some class, rows in due
	not redaction.bars[class]
	some row in rows
}

opened[class] contains row if {
	not situation.own
	some class, rows in wished
	not redaction.bars[class]
	not redaction.guards[class]
	some row in rows
}

shown contains class if {
	permitted
	some class, _ in opened
}

used contains row if {
	permitted
	some _, rows in opened
	some row in rows
}

hidden := situation.classes - shown

# METADATA
# description: What stands between the desk and a class, other than want of a permission.
obstacles[class] contains rule if {
	some class, rules_against in redaction.bars
	some rule in rules_against
}

obstacles[class] contains rule if {
	some class, rules_against in redaction.guards
	not due[class]
	some rule in rules_against
}

obstacles[class] contains rule if {
	some row, classes in object.union(firm, discretionary)
	some rule in held[row]
	some class in classes
}

obstacles[class] contains "H-08" if {
	hub.claim_alone
	some class in situation.classes
}

reasons[class] := denials.against if {
	not permitted
	some class in hidden
}

reasons[class] := obstacles[class] if {
	permitted
	some class in hidden
}

# METADATA
# description: H-01. Nothing permits it.
reasons[class] := {"H-01"} if {
	permitted
	some class in hidden
	not obstacles[class]
}

withheld contains concat(":", [class, rule]) if {
	some class, rules_against in reasons
	some rule in rules_against
}

rules contains rule if some rule in denials.against

rules contains rule if some rule in used

rules contains rule if {
	some _, rules_against in reasons
	some rule in rules_against
}

# METADATA
# description: H-01. Where there is nothing to show, nothing is permitted.
rules contains "H-01" if {
	permitted
	count(situation.classes) == 0
}

# METADATA
# description: D-01. Sharing and withholding at discretion are both justified and recorded.
rules contains "D-01" if discretion

discretion if {
	some row in used
	discretionary[row]
}

discretion if {
	some _, rules_against in reasons
	"H-01" in rules_against
}

basis contains code if {
	some row in used
	some code in data.bases.rows[row]
	in_force(code)
}

basis contains code if {
	some row in used
	some code in data.rows[row].basis
	in_force(code)
}

basis contains regime if count(shown) > 0

in_force(code) if not data.bases.codes[code].switched

in_force(code) if code in input.protocol.law

default regime := "UKGDPR-6-1-ea"

regime := "UKGDPR-6-1-e" if input.item.originator_sector in data.sectors.public_task

# METADATA
# description: D-09. Family and carers are not told that a concern exists while an exploiter is suspected among them.
obligations contains "do_not_notify_carers" if {
	count(shown) > 0
	not denials.d_09_clear
}

# METADATA
# description: D-42. The source said no, or nobody can read what they said.
obligations contains "do_not_recontact_source" if {
	count(shown) > 0
	input.item.source_recontact in {"no", "unknown"}
}

# METADATA
# description: D-30. The child or guardian is told of the referral honestly, where D-09 allows.
obligations contains "inform_child_where_safe" if {
	"D-30" in used
	denials.d_09_clear
}

# METADATA
# description: D-14. Whoever may know confidential whereabouts keeps them so.
obligations contains "keep_location_confidential" if {
	some class in {"contact", "location"}
	class in shown
	not redaction.d_14_open
}

# METADATA
# description: 3x5x2. Handling code C carries conditions, and one that cannot be read may.
obligations contains "obey_handling_conditions" if {
	count(shown) > 0
	input.item.handling in {"C", "unknown"}
}

# METADATA
# description: D-01. What was shared at discretion without a recorded justification still needs one.
obligations contains "record_justification" if {
	some row in used
	discretionary[row]
	not sharing.justified
}

# METADATA
# description: D-40. A forum uses the sanitised version and no other.
obligations contains "sanitised_only" if {
	"D-40" in used
	redaction.d_40_forum
}
