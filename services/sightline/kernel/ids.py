"""Names of things. Distinct types, so that a desk can never be passed where an agency is meant."""

from typing import NewType
from uuid import UUID

AgencyId = NewType("AgencyId", str)
"""Short lower-case name of an agency, e.g. ``hampshire-police``."""

DeskId = NewType("DeskId", str)
"""``<agency>/<desk>``, e.g. ``hampshire-police/intelligence``: a recipient with its own roles, keys, view and feed."""

KeyId = NewType("KeyId", str)
"""``<agency>/<desk>#<thumbprint>``; the thumbprint is RFC 7638, base64url without padding."""

ChildId = NewType("ChildId", UUID)
"""The hub's own name for a child's record; random, never shown outside, not derived from anything about the child."""

StreamId = NewType("StreamId", UUID)
"""An event stream of the ledger: a child, a matter, an agency or the policy."""

Position = NewType("Position", int)
"""A place in the ledger's one total order. Positions only grow; on PostgreSQL they may have gaps."""


def agency_of(desk: DeskId) -> AgencyId:
    """The agency that a desk belongs to."""
    return AgencyId(desk.partition("/")[0])
