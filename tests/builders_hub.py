"""A hub in process with a cast of desks in Hampshire, real keys, and the forms that they send. Everybody is invented."""

import atexit
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from sightline.adapters import sqlite
from sightline.adapters.clock import SetClock, SystemClock
from sightline.adapters.keyfile import load_or_create
from sightline.adapters.opa_wasm import WasmEngine
from sightline.adapters.vault import SqliteVault
from sightline.agency.keys import generate, make_registration
from sightline.agency.sign import sign_event
from sightline.audit.verify import verify_folder
from sightline.formats.feed import FeedEntry
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import Receipt, read_receipt
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.kernel.values import Desk
from sightline.ledger.store import Ledger
from sightline.record.stage import Answer
from sightline.runtime.build import Parts, build
from sightline.runtime.hub import Hub
from sightline.view.reading import ItemView

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ORIGIN = "sightline.example/test"
AREA = "hampshire"
RESPONSE = "missing_or_safeguarding_response"

BUREAU = DeskId("hampshire-police/intelligence")
POLICE = DeskId("hampshire-police/missing")
CSC = DeskId("hampshire-council/csc")
OTHER_CSC = DeskId("exampleton-council/csc")
MASH = DeskId("hampshire-mash/desk")
HEALTH = DeskId("exampleton-health/safeguarding")
SCHOOL = DeskId("oak-school/safeguarding")
CHARITY = DeskId("youth-trust/outreach")

CAST: dict[DeskId, tuple[str, str]] = {
    BUREAU: ("police", "police_intelligence_bureau"),
    POLICE: ("police", "police_missing_persons"),
    CSC: ("childrens_social_care", "childrens_social_care"),
    OTHER_CSC: ("childrens_social_care", "childrens_social_care"),
    MASH: ("mash", "mash"),
    HEALTH: ("health", "health_safeguarding"),
    SCHOOL: ("education", "school"),
    CHARITY: ("voluntary_and_faith", "charity"),
}
"""Desk to its sector and its role."""

# ------------------------------------------------------------------------------------------------ the hub and its cast


@dataclass(kw_only=True)
class Town:
    """One hub, its clock and the desks' private keys."""

    hub: Hub = field(repr=False)
    clock: SetClock
    folder: Path
    keys: dict[DeskId, PrivateKey] = field(default_factory=dict, repr=False)
    opens: Callable[..., Hub] | None = field(default=None, repr=False)
    """Opens its hub once more; by default an embedded one in its folder."""

    @property
    def register(self) -> Path:
        """The folder that an auditor would copy."""
        return self.hub.register_folder


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One submission and what the hub said to it."""

    event: bytes = field(repr=False)
    answer: Answer
    receipt: Receipt | None

    @property
    def item(self) -> str:
        """The reference of its only, or its first, item."""
        return self._accepted().items[0]

    @property
    def items(self) -> tuple[str, ...]:
        """The references of its items."""
        return self._accepted().items

    @property
    def child(self) -> dict[str, str]:
        """Its first child, as this sender may name it from now on."""
        return {"ref": self._accepted().children[0]}

    @property
    def refused(self) -> str:
        """The code of the refusal; empty if there was none."""
        return self.answer.refusal.code if self.answer.refusal else ""

    def _accepted(self) -> Receipt:
        assert self.answer.outcome != "refused", self.answer.refusal
        assert self.receipt is not None
        return self.receipt


def a_hub(
    folder: Path,
    clock: SetClock,
    *,
    engine: Callable[[PolicyEngine], PolicyEngine] = lambda engine: engine,
    policies: Path | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    store: Mapping[str, str] | None = None,
) -> Hub:
    """An embedded hub in that folder. `engine` may put something of its own around the real one.

    `policies` is the folder of another policy than the program's. `store` chooses where its ledger is kept, as the library's settings; by default a file in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = load_or_create(folder / "keys", ORIGIN)
    vault = SqliteVault(folder / "keys" / "children.sqlite", {"2026": keys.wrapping})
    file = {"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": str(folder / "sightline.sqlite")}
    ledger = Ledger(env=store or file)

    def close() -> None:
        hub.verify.close()
        ledger.close()
        vault.close()

    hub = build(
        Parts(
            origin=ORIGIN,
            ledger=ledger,
            vault=vault,
            engine=engine(WasmEngine(policies) if policies else the_engine()),
            policies=policies or share("policies"),
            keys=keys,
            clock=clock,
            register_folder=folder / "register",
            on_step=on_step,
            close=close,
        )
    )
    return hub


