"""Facts: the closed document of attributes that a decision rests on (schemas/facts.json, design §6).

Every value is a code, a boolean or a sorted list of codes, so equal situations give equal bytes, and desks with equal
facts share one result. The sections are made apart and joined: their names sort as child, desk, item, protocol.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.values import Desk
from sightline.ledger.folds import NETWORK_KINDS, SCALES, ChildFold, Consent, Involvement, ItemFold
from sightline.ledger.world import World, canonical_part

Section = tuple[tuple[str, object], ...]

NO_CHILD: Section = (
    ("age_band", "no_child"),
    ("location_protected", False),
    ("looked_after", "not_recorded"),
    ("missing_status", "none"),
    ("presumed_child", False),
    ("safe_word_set", False),
    ("suspected_exploiter", False),
    ("trafficking_status", "not_recorded"),
)
"""The child's section of an item about no known child, without consent."""

_ADULT = 18


def age_band(born: str, today: date) -> str:
    """Age band at that date, from an ISO birth date (catalogue 3.5 thresholds)."""
    if born in {"", "unknown"}:
        return "unknown" if born else "not_recorded"
    birth = date.fromisoformat(born)
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    if age < 0:
        return "unknown"
    return next((band for limit, band in ((13, "under_13"), (16, "13_to_15"), (_ADULT, "16_to_17")) if age < limit), "adult")


def child_section(child: ChildFold, candidates: Sequence[ChildFold], since: int, now: datetime) -> Section:
    """A child's facts for an item recorded at position `since`, without consent, which differs by desk.

    Protective facts of records that may be the same child's apply too, until a person rules on the match.
    """
    same = [child, *candidates]
    return (
        ("age_band", age_band(child.born, now.date())),
        ("location_protected", any(c.has_flag("location_protected") for c in same)),
        ("looked_after", child.looked_after),
        ("missing_status", child.strongest("missing", since)),
        ("presumed_child", child.presumed),
        ("safe_word_set", any(c.has_flag("safe_word_set") for c in same)),
        ("suspected_exploiter", any(c.has_flag("suspected_exploiter") for c in same)),
        ("trafficking_status", child.strongest("trafficking", since)),
    )


def consent_for(child: ChildFold | None, purpose: str, agency: str, now: datetime) -> tuple[str, str]:
    """The position on that purpose, and who gave it, as it counts for a desk of that agency.

    The latest word of each giver stands; a refusal or withdrawal by any of them outweighs a consent. A consent that an
    agency recorded in its own favour is only a claim until a confirming desk of another agency has recorded it too.
    """
    standing = [c for c in (child.consents.get(purpose, ()) if child else ()) if _stands(c, now)]
    confirmed = {c.giver for c in standing if c.position == "given" and c.confirming and c.agency != agency}
    latest: dict[str, Consent] = {}
    for consent in standing:
        if consent.position == "given" and consent.agency == agency and consent.giver not in confirmed:
            continue
        latest[consent.giver] = consent
    for position in ("refused", "withdrawn", "given", "not_appropriate", "not_possible", "unknown"):
        for giver, consent in latest.items():
            if consent.position == position:
                return position, giver
    return "not_sought", "none"


def _stands(consent: Consent, now: datetime) -> bool:
    return not consent.expires or now.timestamp() < consent.expires


def item_section(item: ItemFold, children: Sequence[ChildFold]) -> Section:
    """The item's facts; risk and urgency are the strongest of its own and the child's since."""
    strongest = {
        name: max(
            [item.own.get(name, SCALES[name][0]), *(c.strongest(name, item.position) for c in children)],
            key=SCALES[name].index,
        )
        for name in ("risk", "urgency")
    }
    fixed = {k: tuple(v) if isinstance(v, list) else v for k, v in item.facts.items()}
    values = {**fixed, **strongest, "state": item.state, "type": item.type, "purpose": item.purpose}
    return tuple(sorted(values.items()))


