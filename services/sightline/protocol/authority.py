"""Which agency's word binds an identifier to a child's record (design §5). Names never do."""

from sightline.kernel.ids import agency_of
from sightline.kernel.values import Desk

SECTORS_OF_SCHEME: dict[str, frozenset[str]] = {
    "nhs-number": frozenset({"health", "nhs_gp_camhs"}),
    "upn": frozenset({"education", "childrens_social_care"}),
    "pnc": frozenset({"police"}),
}
"""Schemes of national reach: the sectors that issue or hold them at first hand (†)."""


def binds(scheme: str, desk: Desk) -> bool:
    """True when an identifier of that scheme, sent by that desk, may bind.

    ``la-case:<agency>`` and ``force:<agency>`` belong to the agency they name and to no other.
    """
    kind, _, owner = scheme.partition(":")
    if kind in {"la-case", "force"}:
        return owner == agency_of(desk.id)
    return desk.sector in SECTORS_OF_SCHEME.get(scheme, frozenset())
