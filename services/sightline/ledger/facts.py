"""Facts: the closed document of attributes that a decision rests on (schemas/facts.json, design §6).

What a child, a desk and an item are to each other at one position of the ledger, read from their folds. How the document
is put together and written is said in `documents`.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import NamedTuple

from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.values import Desk
from sightline.ledger.documents import CHILD, DESK, ITEM, PROTOCOL, Facts, ForDesks, Section, interned
from sightline.ledger.folds import NETWORK_KINDS, SCALES, ChildFold, Consent, Involvement, ItemFold
from sightline.ledger.world import World
from sightline.protocol.calendar import age_on, local_date

_ADULT = 18


def age_band(born: str, today: date) -> str:
    """Age band at that date, from an ISO birth date (catalogue 3.5 thresholds)."""
    if born in {"", "unknown"}:
        return "unknown" if born else "not_recorded"
    age = age_on(date.fromisoformat(born), today)
    if age < 0:
        return "unknown"
    return next(
        (band for limit, band in ((13, "under_13"), (16, "13_to_15"), (_ADULT, "16_to_17")) if age < limit), "adult"
    )


class ChildFacts(NamedTuple):
    """A child's facts for one item, without consent, which differs by desk."""

    age_band: str = "no_child"
    location_protected: bool = False
    looked_after: str = "not_recorded"
    missing_status: str = "none"
    presumed_child: bool = False
    safe_word_set: bool = False
    suspected_exploiter: bool = False
    trafficking_status: str = "not_recorded"

    def section(self, consent: tuple[str, str]) -> Section:
        """The child's section for a desk for which that is the position on consent."""
        position, giver = consent
        return interned(
            CHILD,
            (
                self.age_band,
                giver,
                position,
                self.location_protected,
                self.looked_after,
                self.missing_status,
                self.presumed_child,
                self.safe_word_set,
                self.suspected_exploiter,
                self.trafficking_status,
            ),
        )


NO_CHILD = ChildFacts()
"""The facts of an item about no known child."""


def child_facts(child: ChildFold, candidates: Sequence[ChildFold], since: int, now: datetime) -> ChildFacts:
    """A child's facts for an item recorded at position `since`.

    Protective facts of records that may be the same child's apply too, until a person rules on the match.
    """
    flags = {flag for one in (child, *candidates) for flag, _ in one.flags}
    return ChildFacts(
        age_band=age_band(child.born, local_date(now)),
        location_protected="location_protected" in flags,
        looked_after=child.looked_after,
        missing_status=child.strongest("missing", since),
        presumed_child=child.presumed,
        safe_word_set="safe_word_set" in flags,
        suspected_exploiter="suspected_exploiter" in flags,
        trafficking_status=child.strongest("trafficking", since),
    )


def consent_for(child: ChildFold | None, purpose: str, agency: str, now: datetime) -> tuple[str, str]:
    """The position on that purpose, and who gave it, as it counts for a desk of that agency.

    The latest word of each giver stands, and its end brings no earlier one back; a refusal or withdrawal by any of
    them outweighs a consent. A consent that an agency recorded in its own favour is only a claim until a confirming desk of another agency has recorded it too.
    """
    recorded = child.consents.get(purpose, ()) if child else ()
    standing = [c for c in recorded if consent_stands(c, now)]
    confirmed = {c.giver for c in standing if c.position == "given" and c.confirming and c.agency != agency}
    latest: dict[str, Consent] = {}
    for consent in recorded:
        if consent.position == "given" and consent.agency == agency and consent.giver not in confirmed:
            continue
        latest[consent.giver] = consent
    for position in ("refused", "withdrawn", "given", "not_appropriate", "not_possible", "unknown"):
        for giver, consent in latest.items():
            if consent.position == position and consent_stands(consent, now):
                return position, giver
    return "not_sought", "none"


def consent_stands(consent: Consent, now: datetime) -> bool:
    """False once it has expired."""
    return not consent.expires or now.timestamp() < consent.expires


class OfChild:
    """What one child adds to the facts of items that share a look: nearly all desks share one section."""

    __slots__ = ("against", "child", "facts", "involved", "own", "purpose", "shared", "when")

    def __init__(
        self, child: ChildFold | None, facts: ChildFacts, against: AbstractSet[str], purpose: str, now: datetime
    ) -> None:
        """`against` names desks and agencies in conflict about the child. An item about no known child has none."""
        self.child = child
        self.facts = facts
        self.against = against
        self.purpose = purpose
        self.when = now
        self.involved = child.involved if child else {}
        self.own = {c.agency for c in child.consents.get(purpose, ())} if child else set()
        self.shared = facts.section(consent_for(child, purpose, "", now))

    def section(self, agency: str) -> Section:
        """The section for desks of that agency; its own recordings count for it differently."""
        if agency not in self.own:
            return self.shared
        return self.facts.section(consent_for(self.child, self.purpose, agency, self.when))