class DeskSections:
    """A desk's facts about one item: what the desk is, and how it stands to the item and the child."""

    def __init__(self, world: World, item: ItemFold) -> None:
        self._world = world
        self._item = item
        self._remit = world.in_remit(item.type, item.area)
        self._duty = world.told_by_duty(item.type, item.circumstance, item.area)
        alert = world.data.alerts.get(item.type)
        self._owners = world.holding([alert["owner"]], item.area) if alert else set()
        self._escalation = world.holding([alert["escalation"]], item.area) if alert else set()

    def considered(self, children: Sequence[ChildFold]) -> list[DeskId]:
        """Desks to decide for, sorted (design §6, desks considered)."""
        item, known = self._item, self._world.desks
        named = {DeskId(d) for d in (item.desk, item.cause_desk, *item.to)}
        involved = {DeskId(d) for c in children for d, i in c.involved.items() if not i.ended or i.ended > item.position}
        found = named | involved | self._remit | set(self._duty) | self._owners | self._escalation
        return sorted(d for d in found if d in known)

    def section(self, desk_id: DeskId, child: ChildFold | None) -> Section:
        """The desk's section for that child, or for no child."""
        desk, item = self._world.desks[desk_id], self._item
        agency = agency_of(desk_id)
        standing = _involvement(child, desk_id, item.position)
        return (
            ("addressed", desk_id in item.to),
            ("alert_escalation", desk_id in self._escalation),
            ("alert_owner", desk_id in self._owners),
            ("conflicted", child is not None and child.conflicts_with(desk_id, agency)),
            ("excluded", desk_id in item.exclude or agency in item.exclude),
            ("first_responder", desk.first_responder),
            ("gave_rise", desk_id == item.cause_desk),
            ("identity_established", "identity_established" in desk.verification),
            ("in_remit", desk_id in self._remit),
            ("interviewed_by_sw", "interviewed_by_sw" in desk.verification),
            ("involvement", _degree(standing)),
            ("kind", desk.kind),
            ("network", _is_of(standing, NETWORK_KINDS)),
            ("originating", desk_id == item.desk),
            ("placing", _is_of(standing, frozenset({"placing_team"}))),
            ("relationship_established", "relationship_established" in desk.verification),
            ("roles", _roles(desk, item.area)),
            ("safe_word_given", "safe_word_given" in desk.verification),
            ("sector", desk.sector),
            ("standing", desk.standing),
            ("told_by_duty", tuple(self._duty.get(desk_id, ()))),
        )


def _roles(desk: Desk, area: str) -> tuple[str, ...]:
    """Roles hold in the desk's areas; elsewhere it has none."""
    return tuple(sorted(desk.roles)) if area in desk.areas else ()


def _involvement(child: ChildFold | None, desk: str, since: int) -> Involvement | None:
    found = child.involved.get(desk) if child else None
    return found if found is not None and (not found.ended or found.ended > since) else None


def _degree(involvement: Involvement | None) -> str:
    if involvement is None:
        return "none"
    return "confirmed" if involvement.confirmed else "claimed"


def _is_of(involvement: Involvement | None, kinds: frozenset[str]) -> bool:
    return involvement is not None and involvement.confirmed and not kinds.isdisjoint(involvement.kinds)


def protocol_section(world: World, area: str, now: datetime) -> Section:
    """Area, edition and the dated law in force."""
    return (("area", area), ("edition", world.data.edition(area)), ("law", tuple(world.data.law(now))))


def document(child: Section, consent: tuple[str, str], desk: Section, item: Section, protocol: Section) -> bytes:
    """The facts document: canonical JSON (RFC 8785) of the four sections."""
    position, giver = consent
    with_consent = (("consent_giver", giver), ("consent_position", position), *child)
    return b'{"child":%b,"desk":%b,"item":%b,"protocol":%b}' % (
        canonical_part(with_consent),
        canonical_part(desk),
        canonical_part(item),
        canonical_part(protocol),
    )
