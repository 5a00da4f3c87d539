"""Confidentiality classes of fields (design §5). A field is shown only to a desk whose decision names its class."""

CLASSES = (
    "administrative", "assessment", "biometric", "contact", "duty", "education", "family", "health", "identity",
    "immigration", "location", "narrative", "offending", "source", "source_contact", "third_party",
)  # fmt: skip
"""Every class that a schema may name. `source_contact` is how to reach a source: D-42 withholds it on its own."""

UNKNOWN = "unknown"
"""The class of whatever no schema names. Only the desk that sent it may see it (P7)."""
