"""What of a facts document the policy in force can make a difference with: the key under which rulings are remembered.

Most facts matter to few desks: a child's missing status to the police, an age band to a first responder. Documents that
differ only in what no rule reads for such a desk share one ruling. That is a statement about one policy, so it holds
for the one digest named here and for no other: under any other policy every difference counts. A property test asks
the engine whether it is true; replay does without it and decides every document by itself.
"""

from collections.abc import Callable
from typing import Any

from sightline.ledger.facts import CHILD, DESK, ITEM, PROTOCOL, Facts

HOLDS_FOR = "sha256:DNmFc7JJ_3X_pSLddxq0T8X3SDrXjyaUQMpXjblOiBk"
"""Digest of the policy that this was written against and tested with (`make policy` prints it)."""

Key = tuple[object, ...]
Fields = dict[str, Any]

_BARE = frozenset({"not_possible", "not_appropriate", "refused", "withdrawn"})
_SUSPECTED = frozenset({"suspected", "reasonable_grounds", "confirmed"})
_INTELLIGENCE = frozenset({"cpi.graded", "cpi.sanitised", "cpi.submitted", "unknown"})
_POOLING = frozenset({"childrens_social_care", "education", "health", "mash", "nhs_gp_camhs", "police"})
_ANY_TYPE = "missing.reported"


def key_for(policy: str) -> Callable[[Facts], Key]:
    """The key of documents under that policy: what can make a difference, or everything where that is not known."""
    return relevant if policy == HOLDS_FOR else everything


def everything(facts: Facts) -> Key:
    """Documents share a ruling only when they are the same."""
    return facts


def relevant(facts: Facts) -> Key:
    """Equal keys mean equal rulings, under the policy of `HOLDS_FOR`."""
    child, desk, item, protocol = normal(facts)
    return (
        tuple(map(child.__getitem__, CHILD)),
        tuple(map(desk.__getitem__, DESK)),
        tuple(map(item.__getitem__, ITEM)),
        tuple(map(protocol.__getitem__, PROTOCOL)),
    )


def normal(facts: Facts) -> tuple[Fields, Fields, Fields, Fields]:
    """The four sections with every value that cannot matter replaced by one that stands for all of them."""
    child = dict(zip(CHILD, facts.child.values, strict=True))
    desk = dict(zip(DESK, facts.desk.values, strict=True))
    item = dict(zip(ITEM, facts.item.values, strict=True))
    protocol = dict(zip(PROTOCOL, facts.protocol.values, strict=True))
    item["risk"], protocol["area"] = "none_recorded", "hampshire"
    _own(child, desk, item)
    _standing(desk)
    _about_the_item(desk, item)
    _duties(child, desk, item)
    _whereabouts(child, desk, item)
    _consent(child, desk, item)
    _rest(child, desk, item, protocol)
    return child, desk, item, protocol


def _own(child: Fields, desk: Fields, item: Fields) -> None:
    """H-06: the sender sees all of it; only its own standing, and the obligations, still depend on anything."""
    if not desk["originating"]:
        return
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
    child |= {"safe_word_set": False, "missing_status": "none"}


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


def _duties(child: Fields, desk: Fields, item: Fields) -> None:
    """D-30, D-31, D-33, D-35, D-39: to whom, and for what."""
    refers = desk["first_responder"] and item["purpose"] in {"nrm_referral", "unknown"}
    if not refers:
        child["age_band"], child["presumed_child"] = "not_recorded", False
    if not refers and not desk["in_remit"]:
        desk["first_responder"] = False
    if desk["sector"] != "police" or desk["originating"]:
        child["missing_status"], item["urgency"], item["placement_time"] = "none", "not_recorded", False
    if child["missing_status"] == "absent":
        child["missing_status"] = "missing"
    if item["urgency"] in {"routine", "urgent"}:
        item["urgency"] = "not_recorded"
    if item["purpose"] not in {"police_update", "unknown"}:
        item["placement_time"] = False


def _whereabouts(child: Fields, desk: Fields, item: Fields) -> None:
    """D-14, D-31, D-12, D-16."""
    if child["trafficking_status"] == "none":
        child["location_protected"] = False
    if child["trafficking_status"] in _SUSPECTED:
        child["trafficking_status"] = "suspected"
    elif child["trafficking_status"] != "unknown":
        child["trafficking_status"] = "not_recorded"
    if not (desk["in_remit"] and desk["first_responder"]):
        child["trafficking_status"] = "not_recorded"
    verified = desk["interviewed_by_sw"] and desk["identity_established"] and desk["relationship_established"]
    open_to_it = verified or desk["involvement"] == "confirmed" or desk["originating"]
    settled = child["looked_after"] in {"no", "not_recorded"}
    child["looked_after"] = "not_recorded" if settled or open_to_it or "location" not in item["classes"] else "yes"
    desk["interviewed_by_sw"] = desk["identity_established"] = desk["relationship_established"] = False
    if desk["kind"] == "professional" or desk["safe_word_given"]:
        child["safe_word_set"] = False
    if not child["safe_word_set"]:
        desk["safe_word_given"] = False


def _consent(child: Fields, desk: Fields, item: Fields) -> None:
    """D-02, D-03, D-05, and what holds them: only for who has a footing."""
    position, giver = child["consent_position"], child["consent_giver"]
    confirmed = desk["involvement"] == "confirmed"
    footing = desk["in_remit"] or desk["addressed"] or confirmed
    if position in _BARE:
        position = "refused" if item["welfare_risk"] and desk["kind"] == "professional" else "not_sought"
    if position == "given" and giver in {"guardian", "none"}:
        position = "not_sought"
    if not footing:
        position = "not_sought"
    if position not in {"given", "unknown"}:
        giver = "none"
    child["consent_position"] = position
    child["consent_giver"] = "child" if giver in {"pr_holder", "la_with_pr"} else giver
    if position not in {"refused", "unknown"}:
        item["welfare_risk"] = False
    discretion = position != "not_sought" or (confirmed and desk["network"])
    if not discretion:
        item["justification"] = False
    if not discretion and "partnership_forum" not in desk["roles"]:
        item["detriment"] = False


def _rest(child: Fields, desk: Fields, item: Fields, protocol: Fields) -> None:
    if not desk["told_by_duty"]:
        protocol["edition"] = "4lscb_guide"
    if desk["originating"]:
        desk["sector"] = "police"
    if item["originator_sector"] in _POOLING and item["originator_sector"] != "unknown":
        item["originator_sector"] = "police"
