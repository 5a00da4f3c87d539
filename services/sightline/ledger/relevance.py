"""What of a facts document the policy in force can make a difference with: the key under which rulings are remembered.

Most facts matter to few desks: a child's missing status to the police, an age band to a first responder. Documents that
differ only in what no rule reads for such a desk share one ruling. That is a statement about one policy, so it holds
for the one digest named here and for no other: under any other policy every difference counts. A property test asks
the engine whether it is true; replay does without it and decides every document by itself.
"""

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from sightline.ledger.documents import CHILD, DESK, ITEM, PROTOCOL, Facts, Section

HOLDS_FOR = "sha256:gQ-oHWC6VcOEr65olyQe6WtoWIWnyOOUT0XLym8DDnc"
"""Digest of the policy that this was written against and tested with (`sightline policy check` prints it)."""

Key = tuple[object, ...]
Fields = dict[str, Any]

_REMEMBERED = 4_000
"""Pairs of sections whose part of the key is remembered. Beyond it that memory starts again."""

_BARE = frozenset({"not_possible", "not_appropriate", "refused", "withdrawn"})
_SUSPECTED = frozenset({"suspected", "reasonable_grounds", "confirmed"})
_INTELLIGENCE = frozenset({"cpi.graded", "cpi.sanitised", "cpi.submitted", "unknown"})
_POOLING = frozenset({"childrens_social_care", "education", "health", "mash", "nhs_gp_camhs", "police"})
_ANY_TYPE = "missing.reported"


def key_for(policy: str) -> Callable[[Facts], Key]:
    """The key of documents under that policy: what can make a difference, or everything where that is not known."""
    return Relevant() if policy == HOLDS_FOR else everything


def everything(facts: Facts) -> Key:
    """Documents share a ruling only when they are the same."""
    return facts


class Mask(NamedTuple):
    """What desk and item leave open about the child: which of its facts may matter, and to what."""

    originating: bool
    refers: bool
    responder: bool
    police: bool
    open_to_location: bool
    holds_location: bool
    needs_word: bool
    professional: bool
    footing: bool
    in_network: bool
    in_forum: bool
    welfare_risk: bool
    justification: bool
    detriment: bool


class Relevant:
    """Equal keys mean equal rulings, under the policy of `HOLDS_FOR`.

    A key has two parts, so that what is worked out for a desk and an item holds for every child: numbers of what stands
    for the desk, item and protocol, and of what stands for the child, given these.
    """

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self._next = count()
        self._profiles: dict[Key, tuple[int, Mask]] = {}
        self._children: dict[tuple[Section, Mask], int] = {}
        self._masks: dict[Mask, Mask] = {}
        """Few are different: equal ones are kept once."""

    def __call__(self, facts: Facts) -> Key:
        """The key of that document."""
        child, desk, item, protocol = facts
        profile = self._profiles.get((desk, item, protocol))
        if profile is None:
            profile = self._profile(facts)
        number = self._children.get((child, profile[1]))
        if number is None:
            number = self._child(child, profile[1])
        return profile[0], number

    def _profile(self, facts: Facts) -> tuple[int, Mask]:
        if len(self._profiles) >= _REMEMBERED:
            self._profiles.clear()
        fields = of_desk_and_item(facts)
        mask = self._masks.setdefault(fields[3], fields[3])
        found = self._number(*(tuple(one.values()) for one in fields[:3])), mask
        self._profiles[facts[1:]] = found
        return found

    def _child(self, child: Section, mask: Mask) -> int:
        if len(self._children) >= _REMEMBERED:
            self._children.clear()
        found = self._number(*(tuple(one.values()) for one in of_child(child, mask)))
        self._children[child, mask] = found
        return found

    def _number(self, *parts: Key) -> int:
        """One number for equal parts. Never given twice: keys made before stay apart from keys made after."""
        found = self._numbers.get(parts)
        if found is None:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            found = self._numbers[parts] = next(self._next)
        return found


def normal(facts: Facts) -> tuple[Fields, Fields, Fields, Fields]:
    """The four sections with every value that cannot matter replaced by one that stands for all of them."""
    desk, item, protocol, mask = of_desk_and_item(facts)
    child, weighed = of_child(facts.child, mask)
    return child, desk, {**item, **weighed}, protocol


def of_desk_and_item(facts: Facts) -> tuple[Fields, Fields, Fields, Mask]:
    """What stands for a document's desk, item and protocol, and what they leave open about the child."""
    desk = dict(zip(DESK, facts.desk.values, strict=True))
    item = dict(zip(ITEM, facts.item.values, strict=True))
    protocol = dict(zip(PROTOCOL, facts.protocol.values, strict=True))
    item["risk"], protocol["area"] = "none_recorded", "hampshire"
    if desk["originating"]:
        _own(desk, item)
    _standing(desk)
    _about_the_item(desk, item)
    refers = _duties(desk, item)
    mask = _mask(desk, item, refers=refers)
    desk |= {"interviewed_by_sw": False, "identity_established": False, "relationship_established": False}
    desk["safe_word_given"] = False
    item |= {"welfare_risk": False, "justification": False, "detriment": False}
    _rest(desk, item, protocol)
    return desk, item, protocol, mask


def of_child(section: Section, mask: Mask) -> tuple[Fields, Fields]:
    """What stands for a child, and what of the item's is weighed only against the child's consent."""
    child = dict(zip(CHILD, section.values, strict=True))
    _duties_to(child, mask)
    _whereabouts(child, mask)
    return child, _consent(child, mask)


