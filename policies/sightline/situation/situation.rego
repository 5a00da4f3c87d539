# METADATA
# description: What several rules read of the facts in the same way. A missing fact makes none of these true.
package sightline.situation

# METADATA
# description: The classes present in the item.
classes contains class if some class in input.item.classes

# METADATA
# description: A person or team acting in office, not family, enquirer or the child.
professional if input.desk.kind == "professional"

# METADATA
# description: Directly involved with the child, and not only by the desk's own word (H-08).
involved if input.desk.involvement == "confirmed"

# METADATA
# description: The desk sent the item.
own if input.desk.originating == true

# METADATA
# description: Police of any role.
police if input.desk.sector == "police"

# METADATA
# description: Something other than the desk's own claim brings it to the item (H-08).
footing if input.desk.in_remit == true

footing if input.desk.addressed == true

footing if involved

# METADATA
# description: The item is police intelligence, graded or not. A type that could not be read may be.
intelligence if input.item.type in {"cpi.graded", "cpi.sanitised", "cpi.submitted", "unknown"}

# METADATA
# description: What is said about intelligence (a correction, a retraction) is intelligence too.
intelligence if input.item.about in {"cpi.graded", "cpi.sanitised", "cpi.submitted", "unknown"}

# METADATA
# description: The sender does not hold that disclosure would harm the child more than it helps (s.16LA).
not_detrimental if input.item.detriment == false

# METADATA
# description: The classes that the desk's roles need for the item's purpose. An unreadable purpose may be any.
needed contains class if {
	some role in input.desk.roles
	need := data.needs[role]
	input.item.purpose in array.concat(need.purposes, ["unknown"])
	some class in need.classes
}
