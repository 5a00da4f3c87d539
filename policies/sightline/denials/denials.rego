# METADATA
# description: >-
#   Group 1 of the evaluation order (catalogue 5.2): reasons against every class, by who asks. They are collected
#   through negated helpers, so that a missing fact is a reason too. The desk that sent the item is only stopped by
#   its own standing.
package sightline.denials

import data.sightline.situation

# METADATA
# description: H-05. The desk is not in good standing with the hub.
against contains "H-05" if not h_05_satisfied

against contains rule if {
	not situation.own
	some rule in others
}

# METADATA
# description: H-03. The sender excluded the desk or its agency.
others contains "H-03" if not h_03_satisfied

# METADATA
# description: H-04. A conflict of interest is flagged.
others contains "H-04" if not h_04_satisfied

# METADATA
# description: H-07. The item was retracted.
others contains "H-07" if not h_07_satisfied

# METADATA
# description: D-09. Nothing goes to family, carers or who may be one of them while an exploiter is suspected among them.
others contains "D-09" if not d_09_satisfied

# METADATA
# description: D-16. A safe word was agreed, and one who is not known to the hub has not given it.
others contains "D-16" if not d_16_satisfied

h_03_satisfied if input.desk.excluded == false

h_04_satisfied if input.desk.conflicted == false

h_05_satisfied if input.desk.standing == "good"

h_07_satisfied if input.item.state in {"current", "corrected"}

d_09_satisfied if d_09_clear

# METADATA
# description: Nobody among family or carers is suspected.
d_09_clear if input.child.suspected_exploiter == false

d_09_satisfied if input.desk.kind in {"professional", "interpreter", "legal_adviser", "child"}

d_16_satisfied if input.child.safe_word_set == false

d_16_satisfied if situation.professional

d_16_satisfied if input.desk.safe_word_given == true
