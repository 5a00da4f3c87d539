"""What the partners of a fault run send: a seeded mix of signed events about invented children, some of them hot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from sightline.agency.keys import generate, make_registration
from sightline.agency.sign import sign_event
from sightline.formats.identifiers import nhs_number_is_valid
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import Clock
from sightline.kernel.values import Desk
from sightline.runtime.hub import Hub

AREA = "hampshire"
POLICE, BUREAU = "hampshire-police/missing", "hampshire-police/bureau"
MASH, COUNCIL, PLACING = "hampshire-mash/desk", "hampshire-council/csc", "hampshire-council/placing"
TEAM, HEALTH, SCHOOL = "hampshire-council/team", "solent-health/safeguarding", "oak-school/dsl"
DESKS = {
    POLICE: ("police", "police_missing_persons"),
    BUREAU: ("police", "police_intelligence_bureau"),
    MASH: ("mash", "mash"),
    COUNCIL: ("childrens_social_care", "childrens_social_care"),
    PLACING: ("childrens_social_care", "placing_team"),
    TEAM: ("childrens_social_care", "allocated_team"),
    HEALTH: ("health", "health_safeguarding"),
    SCHOOL: ("education", "school"),
}
_HOT_SHARE = 0.35
_HOT_CHILDREN, _CHILDREN_EACH_SPELL = 3, 60
_SHARING = {
    "relevant": True,
    "may_help": True,
    "welfare_risk": True,
    "justification": "Telling the other agencies helps them to find the child soon.",
}

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a desk learnt from receipts and from its feed, and may speak of."""

    items: dict[str, list[str]] = field(default_factory=dict)
    """By type, the items that a desk sent: ``desk ref``."""
    recalls: list[tuple[str, str]] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)


def nhs_number(n: int) -> str:
    """The n-th number that no patient has: it begins 999."""
    stem = f"999{n:06d}"
    valid = [stem + digit for digit in "0123456789" if nhs_number_is_valid(stem + digit)]
    return valid[0] if valid else nhs_number(n + 500_000)


