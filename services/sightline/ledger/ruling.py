"""Rulings: what the policy says of facts, asked once for equal facts, and joined where an item concerns several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sightline.formats.decision import read_outcome
from sightline.formats.leaf import LeafForm, feed_kind, leaf_bytes, template
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.values import Outcome
from sightline.ledger.derivation import EDITION
from sightline.ledger.documents import ITEM, Documents, Facts, ForDesks
from sightline.ledger.relevance import Key, everything

MEMO_LIMIT = 10_000
"""Distinct facts documents remembered, and rulings by key: beyond it either starts again by itself."""

_TOLD = ("nothing", "exists", "classes")


@dataclass(frozen=True, slots=True)
class Ruling:
    """An outcome with what is made of it again and again: its digest, and its part of a leaf."""

    outcome: Outcome
    digest: bytes
    """Equal digests mean equal outcomes: then a decision made again is no new leaf."""
    first: LeafForm
    """Leaves of this outcome that supersede none ..."""
    later: LeafForm
    """... and those that supersede one."""
    kind: str

    @classmethod
    @lru_cache(maxsize=8192)
    def of(cls, outcome: Outcome) -> "Ruling":
        """The ruling of that outcome; equal outcomes share one."""
        members = template(outcome)
        fixed = {**members, "edn": EDITION, "by": "rule"}
        return cls(
            outcome=outcome,
            digest=sha256(leaf_bytes(members)).digest()[:16],
            first=LeafForm(fixed, _STRINGS, _INTEGERS),
            later=LeafForm(fixed, ("sup", *_STRINGS), _INTEGERS),
            kind=feed_kind(outcome.outcome, outcome.told),
        )


_STRINGS = ("id", "desk", "pur", "pol", "eng", "cfacts", "citem", "cjust")
_INTEGERS = ("cause", "item", "ts")


def outcome_of(leaf: Mapping[str, Any]) -> Outcome:
    """What a recorded decision was, from its leaf."""
    return Outcome(
        outcome=leaf["eff"],
        classes=tuple(leaf["classes"]),
        withheld=tuple(leaf["withheld"]),
        told=leaf["told"],
        rules=tuple(leaf["rules"]),
        basis=tuple(leaf["basis"]),
        obligations=tuple(leaf["obl"]),
    )


class Memo:
    """Rulings on facts under one policy and engine. Filled only by asking; a hint, never a record.

    What could not be decided is asked again the next time: a busy moment must not park all that comes after it.
    """

    def __init__(self, engine: PolicyEngine, limit: int = MEMO_LIMIT, key: Callable[[Facts], Key] = everything) -> None:
        self.engine = engine
        self._limit = limit
        self._key = key
        self._known: dict[Facts, Ruling | str] = {}
        self._shared: dict[Key, Ruling | str] = {}
        """Rulings by what can make a difference: many documents, few keys, so they outlast the documents."""
        self._joined: dict[Documents, Ruling] = {}
        self.asked = 0

    def fill(self, wanted: Iterable[Facts]) -> None:
        """Ask for what is not known yet, in one pooled call. Raises `Unavailable` when the engine does not answer."""
        wanted = list(wanted)
        new = self._unknown(wanted)
        if not new:
            return
        if len(self._known) + len(new) > self._limit:
            self._known.clear()
            self._joined.clear()
            new = self._unknown(wanted)
        keys = {facts: self._key(facts) for facts in new}
        questions = self._questions(keys)
        if len(self._shared) + len(questions) > self._limit:
            self._shared.clear()
            questions = self._questions(keys)
        self._ask(questions)
        self._known |= {facts: self._shared[key] for facts, key in keys.items()}

    def _unknown(self, wanted: Iterable[Facts]) -> list[Facts]:
        return list(dict.fromkeys(w for w in wanted if type(self._known.get(w)) is not Ruling))

    def _questions(self, keys: Mapping[Facts, Key]) -> dict[Key, Facts]:
        """One document for each key without a ruling: as it is, not as what stands for it."""
        return {key: facts for facts, key in keys.items() if type(self._shared.get(key)) is not Ruling}

    def _ask(self, questions: Mapping[Key, Facts]) -> None:
        asked = list(questions.values())
        self.asked += len(asked)
        answers = self.engine.decide([facts.document() for facts in asked]) if asked else []
        if len(answers) != len(asked):
            raise Unavailable("engine_down", "the policy engine did not answer each question")
        self._shared |= {k: _checked(f, raw) for (k, f), raw in zip(questions.items(), answers, strict=True)}

    def rulings(self, facts: ForDesks) -> "dict[DeskId, Ruling] | str":
        """The rulings on an item for all of its desks; or why there are none."""
        found: dict[DeskId, Ruling] = {}
        for desk, documents in facts.items():
            ruling = self._known[documents[0]] if len(documents) == 1 else self.ruling(documents)
            if isinstance(ruling, str):
                return ruling
            found[desk] = ruling
        return found

    def ruling(self, documents: Documents) -> "Ruling | str":
        """The ruling on an item for one desk, joined over its children; or why there is none."""
        if len(documents) == 1:
            return self._known[documents[0]]
        if documents in self._joined:
            return self._joined[documents]
        rulings = [self._known[d] for d in documents]
        reason = next((r for r in rulings if isinstance(r, str)), "")
        if reason:
            return reason
        joined = Ruling.of(join([r.outcome for r in rulings if isinstance(r, Ruling)]))
        self._joined[documents] = joined
        return joined


def _checked(facts: Facts, raw: Mapping[str, Any]) -> "Ruling | str":
    """The ruling that an engine's answer states, or the reason why it states none (P7's gate)."""
    if "undecidable" in raw:
        return str(raw["undecidable"])
    classes = facts.item.values[ITEM.index("classes")]
    try:
        return Ruling.of(read_outcome(raw, frozenset(classes if isinstance(classes, tuple) else ())))
    except Refused as exc:
        return exc.code


def join(outcomes: Sequence[Outcome]) -> Outcome:
    """The decision about what concerns several children: for each desk the strictest of theirs (design §1)."""
    if len(outcomes) == 1:
        return outcomes[0]
    shown = set.intersection(*(set(o.classes) for o in outcomes))
    withheld = {w for o in outcomes for w in o.withheld if w.partition(":")[0] not in shown}
    told = min((o.told for o in outcomes), key=_TOLD.index)
    return Outcome(
        outcome="disclose" if shown else "withhold",
        classes=tuple(sorted(shown)),
        withheld=tuple(sorted(withheld)),
        told=told if shown or told != "classes" else "exists",
        rules=_union(o.rules for o in outcomes),
        basis=_union(o.basis for o in outcomes) if shown else (),
        obligations=_union(o.obligations for o in outcomes) if shown else (),
    )


def _union(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted({one for each in lists for one in each}))
