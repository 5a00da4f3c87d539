"""What an engine answered → `Outcome`, strictly. This is the gate of P7: what is shown is what was decided.

An engine is outside: its answer is believed only if it says everything, says it once and says nothing else.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from sightline.kernel.errors import Refused
from sightline.kernel.share import share
from sightline.kernel.values import Outcome

_LISTS = ("classes", "withheld", "rules", "basis", "obligations")


def read_outcome(raw: Mapping[str, Any], item_classes: frozenset[str]) -> Outcome:
    """The outcome that `raw` states for an item of these classes. Raises Refused (``decision_malformed``).

    1. Of the schema: no member missing, none too many, every code known.
    2. Every list sorted (sets leave WebAssembly in hash order).
    3. `classes` and the classes of `withheld` split the item's classes exactly.
    4. Disclosed means that something is shown, and on a legal basis; else nothing is shown.
    5. At least one rule decided, and every rule that withholds is among those that did.
    """
    if not _validator().is_valid(dict(raw)):
        raise Refused("decision_malformed", "not of the decision schema")
    if any(list(raw[name]) != sorted(raw[name]) for name in _LISTS):
        raise Refused("decision_malformed", "a list is not sorted")
    outcome = Outcome(outcome=raw["outcome"], told=raw["told"], **{name: tuple(raw[name]) for name in _LISTS})
    _check_split(outcome, item_classes)
    _check_grounds(outcome)
    return outcome


def _check_split(outcome: Outcome, item_classes: frozenset[str]) -> None:
    shown = frozenset(outcome.classes)
    withheld = frozenset(entry.partition(":")[0] for entry in outcome.withheld)
    if shown & withheld:
        raise Refused("decision_malformed", "a class is both shown and withheld")
    if shown | withheld != item_classes:
        raise Refused("decision_malformed", "the classes shown and withheld are not the item's")


def _check_grounds(outcome: Outcome) -> None:
    if (outcome.outcome == "disclose") != bool(outcome.classes):
        raise Refused("decision_malformed", "the outcome and the classes shown disagree")
    if outcome.classes and not outcome.basis:
        raise Refused("decision_malformed", "something is shown without a legal basis")
    if not outcome.rules:
        raise Refused("decision_malformed", "no rule decided")
    if not {entry.partition(":")[2] for entry in outcome.withheld} <= set(outcome.rules):
        raise Refused("decision_malformed", "a rule withholds that did not decide")


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(json.loads((share("schemas") / "decision.json").read_bytes()))
