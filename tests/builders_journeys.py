"""What journeys ask again and again of a town: which rules spoke, what a desk sees, what it was asked to let go of."""

from typing import Any

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.view.reading import ItemView
from tests.builders_hub import (
    HEALTH,
    MASH,
    POLICE,
    Sent,
    Town,
    a_child,
    a_consent,
    a_missing,
    admits,
    decision,
    leaves,
    sends,
)

FORUM = DeskId("hampshire-partnership/forum")
PLACING = DeskId("hampshire-placements/team")


def a_forum(town: Town, **what: Any) -> DeskId:
    """A partnership forum of the area."""
    return admits(town, FORUM, "mace", "partnership_forum", **what)


def a_placing_team(town: Town) -> DeskId:
    """A placing team of the area, not yet involved with anybody."""
    return admits(town, PLACING, "childrens_social_care", "placing_team")


def a_person(town: Town, desk: str, kind: str, *verified: str) -> DeskId:
    """A desk that is not professional: family, a carer, an enquirer ... as the hub's operators verified them."""
    return admits(town, desk, "voluntary_and_faith", "charity", kind=kind, verification=frozenset(verified))


def rules(town: Town, desk: str, item: str) -> list[str]:
    """The rules that the desk's latest decision about the item names."""
    return list(decision(town, DeskId(desk), item)["rules"])


def withheld(town: Town, desk: str, item: str) -> list[str]:
    """``class:rule`` of what that decision keeps from the desk."""
    return list(decision(town, DeskId(desk), item)["withheld"])


def view(town: Town, desk: str, item: str) -> ItemView:
    """What the desk sees of the item, or that it exists, or was recalled."""
    return town.hub.view.item(DeskId(desk), item)


def unseen(town: Town, desk: str, item: str) -> bool:
    """Whether the desk is answered as if there were no such item."""
    try:
        view(town, desk, item)
    except Refused as refused:
        return refused.code == "not_found"
    return False


def shown(town: Town, desk: str, item: str) -> set[str]:
    """Classes that the desk sees of the item now."""
    return set() if unseen(town, desk, item) else set(view(town, desk, item).classes)


def recalls(town: Town, desk: str, item: str) -> list[str]:
    """Kinds of the recalls of that item that the desk was sent, in order."""
    return [leaf["kind"] for leaf in leaves(town, desk=desk, item=item, typ="recall")]


def says(town: Town, desk: str, type: str, form: dict[str, Any], **envelope: Any) -> Sent:
    """Send a form that must be accepted, and settle."""
    sent = sends(town, DeskId(desk), type, form, **envelope)
    assert not sent.refused, sent.answer.refusal
    return sent


def involves(town: Town, child: dict[str, str], desk: str, kind: str = "strategy") -> Sent:
    """The MASH says that the desk is involved, which needs nobody's confirmation."""
    form = {"child": child, "involvement_kind": kind, "involved_desk": desk}
    return says(town, MASH, "involvement.opened", form)


def knows(town: Town, serial: int = 1) -> Sent:
    """The health trust speaks of a child first, so that its number binds what others say of the child later."""
    return says(
        town, HEALTH, "consent.recorded", a_consent(a_child(serial), "not_sought", consent_purpose="assessment")
    )


def missing(town: Town, **changes: Any) -> Sent:
    """A missing report by the police."""
    return says(town, POLICE, "missing.reported", a_missing(**changes))


def entries(town: Town, kind: str) -> int:
    """How many ledger entries of that topic there are."""
    placed = town.hub.ledger.read(0, 100_000)
    return sum(kind == getattr(type(one.entry), "TOPIC", "") for one in placed)
