"""Leaves as bytes: flat, closed, canonical (design §7). Nothing in one is random or read from a clock.

An outcome's part of a leaf is the same for every desk that shares the outcome, so it is laid out once, as a template.
"""

from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from sightline.kernel.values import Outcome

VERSION = 1
DECISION, RECALL, POLICY, EPOCH = "decision", "recall", "policy", "epoch"
HUB = "hub"
"""The `desk` of leaves that concern no desk."""


@lru_cache(maxsize=4096)
def template(outcome: Outcome) -> Mapping[str, Any]:
    """The members of a decision leaf that follow from the outcome alone."""
    return {
        "v": VERSION,
        "typ": DECISION,
        "eff": outcome.outcome,
        "classes": outcome.classes,
        "withheld": outcome.withheld,
        "told": outcome.told,
        "rules": outcome.rules,
        "basis": outcome.basis,
        "obl": outcome.obligations,
    }


class LeafForm:
    """Canonical bytes of leaves that differ only in some members, written once with places for these.

    Every value put in is of the narrow alphabets of schemas/leaf (no character that JSON would escape) or an integer.
    """

    __slots__ = ("_form", "_in_order")

    def __init__(self, members: Mapping[str, Any], strings: tuple[str, ...], integers: tuple[str, ...]) -> None:
        places = {name: f"\x01{name}" for name in (*strings, *integers)}
        form = leaf_bytes({**members, **places}).replace(b"%", b"%%")
        for name in strings:
            form = form.replace(b'"\\u0001%b"' % name.encode(), b'"%b"')
        for name in integers:
            form = form.replace(b'"\\u0001%b"' % name.encode(), b"%d")
        names = [*strings, *integers]
        self._in_order = itemgetter(*(names.index(name) for name in sorted(names)))
        self._form = form

    def fill(self, *values: bytes | int) -> bytes:
        """The leaf with these values, in the order of the names given: strings first, then integers."""
        filled: bytes = self._form % self._in_order(values)
        return filled


def leaf_bytes(members: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a leaf whose members are already of the narrow profile: ASCII, integers, sorted arrays."""
    return bytes(memoryview(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)))  # without the room it was written in


def feed_kind(eff: str, told: str) -> str:
    """What a decision is in a desk's feed: an ``item`` it may open, a ``notice`` that one exists, or nothing."""
    if eff == "disclose":
        return "item"
    return "notice" if told != "nothing" else ""