@cache
def the_engine() -> WasmEngine:
    """The compiled policy. It keeps nothing between questions, so that all hubs of a test run may ask the same one."""
    return WasmEngine(share("policies"))


def a_town(folder: Path, *, cast: Mapping[DeskId, tuple[str, str]] = CAST, **how: Any) -> Town:
    """A hub with the whole cast admitted and in good standing."""
    clock = SetClock(START)
    town = Town(hub=a_hub(folder, clock, **how), clock=clock, folder=folder)
    for desk, (sector, role) in cast.items():
        admits(town, desk, sector, role)
    return town


def copied(folder: Path) -> Town:
    """As `a_town`, but all that are made so have the same keys: a copy of one in which nothing has happened yet.

    A sixth of the time that it takes to found one: nothing need be written safely to disk.
    """
    founded = _founded()
    shutil.copytree(founded.folder, folder)
    clock = SetClock(START)
    return Town(hub=a_hub(folder, clock), clock=clock, folder=folder, keys=dict(founded.keys))


@cache
def _founded() -> Town:
    """What is copied, once in a process. Its hub is closed and never opened again."""
    folder = Path(mkdtemp(prefix="sightline-town-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    town = a_town(folder / "hub")
    town.hub.close()
    return town


def admits(town: Town, desk: str, sector: str, *roles: str, areas: Sequence[str] = (AREA,), **what: Any) -> DeskId:
    """Open a desk and register a new key of its own, for every source and type that the desk may use."""
    name = DeskId(desk)
    town.hub.admin.open_desk(
        Desk(id=name, agency=agency_of(name), sector=sector, roles=frozenset(roles), areas=frozenset(areas), **what)
    )
    key = generate(name)
    town.hub.admin.register_key(make_registration(key, sources=[source_of(name)], types=["*"], now=town.clock.now()))
    town.keys[name] = key
    return name


def reopened(town: Town, **how: Any) -> Town:
    """The town, under a new process's hub: nothing survives but what was written down."""
    town.hub.close()
    town.hub = town.opens(**how) if town.opens else a_hub(town.folder, town.clock, **how)
    return town


def source_of(desk: str) -> str:
    """The one system that the desk sends from."""
    return f"/agencies/{desk}/records"


# ---------------------------------------------------------------------------------------------------------- sending


def signs(town: Town, desk: DeskId, type: str, data: Mapping[str, Any], **envelope: Any) -> bytes:
    """The signed event of that desk, now."""
    attributes: dict[str, Any] = {
        "source": source_of(desk),
        "area": AREA,
        "purpose": RESPONSE,
        "actor": "s-4711:duty_officer",
        "time": town.clock.now(),
    }
    return sign_event(town.keys[desk], type=type, data=data, **(attributes | envelope))


def submits(town: Town, *events: bytes) -> list[Sent]:
    """Hand signed bytes in as one batch; nothing is decided yet."""
    answers = town.hub.submit(list(events))
    return [
        Sent(event=e, answer=a, receipt=read_receipt(a.receipt, town.hub.hub_keys) if a.receipt else None)
        for e, a in zip(events, answers, strict=True)
    ]


def sends(town: Town, desk: DeskId, type: str, data: Mapping[str, Any], **envelope: Any) -> Sent:
    """Sign, submit, and let every stage run until nothing is left to do."""
    (sent,) = submits(town, signs(town, desk, type, data, **envelope))
    town.hub.settle()
    return sent


def passes(town: Town, **time: float) -> None:
    """Let time go by, strike the clocks and settle."""
    town.clock.advance(timedelta(**time))
    town.hub.settle()


# ------------------------------------------------------------------------------------------------------------ reading


def sees(town: Town, desk: DeskId) -> dict[str, ItemView]:
    """Everything that the desk may know of, by reference."""
    return {view.ref: view for view in town.hub.view.items(desk)}


def can_read(town: Town, desk: DeskId, ref: str) -> bool:
    """Whether the item stands disclosed to the desk."""
    try:
        return town.hub.view.item(desk, ref).state == "disclosed"
    except Refused:
        return False


def alerts(town: Town, desk: DeskId, type: str = "") -> list[ItemView]:
    """The hub's own items for that desk, of that type."""
    return [view for view in town.hub.view.alerts(desk) if view.type == (type or view.type)]


def feed(town: Town, desk: DeskId) -> tuple[FeedEntry, ...]:
    """The desk's whole feed."""
    return town.hub.feeds.page(desk, after=0).entries


def leaves(town: Town, *, desk: str = "", item: str = "", typ: str = "") -> list[dict[str, Any]]:
    """Leaves in register order: of that desk, that item and that type, where given."""
    with town.hub.database.reading() as session:
        rows = session.execute(
            "SELECT l.body, f.ref FROM leaves l LEFT JOIN item_folds f ON f.position = l.item ORDER BY l.n"
        )
    found = [(orjson.loads(bytes(body)), ref) for body, ref in rows]
    return [
        leaf
        for leaf, ref in found
        if (not desk or leaf["desk"] == desk) and (not item or ref == item) and (not typ or leaf["typ"] == typ)
    ]


def decision(town: Town, desk: DeskId, item: str) -> dict[str, Any]:
    """The latest decision leaf about that item for that desk."""
    return leaves(town, desk=desk, item=item, typ="decision")[-1]


def rows(town: Town, sql: str, *params: Any) -> list[Any]:
    """What a statement on the hub's own database returns, its change kept: how tests look behind, and how they tamper."""
    with town.hub.database.transaction() as session:
        return list(session.execute(sql, params))


def root(town: Town) -> bytes:
    """The register's sealed root."""
    head = town.hub.register.reader.head()
    assert head is not None
    return head.root


def holds(town: Town) -> None:
    """Fails unless the register verifies offline and replays leaf by leaf."""
    replay = town.hub.replay()
    assert replay.differences == [], replay.differences
    assert replay.equal == replay.leaves > 0
    report = verify_folder(town.register, vkey=town.hub.vkey)
    assert report.exit_code == 0, report.findings
    assert report.size == replay.leaves


# -------------------------------------------------------------------------------------------------------------- forms

JUSTIFIED = {
    "relevant": True,
    "may_help": True,
    "detriment": False,
    "family_told": False,
    "welfare_risk": True,
    "justification": "Telling them helps to find the child soon.",
}
"""Everything that a sharing at discretion may rest on."""

PLAIN = {"relevant": True, "may_help": True}
"""The least that a form must say of why it is shared."""


def an_nhs_number(serial: int) -> str:
    """A test number: it begins 999 and its check digit is right. Serials whose digit would be 10 are skipped."""
    while True:
        nine = f"999{serial:06d}"
        check = (11 - sum(w * int(d) for w, d in zip(range(10, 1, -1), nine, strict=True)) % 11) % 11
        if check != 10:
            return f"{nine}{check}"
        serial += 500_000


def a_child(serial: int = 1, **changes: Any) -> dict[str, Any]:
    """An invented child, known by a number of the police and one of the health service."""
    child: dict[str, Any] = {
        "identifiers": [
            {"scheme": "force:hampshire-police", "value": f"P/{serial:05d}"},
            {"scheme": "nhs-number", "value": an_nhs_number(serial)},
        ],
        "given_name": "Perrin",
        "family_name": f"Oakapple-{_letters(serial)}",
        "date_of_birth": "2011-05-04",
    }
    return child | changes


def _letters(serial: int) -> str:
    return "".join("abcdefghij"[int(d)] for d in str(serial))


def a_missing(child: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """``missing.reported``"""
    form: dict[str, Any] = {
        "child": dict(child or a_child()),
        "missing_since": "2026-11-20T08:30:00Z",
        "missing_category": "missing",
        "missing_risk": "medium",
        "circumstances": "Left after breakfast and did not reach school.",
        "contains": {"circumstances": ["location"]},
    }
    return form | changes


def missing_now(child: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The same of a child who went just now, for hubs on the machine's own clock: nothing is due yet, whatever day it is."""
    return a_missing(child, missing_since=SystemClock().now().isoformat(timespec="seconds"), **changes)


def a_return(child: Mapping[str, Any], at: datetime, **changes: Any) -> dict[str, Any]:
    """``missing.returned``"""
    return {"child": dict(child), "returned_at": _time(at), "harm_suffered": "no"} | changes


def a_category(child: Mapping[str, Any], category: str, **changes: Any) -> dict[str, Any]:
    """``missing.categorised``"""
    return {"child": dict(child), "missing_category": category} | changes


def a_ppn1(child: Mapping[str, Any], circumstance: str, **changes: Any) -> dict[str, Any]:
    """``ppn1.issued``"""
    form = {
        "child": dict(child),
        "ppn1_circumstance": circumstance,
        "narrative": "Found at a friend's flat.",
        "rating": "medium",
        "contains": {"narrative": ["location"]},
    }
    return form | changes


def a_cpi(*children: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """``cpi.submitted`` about those children, or about none"""
    form: dict[str, Any] = {
        "information_text": "A grey car waits near the leisure centre on weekday evenings.",
        "is_non_urgent": True,
        "cpi_topic": "exploited",
        "submitter_name": "Morgan Applegarth",
        "source_name": "Robin Catterick",
        "source_recontact_permitted": "yes",
        "source_recontact_telephone": "01632 960 002",
        "sharing": dict(JUSTIFIED),
        "contains": {"information_text": ["location"], "justification": []},
    }
    return form | ({"children": [dict(c) for c in children]} if children else {}) | changes


def a_grading(item: str, **changes: Any) -> dict[str, Any]:
    """``cpi.graded``"""
    return {"item": item, "source_evaluation": 2, "information_assessment": "B", "handling": "P"} | changes


def a_sanitised(item: str, **changes: Any) -> dict[str, Any]:
    """``cpi.sanitised``"""
    form = {
        "item": item,
        "information_text": "A car collects children on weekday evenings.",
        "cpi_topic": "exploited",
        "handling": "P",
        "sharing": dict(JUSTIFIED),
        "contains": {"information_text": ["location"], "justification": []},
    }
    return form | changes


def a_consent(child: Mapping[str, Any], position: str = "given", **changes: Any) -> dict[str, Any]:
    """``consent.recorded`` for the safeguarding response, by default given by the child alone"""
    form = {
        "child": dict(child),
        "consent_purpose": RESPONSE,
        "position": position,
        "giver": "child",
        "giver_relation": "self",
        "present": ["self"],
    }
    return form | changes


def a_withdrawal(child: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """``consent.withdrawn``"""
    form = {"child": dict(child), "consent_purpose": RESPONSE, "giver": "child", "giver_relation": "self"}
    return form | changes


def an_involvement(child: Mapping[str, Any], kind: str, **changes: Any) -> dict[str, Any]:
    """``involvement.opened``; of the sending desk unless `involved_desk` says otherwise"""
    return {"child": dict(child), "involvement_kind": kind} | changes


def a_flag(child: Mapping[str, Any], flag: str, **changes: Any) -> dict[str, Any]:
    """``flag.raised`` or ``flag.lifted``"""
    return {"child": dict(child), "flag": flag} | changes


def a_ruling(first: Mapping[str, Any], second: Mapping[str, Any], ruling: str, **changes: Any) -> dict[str, Any]:
    """``match.ruled`` on two records"""
    form = {
        "records": [first["ref"], second["ref"]],
        "ruling": ruling,
        "reason": "The school and the police were asked.",
        "contains": {"reason": []},
    }
    return form | changes


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