def item_section(item: ItemFold, children: Sequence[ChildFold]) -> Section:
    """The item's facts; risk and urgency are the strongest of its own and the child's since."""
    values = {**item.facts, "purpose": item.purpose, "state": item.state, "type": item.type}
    for name in ("risk", "urgency"):
        scale = SCALES[name]
        held = [item.own.get(name, scale[0]), *(c.strongest(name, item.position) for c in children)]
        values[name] = max(held, key=scale.index)
    return interned(ITEM, tuple(tuple(v) if isinstance(v, list) else v for v in map(values.__getitem__, ITEM)))


class DeskSections:
    """Desks' facts about one item: what each desk is, and how it stands to the item and the child."""

    def __init__(self, world: World, item: ItemFold) -> None:
        self._world = world
        self._item = item
        self._reach = world.reach(item.type, item.circumstance, item.area)
        self._named = {item.desk, item.cause_desk, *item.to}

    def considered(self, children: Sequence[ChildFold]) -> set[DeskId]:
        """Desks to decide for (design §6, desks considered)."""
        item, known = self._item, self._world.desks
        if item.type in self._world.data.alerts:
            # The hub's own items: their owner, the escalation desk and the desk that gave rise to them, nobody else.
            return self._reach.desks | {d for d in (DeskId(item.cause_desk),) if d in known}
        found = {DeskId(d) for d in self._named}
        for child in children:
            found |= {DeskId(d) for d, involvement in child.involved.items() if involvement.counts(item.position)}
        return {d for d in found if d in known} | self._reach.desks

    def facts(
        self, desks: Iterable[DeskId], sections: Sequence[OfChild], of_item: Section, protocol: Section
    ) -> ForDesks:
        """Those desks' documents: one for each child."""
        parts = [(one.shared, one.own, self._desk_sections(one), one) for one in sections]
        return {
            desk: tuple(
                [
                    Facts(one.section(agency_of(desk)) if own else shared, of_desk(desk), of_item, protocol)
                    for shared, own, of_desk, one in parts
                ]
            )
            for desk in desks
        }

    def _desk_sections(self, one: OfChild) -> Callable[[DeskId], Section]:
        """The section of each desk for that child. Most desks: nothing about this item or child singles them out."""
        plain, make = self._reach.plain, self._make
        everyone = bool(one.against or self._item.exclude)

        def of_desk(desk: DeskId) -> Section:
            if everyone or desk in self._named or desk in one.involved:
                return self._related(desk, one.child, one.against)
            known = plain.get(desk)
            if known is None:
                known = plain[desk] = make(desk, _NO_RELATION)
            return known

        return of_desk

    def _related(self, desk_id: DeskId, child: ChildFold | None, conflicts: AbstractSet[str]) -> Section:
        item, agency = self._item, agency_of(desk_id)
        standing = (child and child.involved.get(desk_id)) or Involvement()
        kinds = standing.counting(item.position)
        relation: Relation = (
            desk_id in item.to,
            desk_id in conflicts or agency in conflicts,
            bool(item.exclude) and (desk_id in item.exclude or agency in item.exclude),
            desk_id == item.cause_desk,
            _degree(standing, kinds),
            not NETWORK_KINDS.isdisjoint(kinds),
            desk_id == item.desk,
            not _PLACING.isdisjoint(kinds),
        )
        found = self._reach.sections.get((desk_id, relation))
        if found is None:
            found = self._reach.sections[desk_id, relation] = self._make(desk_id, relation)
        return found

    def _make(self, desk_id: DeskId, relation: "Relation") -> Section:
        addressed, conflicted, excluded, gave_rise, involvement, network, originating, placing = relation
        desk, reach = self._world.desks[desk_id], self._reach
        values = {
            "addressed": addressed,
            "alert_escalation": desk_id in reach.escalation,
            "alert_owner": desk_id in reach.owners,
            "conflicted": conflicted,
            "excluded": excluded,
            "first_responder": desk.first_responder,
            "gave_rise": gave_rise,
            "in_remit": desk_id in reach.remit,
            "involvement": involvement,
            "kind": desk.kind,
            "network": network,
            "originating": originating,
            "placing": placing,
            "roles": _roles(desk, self._item.area),
            "sector": desk.sector,
            "standing": desk.standing,
            "told_by_duty": tuple(reach.duty.get(desk_id, ())),
            **{name: name in desk.verification for name in _VERIFICATION},
        }
        return interned(DESK, tuple(values[name] for name in DESK))


Relation = tuple[bool, bool, bool, bool, str, bool, bool, bool]
"""How a desk stands to an item and child: addressed, conflicted ... as `DESK` names them."""

_NO_RELATION: Relation = (False, False, False, False, "none", False, False, False)
_PLACING = frozenset({"placing_team"})
_VERIFICATION = ("identity_established", "interviewed_by_sw", "relationship_established", "safe_word_given")


def _roles(desk: Desk, area: str) -> tuple[str, ...]:
    """Roles hold in the desk's areas; elsewhere it has none."""
    return tuple(sorted(desk.roles)) if area in desk.areas else ()


def _degree(involvement: Involvement, confirmed: Sequence[str]) -> str:
    if confirmed:
        return "confirmed"
    return "claimed" if involvement.claimed else "none"


def protocol_section(world: World, area: str, now: datetime) -> Section:
    """Area, edition and the dated law in force."""
    return interned(PROTOCOL, (area, world.edition(area), tuple(world.data.law(now))))
