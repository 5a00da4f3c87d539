"""Identifiers as the procedures use them. Their form is a matter of `formats`, which may not import upwards."""

from sightline.formats.identifiers import SCHEMES, identifier_is_valid, nhs_number_is_valid, scheme_is_known

__all__ = ["SCHEMES", "identifier_is_valid", "nhs_number_is_valid", "scheme_is_known"]
