"""What a form says of a child that stays known, as far as clocks depend on it: the latest, under a name for each.

``looked_after`` and ``trafficking`` as the form's `child` says; ``trafficking`` (V-22) also by a referral, an assessment
or a decision of the competent authority; ``uasc`` ``yes`` or ``no``; ``nrm`` ``referred`` or the latest decision (V-20);
``icta`` ``referred``; ``seraf`` the category (V-10); ``protection`` ``begun`` once child protection procedures are;
``actions`` ``recorded`` once the immediate actions are; ``screening`` ``recorded`` by a screening tool or a SERAF, until a
referral is decided on: then it is ``weighed``, and what is feared next is screened anew.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sightline.ledger.reading import birth_date, looked_after, trafficking
from sightline.protocol.seraf_form import score_of
from sightline.protocol.trafficking import STATUS_OF

Json = Mapping[str, Any]
Statuses = dict[str, str]

SUSPECTED = frozenset({"suspected", "reasonable_grounds", "confirmed"})
"""Trafficking statuses of a child who may be a victim, or is one."""

_SCREENED = {"screening": "recorded"}
_ASSESSED = {"indicators": "indicators", "suspected": "suspected", "reasonable_grounds_met": "reasonable_grounds"}
_TRAFFICKED = frozenset({"trafficking", "modern_slavery"})


def statuses(event_type: str, form: Json, said_of: Json, known: Mapping[str, str]) -> Statuses:
    """What the form says, by name; only what it speaks of. `known`: what was known before, `said_of` its child."""
    said: Statuses = {"looked_after": looked_after(said_of), "uasc": _yes_or_no(form.get("is_uasc"))}
    read = _READ.get(event_type)
    if read is not None:
        said |= read(form, said_of, known)
    said["trafficking"] = trafficking(said_of) or said.get("trafficking", "")
    return {name: value for name, value in said.items() if value}


def _referral(form: Json, _: Json, known: Mapping[str, str]) -> Statuses:
    """Who refers a child as trafficked suspects it; what is known already is not less for that (A-35)."""
    issues = form.get("issues")
    named = isinstance(issues, list) and any(one in _TRAFFICKED for one in issues if isinstance(one, str))
    return {"trafficking": "suspected"} if named and known.get("trafficking") not in SUSPECTED else {}


def _assessment(form: Json, _: Json, known: Mapping[str, str]) -> Statuses:
    """A decision of the competent authority outweighs an assessment until the next one."""
    concluded = form.get("trafficking_conclusion")
    status = _ASSESSED.get(concluded, "") if isinstance(concluded, str) else ""
    return {} if known.get("nrm", "referred") != "referred" else {"trafficking": status}


def _decision(form: Json, _: Json, __: Mapping[str, str]) -> Statuses:
    decision = form.get("nrm_decision")
    if not isinstance(decision, str) or decision not in STATUS_OF:
        return {}
    return {"nrm": decision, "trafficking": STATUS_OF[decision]}


def _protected(_: Json, __: Json, ___: Mapping[str, str]) -> Statuses:
    return {"protection": "begun"}


def _nrm_referral(_: Json, __: Json, known: Mapping[str, str]) -> Statuses:
    return {} if "nrm" in known else {"nrm": "referred"}


def _seraf(form: Json, said_of: Json, _: Mapping[str, str]) -> Statuses:
    return {"seraf": score_of(form, birth_date(said_of)).code, **_SCREENED}


_READ: dict[str, Callable[[Json, Json, Mapping[str, str]], Statuses]] = {
    "referral.made": _referral,
    "trafficking.assessed": _assessment,
    "nrm.referred": _nrm_referral,
    "nrm.reasonable_grounds": _decision,
    "nrm.conclusive_grounds": _decision,
    "nrm.reconsidered": _decision,
    "icta.referred": lambda _, __, ___: {"icta": "referred"},
    "seraf.completed": _seraf,
    "immediate_actions.recorded": lambda _, __, ___: {"actions": "recorded"},
    "screening.recorded": lambda _, __, ___: _SCREENED,
    "referral.decided": lambda _, __, known: {"screening": "weighed"} if "screening" in known else {},
    "strategy.held": _protected,
    "section47.started": _protected,
    "assessment.started": _protected,
}


def _yes_or_no(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else ""