class Load:
    """Makes signed submissions. Children come in spells, so that a hot child's history stays that of a child."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.known = Known()
        self.spell = 0
        self._random = Random(seed)
        self._clock = clock
        self._keys: dict[str, PrivateKey] = {desk: generate(DeskId(desk)) for desk in DESKS}
        self._kinds: list[tuple[int, str, tuple[str, ...], Callable[[str], Form | None]]] = [
            (18, "missing.reported", (POLICE, SCHOOL, PLACING), self._reported),
            (5, "missing.categorised", (POLICE,), self._categorised),
            (12, "missing.returned", (POLICE, COUNCIL), self._returned),
            (14, "cpi.submitted", (SCHOOL, HEALTH, MASH, TEAM), self._information),
            (4, "cpi.graded", (BUREAU,), self._graded),
            (10, "consent.recorded", (COUNCIL, TEAM, SCHOOL), self._consent),
            (6, "consent.withdrawn", (COUNCIL, TEAM, SCHOOL), self._withdrawn),
            (5, "flag.raised", (POLICE, COUNCIL, MASH), self._flag),
            (4, "flag.lifted", (POLICE, COUNCIL, MASH), self._flag),
            (6, "involvement.opened", (TEAM, SCHOOL, HEALTH), self._involved),
            (4, "involvement.confirmed", (COUNCIL, MASH), self._confirmed),
            (2, "involvement.closed", (TEAM, SCHOOL), self._closed),
            (4, "ppn1.issued", (POLICE,), self._notified),
            (3, "item.corrected", (POLICE, SCHOOL), self._corrected),
            (2, "item.retracted", (POLICE, SCHOOL), self._retracted),
            (5, "recall.answered", (), lambda _: None),
            (3, "alert.acknowledged", (), lambda _: None),
        ]
        self._weights = [kind[0] for kind in self._kinds]

    def found(self, hub: Hub) -> None:
        """Admit the desks and their keys."""
        for desk, (sector, role) in DESKS.items():
            agency = AgencyId(desk.partition("/")[0])
            hub.admin.open_desk(
                Desk(id=DeskId(desk), agency=agency, sector=sector, roles=frozenset({role}), areas=frozenset({AREA}))
            )
            request = make_registration(self._keys[desk], sources=[_source(desk)], types=["*"], now=self._clock.now())
            hub.admin.register_key(request)

    def key(self, desk: str) -> PrivateKey:
        """That desk's own key."""
        return self._keys[desk]

    def next(self) -> tuple[bytes, bool]:
        """A signed submission, and whether the hub should take it: a few are ones that it must refuse."""
        if self._random.random() < 0.03:
            return self.sign(POLICE, "missing.reported", {"child": self._child(), "missing_since": "soon"}), False
        _, kind, desks, form = self._random.choices(self._kinds, self._weights)[0]
        if kind in ("recall.answered", "alert.acknowledged"):
            answered = self._answer(kind)
            return (self.sign(*answered), True) if answered else self.next()
        desk = self._random.choice(desks)
        data = form(desk)
        return (self.sign(desk, kind, data), True) if data is not None else self.next()

    def sign(self, desk: str, kind: str, data: Form) -> bytes:
        """The event as that desk's system sends it."""
        return sign_event(
            self._keys[desk],
            source=_source(desk),
            type=kind,
            data=data,
            area=AREA,
            purpose="missing_or_safeguarding_response",
            actor="s-4711:officer",
            time=self._clock.now() - timedelta(seconds=1),
        )

    def _answer(self, kind: str) -> tuple[str, str, Form] | None:
        waiting = self.known.recalls if kind == "recall.answered" else self.known.alerts
        if not waiting:
            return None
        desk, ref = waiting.pop(self._random.randrange(len(waiting)))
        if kind == "recall.answered":
            return desk, kind, {"recall": ref, "answer": self._random.choice(["removed", "not_found"])}
        return desk, kind, {"alert": ref}

    def _child(self) -> dict[str, Any]:
        """A child of this spell: one of the hot ones, or any."""
        among = _HOT_CHILDREN if self._random.random() < _HOT_SHARE else _CHILDREN_EACH_SPELL
        n = self.spell * _CHILDREN_EACH_SPELL + self._random.randrange(among)
        child: dict[str, Any] = {
            "identifiers": [{"scheme": "nhs-number", "value": nhs_number(n)}],
            "given_name": f"Perrin-{n}",
            "family_name": f"Oakapple-{n}",
            "date_of_birth": f"20{10 + n % 6}-0{1 + n % 9}-14",
        }
        if n % 3 == 0:
            child |= {"is_looked_after": True, "address": f"{n} Example Row, Exampleton"}
        return child

    def _reported(self, _desk: str) -> Form:
        return {
            "child": self._child(),
            "missing_since": _said(self._clock.now() - timedelta(hours=self._random.randrange(1, 9))),
            "missing_category": self._random.choice(["absent", "missing"]),
            "missing_risk": self._random.choice(["low", "medium", "high"]),
            "circumstances": "Left after the evening meal and did not come back from the shop.",
            "contains": {"circumstances": ["location"]},
            "to": [SCHOOL] if self._random.random() < 0.3 else [HEALTH],
        }

    def _categorised(self, _desk: str) -> Form:
        category = self._random.choice(["absent", "missing"])
        return {"child": self._child(), "missing_category": category, "missing_risk": "high"}

    def _returned(self, _desk: str) -> Form:
        harm = self._random.choice(["yes", "no", "not_known"])
        return {"child": self._child(), "returned_at": _said(self._clock.now()), "harm_suffered": harm}

    def _information(self, _desk: str) -> Form:
        return {
            "children": [self._child() for _ in range(self._random.choice([0, 1, 1, 2]))],
            "information_text": "Two children were seen getting into a grey car beside the leisure centre.",
            "is_non_urgent": True,
            "cpi_topic": "exploited",
            "source_name": "Robin Catterick",
            "sharing": _SHARING,
            "contains": {"information_text": ["third_party"], "justification": []},
        }

    def _graded(self, _desk: str) -> Form | None:
        ref = self._sent("cpi.submitted")
        grade = {"source_evaluation": 1, "information_assessment": "B", "handling": "P"}
        return {"item": ref, **grade} if ref else None

    def _consent(self, _desk: str) -> Form:
        position = self._random.choice(["given", "refused", "not_sought"])
        giver = {"giver": "pr_holder", "giver_relation": "parent"}
        return {"child": self._child(), "consent_purpose": "service_provision", "position": position, **giver}

    def _withdrawn(self, _desk: str) -> Form:
        giver = {"giver": "child", "giver_relation": "self"}
        return {"child": self._child(), "consent_purpose": "service_provision", **giver}

    def _flag(self, _desk: str) -> Form:
        return {"child": self._child(), "flag": self._random.choice(["location_protected", "safe_word_set"])}

    def _involved(self, desk: str) -> Form:
        kind = {SCHOOL: "school_place", TEAM: "allocated_team"}.get(desk, "support")
        return {"child": self._child(), "involvement_kind": kind}

    def _confirmed(self, _desk: str) -> Form:
        return {"child": self._child(), "involved_desk": self._random.choice([SCHOOL, TEAM, HEALTH])}

    def _closed(self, desk: str) -> Form:
        return {"child": self._child(), "involved_desk": desk, "mistaken": self._random.random() < 0.5}

    def _notified(self, _desk: str) -> Form:
        return {"child": self._child(), "ppn1_circumstance": "returned_and_harmed", "narrative": "Found at a flat."}

    def _corrected(self, desk: str) -> Form | None:
        ref = self._sent("missing.reported", desk)
        return {"item": ref, "reason_code": "new_information", "correction": "It was a Thursday."} if ref else None

    def _retracted(self, desk: str) -> Form | None:
        ref = self._sent("missing.reported", desk)
        return {"item": ref, "reason_code": "unreliable"} if ref else None

    def _sent(self, kind: str, desk: str = "") -> str:
        """An item of that type that was sent before (by that desk, if one is named); empty if there is none."""
        found = [line for line in self.known.items.get(kind, [])[-50:] if line.startswith(desk)]
        return self._random.choice(found).partition(" ")[2] if found else ""


def _source(desk: str) -> str:
    return f"/agencies/{desk}/records"


def _said(at: Any) -> str:
    return str(at.isoformat(timespec="seconds").replace("+00:00", "Z"))
