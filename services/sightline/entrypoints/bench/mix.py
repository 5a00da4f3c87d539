"""The mix of a workload: how often each type of event is sent, by whom, and about which child it can be said."""

from collections.abc import Callable

from sightline.entrypoints.bench.cast import (
    ALLOCATED,
    BUREAU,
    CHARITIES,
    DESKS,
    HEALTH,
    MASH,
    MISSING,
    RESPONSE,
    SCHOOLS,
    SOCIAL_CARE,
)
from sightline.entrypoints.invented.children import Subject
from sightline.formats.policy_digest import policy_data
from sightline.kernel.ids import DeskId
from sightline.kernel.share import share

WEIGHTS: dict[str, int] = {
    "missing.reported": 150,
    "missing.categorised": 50,
    "missing.returned": 150,
    "ppn1.issued": 200,
    "cpi.submitted": 110,
    "cpi.graded": 100,
    "cpi.sanitised": 60,
    "consent.recorded": 40,
    "consent.withdrawn": 8,
    "involvement.opened": 45,
    "involvement.confirmed": 20,
    "involvement.closed": 8,
    "flag.raised": 15,
    "flag.lifted": 4,
    "item.corrected": 8,
    "item.retracted": 3,
    "alert.acknowledged": 25,
    "recall.answered": 20,
}
"""How often each type is sent, in thousandths: where nothing can be graded, returned or answered yet, others fill in."""

SENDERS: dict[str, tuple[DeskId, ...]] = {
    "missing.reported": (MISSING, MISSING, *RESPONSE, *SOCIAL_CARE, *SCHOOLS[:2], *HEALTH),
    "missing.categorised": (MISSING,),
    "missing.returned": (MISSING, MISSING, *RESPONSE, SOCIAL_CARE[1], *ALLOCATED),
    "ppn1.issued": (MISSING, *RESPONSE),
    "cpi.submitted": (*SCHOOLS, *CHARITIES, *HEALTH, *SOCIAL_CARE, RESPONSE[0]),
    "cpi.graded": (BUREAU,),
    "cpi.sanitised": (BUREAU,),
    "consent.recorded": (*ALLOCATED, *SOCIAL_CARE, *HEALTH, *SCHOOLS[:3]),
    "consent.withdrawn": (*ALLOCATED, *SOCIAL_CARE),
    "involvement.confirmed": (*MASH, SOCIAL_CARE[0]),
    "involvement.closed": MASH,
    "flag.raised": (*SOCIAL_CARE, *MASH, MISSING),
    "flag.lifted": (*SOCIAL_CARE, *MASH),
    "alert.acknowledged": (MISSING,),
}
PURPOSE_OF = {"ppn1.issued": "referral", "involvement.opened": "service_provision", "cpi.graded": "police_update"}
CORRECTED = frozenset({"missing.reported", "missing.returned", "ppn1.issued"})
"""What is corrected or retracted later."""

FITS: dict[str, Callable[[Subject], object]] = {
    "missing.reported": lambda s: s.missing_since is None,
    "missing.categorised": lambda s: s.missing_since is not None,
    "missing.returned": lambda s: s.missing_since is not None,
    "consent.withdrawn": lambda s: s.consents,
    "flag.lifted": lambda s: s.flags,
    "involvement.opened": lambda s: len(s.involved) < 3,
    "involvement.confirmed": lambda s: not all(s.involved.values()),
    "involvement.closed": lambda s: s.involved,
}
"""What must hold of a child for an event of that type to make sense."""


def remits() -> dict[str, set[DeskId]]:
    """Which of the cast have a remit for each type, by the policy's data."""
    of_roles = policy_data(share("policies"))["remits"]
    found: dict[str, set[DeskId]] = {}
    for desk in DESKS:
        for kind in (kind for role in desk.roles & of_roles.keys() for kind in of_roles[role]["types"]):
            found.setdefault(kind, set()).add(desk.id)
    return found