def _own(desk: Fields, item: Fields) -> None:
    """H-06: the sender sees all of it; only its own standing, and the obligations, still depend on anything."""
    for name in (
        "addressed",
        "alert_escalation",
        "alert_owner",
        "conflicted",
        "excluded",
        "first_responder",
        "gave_rise",
    ):
        desk[name] = False
    desk |= {"in_remit": False, "involvement": "none", "network": False, "placing": False, "told_by_duty": ()}
    desk |= {"roles": (), "kind": "professional"}
    item |= {"type": _ANY_TYPE, "about": "none", "purpose": "monitoring", "sanitised": False, "state": "current"}


def _standing(desk: Fields) -> None:
    """One footing is as good as another (situation.footing), and a claim counts only where there is none (H-08)."""
    confirmed = desk["involvement"] == "confirmed"
    if not confirmed:
        desk["network"] = desk["placing"] = False
    desk["addressed"] = desk["addressed"] and not desk["in_remit"] and not confirmed
    if desk["involvement"] == "claimed" and (desk["in_remit"] or desk["addressed"]):
        desk["involvement"] = "none"


def _about_the_item(desk: Fields, item: Fields) -> None:
    if item["about"] not in _INTELLIGENCE:
        item["about"] = "none"
    if item["type"] not in _INTELLIGENCE and item["about"] == "none":
        item["sanitised"] = False
    if not item["type"].startswith("alert.") or item["type"] == "alert.acknowledged":
        desk["alert_owner"] = desk["alert_escalation"] = desk["gave_rise"] = False
        if item["type"] not in _INTELLIGENCE and not desk["told_by_duty"]:
            item["type"] = _ANY_TYPE
    if item["state"] == "corrected":
        item["state"] = "current"
    if item["handling"] == "P":
        item["handling"] = "none"
    if item["source_recontact"] == "yes" and "source_contact" not in item["classes"]:
        item["source_recontact"] = "not_recorded"


def _duties(desk: Fields, item: Fields) -> bool:
    """D-30, D-31, D-33, D-35, D-39: to whom, and for what. Whether a referral to the NRM is this desk's to make."""
    refers = desk["first_responder"] and item["purpose"] in {"nrm_referral", "unknown"}
    if not refers and not desk["in_remit"]:
        desk["first_responder"] = False
    if desk["sector"] != "police" or desk["originating"]:
        item["urgency"], item["placement_time"] = "not_recorded", False
    if item["urgency"] in {"routine", "urgent"}:
        item["urgency"] = "not_recorded"
    if item["purpose"] not in {"police_update", "unknown"}:
        item["placement_time"] = False
    return bool(refers)


def _mask(desk: Fields, item: Fields, *, refers: bool) -> Mask:
    verified = desk["interviewed_by_sw"] and desk["identity_established"] and desk["relationship_established"]
    confirmed = desk["involvement"] == "confirmed"
    return Mask(
        originating=desk["originating"],
        refers=refers,
        responder=desk["in_remit"] and desk["first_responder"],
        police=desk["sector"] == "police" and not desk["originating"],
        open_to_location=verified or confirmed or desk["originating"],
        holds_location="location" in item["classes"],
        needs_word=desk["kind"] != "professional" and not desk["safe_word_given"],
        professional=desk["kind"] == "professional",
        footing=desk["in_remit"] or desk["addressed"] or confirmed,
        in_network=confirmed and desk["network"],
        in_forum="partnership_forum" in desk["roles"],
        welfare_risk=item["welfare_risk"],
        justification=item["justification"],
        detriment=item["detriment"],
    )


def _duties_to(child: Fields, mask: Mask) -> None:
    """D-30, D-33."""
    if not mask.refers:
        child["age_band"], child["presumed_child"] = "not_recorded", False
    if not mask.police:
        child["missing_status"] = "none"
    if child["missing_status"] == "absent":
        child["missing_status"] = "missing"


def _whereabouts(child: Fields, mask: Mask) -> None:
    """D-14, D-31, D-12, D-16."""
    if child["trafficking_status"] == "none":
        child["location_protected"] = False
    if child["trafficking_status"] in _SUSPECTED:
        child["trafficking_status"] = "suspected"
    elif child["trafficking_status"] != "unknown":
        child["trafficking_status"] = "not_recorded"
    if not mask.responder:
        child["trafficking_status"] = "not_recorded"
    settled = child["looked_after"] in {"no", "not_recorded"}
    child["looked_after"] = "not_recorded" if settled or mask.open_to_location or not mask.holds_location else "yes"
    if not mask.needs_word or mask.originating:
        child["safe_word_set"] = False


def _consent(child: Fields, mask: Mask) -> Fields:
    """D-02, D-03, D-05, and what holds them: only for who has a footing."""
    position, giver = child["consent_position"], child["consent_giver"]
    if position in _BARE:
        position = "refused" if mask.welfare_risk and mask.professional else "not_sought"
    if position == "given" and giver in {"guardian", "none"}:
        position = "not_sought"
    if not mask.footing:
        position = "not_sought"
    if position not in {"given", "unknown"}:
        giver = "none"
    child["consent_position"] = position
    child["consent_giver"] = "child" if giver in {"pr_holder", "la_with_pr"} else giver
    discretion = position != "not_sought" or mask.in_network
    return {
        "welfare_risk": mask.welfare_risk and position in {"refused", "unknown"},
        "justification": mask.justification and discretion,
        "detriment": mask.detriment and (discretion or mask.in_forum),
    }


def _rest(desk: Fields, item: Fields, protocol: Fields) -> None:
    if not desk["told_by_duty"]:
        protocol["edition"] = "4lscb_guide"
    if desk["originating"]:
        desk["sector"] = "police"
    if item["originator_sector"] in _POOLING and item["originator_sector"] != "unknown":
        item["originator_sector"] = "police"
