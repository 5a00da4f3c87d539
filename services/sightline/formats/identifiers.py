"""Identifiers of a child: which schemes there are and what their values look like (design §5)."""

import re

SCHEMES = ("nhs-number", "upn", "pnc")
"""Schemes that one body issues for the whole country."""

AGENCY_SCHEMES = ("la-case", "force")
"""Schemes that each agency issues for itself: written ``<scheme>:<agency>``."""

_AGENCY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,59})\Z")
_NHS = re.compile(r"[0-9]{10}\Z")


def scheme_is_known(scheme: str) -> bool:
    """True for a national scheme, or for an agency's scheme that names the agency."""
    name, colon, agency = scheme.partition(":")
    if not colon:
        return name in SCHEMES
    return name in AGENCY_SCHEMES and _AGENCY.match(agency) is not None


def nhs_number_is_valid(value: str) -> bool:
    """True for ten ASCII digits whose last is the check digit (modulus 11, NHS Data Dictionary: NHS NUMBER)."""
    if not _NHS.match(value):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), value, strict=False))
    # 11 stands for 0; 10 is never issued, and no digit equals it.
    return (11 - total % 11) % 11 == int(value[9])


def identifier_is_valid(scheme: str, value: str) -> bool:
    """True where the scheme is known and the value is not one that the scheme can never have issued."""
    return scheme_is_known(scheme) and (scheme != "nhs-number" or nhs_number_is_valid(value))
