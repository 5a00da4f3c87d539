"""Random lives of a town: what desks might say in any order, for properties that must hold whatever they said."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from sightline.formats.fields import Fields
from sightline.formats.policy_digest import policy_data
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, Position
from sightline.kernel.share import share
from sightline.ledger.derivation import Derivation, Due
from sightline.ledger.folds import Brief, ChildFold, ItemFold
from sightline.ledger.policy import POLICY_STREAM, Policy
from sightline.ledger.store import Placed
from sightline.ledger.world import PolicyData, World
from tests.builders_hub import (
    BUREAU,
    CAST,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    PLAIN,
    POLICE,
    RESPONSE,
    SCHOOL,
    Town,
    a_category,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_grading,
    a_hub,
    a_missing,
    a_ppn1,
    a_return,
    a_ruling,
    a_sanitised,
    a_withdrawal,
    alerts,
    an_involvement,
    copied,
    leaves,
    rows,
    sends,
)

ANYBODY = (POLICE, CSC, MASH, HEALTH, SCHOOL, CHARITY, BUREAU)
RELATIONS = ("sponsor", "parent", "carer")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens. The numbers choose who, about whom, and which variant; each verb reads them its own way."""

    verb: str
    who: int
    child: int
    variant: int


@dataclass(slots=True)
class Memory:
    """What has been sent so far, for those who speak of it."""

    items: list[tuple[DeskId, str, str]] = field(default_factory=list)
    """Sender, type and reference."""


def lives(*, least: int = 3, most: int = 14, often: Sequence[str] = ()) -> st.SearchStrategy[list[Act]]:
    """Lives of that many acts; the verbs of `often` make up half of them."""
    small = st.integers(min_value=0, max_value=7)
    verbs = st.sampled_from(sorted(VERBS))
    if often:
        verbs = st.one_of(verbs, st.sampled_from(often))
    acts = st.builds(Act, verb=verbs, who=small, child=st.integers(0, 2), variant=small)
    return st.lists(acts, min_size=least, max_size=most)


@contextmanager
def lived(acts: list[Act]) -> Iterator[Town]:
    """A town in which all that has happened, in a folder that is gone afterwards."""
    with TemporaryDirectory() as folder:
        town = copied(Path(folder) / "hub")
        happens(town, acts)
        yield town
        town.hub.close()


def happens(town: Town, acts: list[Act]) -> Memory:
    """Let them happen one after the other, everything settled in between."""
    memory = Memory()
    for act in acts:
        VERBS[act.verb](town, act, memory)
    town.hub.settle()
    return memory


def _say(town: Town, memory: Memory, desk: DeskId, type: str, data: dict[str, Any], **envelope: Any) -> None:
    sent = sends(town, desk, type, data, **envelope)
    if sent.answer.outcome == "accepted" and sent.receipt is not None:
        memory.items += [(desk, type, ref) for ref in sent.receipt.items]


def _child(act: Act) -> dict[str, Any]:
    """One of three children; now and then looked after, of uncertain age, or known by name or by one number only."""
    child = a_child(act.child + 1)
    if act.variant in {3, 4}:
        # Two records of the child, each bound by the desk that has authority for the number.
        return {"identifiers": [child["identifiers"][act.variant - 3]]}
    if act.variant == 5:
        return {name: child[name] for name in ("given_name", "family_name", "date_of_birth")}
    if act.variant == 6:
        return child | {"is_looked_after": True, "trafficking_status": "suspected", "address": "4 Example Row"}
    return child | {"presumed_child": True, "nationality": "VN"} if act.variant == 7 else child


def _reports(town: Town, act: Act, memory: Memory) -> None:
    form = a_missing(
        _child(act), missing_category=("missing", "absent")[act.variant % 2], to=[SCHOOL, CHARITY][: act.who % 3]
    )
    if act.variant % 3 == 0:
        form |= {"urgency": ("urgent", "immediate_danger", "frightful")[act.who % 3], "exclude": ["exampleton-health"]}
    _say(town, memory, ANYBODY[act.who % 7], "missing.reported", form)


def _categorises(town: Town, act: Act, memory: Memory) -> None:
    form = a_category(_child(act), ("missing", "absent")[act.variant % 2], missing_risk="high", to=[SCHOOL])
    _say(town, memory, POLICE, "missing.categorised", form)


def _returns(town: Town, act: Act, memory: Memory) -> None:
    form = a_return(_child(act), town.clock.now(), harm_suffered=("yes", "no", "not_known")[act.variant % 3])
    _say(town, memory, (POLICE, CSC)[act.who % 2], "missing.returned", form)


def _issues(town: Town, act: Act, memory: Memory) -> None:
    circumstance = ("returned_and_harmed", "missing_not_returned", "third_in_90_days")[act.variant % 3]
    _say(town, memory, POLICE, "ppn1.issued", a_ppn1(_child(act), circumstance))


def _informs(town: Town, act: Act, memory: Memory) -> None:
    about = [a_child(n) for n in range(1, 1 + act.variant % 4)]
    form = a_cpi(*about, source_recontact_permitted=("yes", "no")[act.who % 2], to=[SCHOOL])
    form["sharing"] = dict(PLAIN, detriment=True) if act.variant > 5 else form["sharing"]
    _say(town, memory, (CHARITY, SCHOOL, CSC)[act.who % 3], "cpi.submitted", form, purpose=_purpose(act))


def _purpose(act: Act) -> str:
    return (RESPONSE, "nrm_referral", "police_update", "service_provision")[act.variant % 4]


def _speaks_of(type: str) -> Callable[[Town, Act, Memory], None]:
    def act_upon(town: Town, act: Act, memory: Memory) -> None:
        said = [one for one in memory.items if type.startswith("item.") or one[1] == "cpi.submitted"]
        if not said:
            return
        sender, _, ref = said[-1 - act.variant % len(said)]
        forms: dict[str, dict[str, Any]] = {
            "cpi.graded": a_grading(ref, handling=("P", "C")[act.who % 2], conditions=["Ask first."]),
            "cpi.sanitised": a_sanitised(ref, to=[SCHOOL]),
            "item.corrected": {"item": ref, "reason_code": "wrong_detail", "correction": "Green."},
            "item.retracted": {"item": ref, "reason_code": ("unreliable", "wrong_child")[act.who % 2]},
        }
        _say(town, memory, BUREAU if type.startswith("cpi.") else sender, type, forms[type])

    return act_upon


def _flags(kind: str) -> Callable[[Town, Act, Memory], None]:
    def flag(town: Town, act: Act, memory: Memory) -> None:
        flags: tuple[dict[str, Any], ...] = (
            {"flag": "location_protected"},
            {"flag": "safe_word_set"},
            {"flag": "suspected_exploiter", "relation": RELATIONS[act.who % 3]},
            {"flag": "conflict", "desk": (str(HEALTH), "hampshire-council")[act.who % 2]},
        )
        form = flags[act.variant % 4]
        _say(town, memory, (MASH, POLICE)[act.who % 2], kind, a_flag(_child(act), **form))

    return flag


def _consents(town: Town, act: Act, memory: Memory) -> None:
    positions = ("given", "refused", "not_possible", "given", "not_appropriate")
    form = a_consent(_child(act), positions[act.variant % 5], giver=("child", "pr_holder")[act.who % 2])
    if act.who % 2:
        form |= {"giver_relation": RELATIONS[act.variant % 3], "present": [RELATIONS[act.variant % 3]]}
    if act.who > 4:
        form["expires_at"] = (town.clock.now() + timedelta(hours=act.variant)).isoformat()
    _say(town, memory, ANYBODY[act.who % 7], "consent.recorded", form)


def _withdraws(town: Town, act: Act, memory: Memory) -> None:
    _say(town, memory, ANYBODY[act.who % 7], "consent.withdrawn", a_withdrawal(_child(act)))


def _involves(town: Town, act: Act, memory: Memory) -> None:
    kind = ("strategy", "school_place", "placing_team", "allocated_team")[act.variant % 4]
    about = {"involved_desk": (SCHOOL, CHARITY, CSC)[act.child]} if act.who % 2 else {}
    _say(town, memory, ANYBODY[act.who % 7], "involvement.opened", an_involvement(_child(act), kind, **about))


def _confirms(town: Town, act: Act, memory: Memory) -> None:
    form = {"child": _child(act), "involved_desk": (SCHOOL, CHARITY, CSC)[act.who % 3]}
    _say(town, memory, (MASH, CSC)[act.variant % 2], "involvement.confirmed", form)


def _closes(town: Town, act: Act, memory: Memory) -> None:
    form = {
        "child": _child(act),
        "involved_desk": (SCHOOL, CHARITY, CSC)[act.who % 3],
        "mistaken": act.variant % 2 == 0,
    }
    _say(town, memory, MASH, "involvement.closed", form)


def _rules(town: Town, act: Act, memory: Memory) -> None:
    """Whether two of the records that there are by now are one child's."""
    refs = [str(row[0]) for row in rows(town, "SELECT ref FROM child_refs ORDER BY rowid")]
    first, second = act.who % max(1, len(refs)), act.variant % max(1, len(refs))
    if first != second:
        ruling = ("same", "same", "different")[act.child]
        _say(town, memory, MASH, "match.ruled", a_ruling({"ref": refs[first]}, {"ref": refs[second]}, ruling))


def _answers(town: Town, act: Act, memory: Memory) -> None:
    recalls = leaves(town, typ="recall")
    if recalls:
        recall = recalls[-1 - act.variant % len(recalls)]
        _say(town, memory, DeskId(recall["desk"]), "recall.answered", {"recall": recall["id"], "answer": "removed"})


def _acknowledges(town: Town, act: Act, memory: Memory) -> None:
    with suppress(Refused):  # the MASH itself may be suspended
        for alert in alerts(town, MASH)[act.variant % 3 :][:1]:
            _say(town, memory, MASH, "alert.acknowledged", {"alert": alert.ref})


def _waits(town: Town, act: Act, _: Memory) -> None:
    town.clock.advance(timedelta(hours=(1, 6, 30, 75)[act.variant % 4]))
    town.hub.strike.hourly()
    town.hub.settle()


def _stands(town: Town, act: Act, _: Memory) -> None:
    town.hub.admin.change_standing(sorted(CAST)[act.who], ("good", "suspended")[act.variant % 2])
    town.hub.settle()


VERBS: dict[str, Callable[[Town, Act, Memory], None]] = {
    "acknowledges": _acknowledges,
    "answers": _answers,
    "categorises": _categorises,
    "closes": _closes,
    "confirms": _confirms,
    "consents": _consents,
    "corrects": _speaks_of("item.corrected"),
    "flags": _flags("flag.raised"),
    "grades": _speaks_of("cpi.graded"),
    "informs": _informs,
    "involves": _involves,
    "issues": _issues,
    "lifts": _flags("flag.lifted"),
    "reports": _reports,
    "retracts": _speaks_of("item.retracted"),
    "rules": _rules,
    "returns": _returns,
    "sanitises": _speaks_of("cpi.sanitised"),
    "stands": _stands,
    "waits": _waits,
    "withdraws": _withdraws,
}

# --------------------------------------------------------------------------------------- the same ledger, decided anew

WRITTEN_BY_RECORDING = frozenset({
    "stored_events", "claims", "receipts", "quarantine", "notices", "bound_identifiers", "name_tokens",
    "possible_matches", "match_rulings", "people", "child_refs", "items", "clocks", "alert_states",
})  # fmt: skip
"""Tables that are no fold of the ledger; all others can be dropped and made again."""


def undecided_copy(town: Town, folder: Path) -> Town:
    """The same ledger, keys and intake in another folder, as if nothing had ever been decided. Closes the first hub."""
    town.hub.close()
    shutil.copytree(town.folder, folder)
    shutil.rmtree(folder / "register", ignore_errors=True)
    with closing(sqlite3.connect(folder / "sightline.sqlite")) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table not in WRITTEN_BY_RECORDING and not table.startswith("sqlite_"):
                db.execute(f"DELETE FROM {table}")
        db.commit()
    return Town(hub=a_hub(folder, town.clock), clock=town.clock, folder=folder, keys=town.keys)


def bodies(town: Town) -> list[bytes]:
    """The bytes of every leaf, in register order."""
    with town.hub.database.reading() as session:
        return [bytes(body) for (body,) in session.execute("SELECT body FROM leaves ORDER BY n")]


class Nothing:
    """A store of folds that has none: everything is folded from the ledger's first entry on."""

    def children(self, ids: list[str]) -> dict[str, ChildFold]:
        return {}

    def items(self, positions: list[int]) -> dict[int, ItemFold]:
        return {}

    def items_of(self, children: list[str]) -> dict[str, list[Brief]]:
        return {}

    def named(self, refs: list[str]) -> dict[str, int]:
        return {}

    def between(self, after: int, upto: int, desk: str, limit: int) -> list[int]:
        return []

    def asking(self, after: int, upto: int, areas: list[str], limit: int) -> list[int]:
        return []


def derived(town: Town) -> Derivation:
    """A derivation that has folded nothing yet and holds that town's keys."""
    vault = town.hub.decide._vault  # noqa: SLF001  # the one holder of children's keys in process

    def keys(names: Sequence[str]) -> list[bytes]:
        found = vault.open(list(names))
        return [found[name] for name in names]

    world = World(PolicyData.read(policy_data(share("policies"))))
    return Derivation(store=Nothing(), world=world, fields=Fields(town.hub.schemas), keys=keys)  # type: ignore[arg-type]  # a store that holds nothing


def documents(town: Town) -> Iterator[bytes]:
    """Every facts document that any decision of that town rests on, derived from the ledger alone."""
    for step in derived(town).steps(town.hub.ledger.read(0, 100_000)):
        for due in step:
            if isinstance(due, Due):
                yield from (one.document() for of_desk in due.facts.values() for one in of_desk)


Latest = dict[tuple[int, DeskId], tuple[bytes, ...]]
"""Item and desk to the documents it was last decided on."""


def latest_and_anew(town: Town) -> tuple[Latest, Latest]:
    """What each item was last decided on for each desk; and what it would be if all were decided about once more now."""
    derivation, placed = derived(town), town.hub.ledger.read(0, 100_000)
    latest = _latest(derivation, placed)
    end = placed[-1]
    again: dict[str, Any] = {
        "originator_id": POLICY_STREAM,
        "originator_version": 1_000_000,
        "timestamp": end.entry.timestamp,
        "step": "everything again",
        "reason": "policy",
        "activation": 0,
        "after": 0,
        "upto": end.position,
        "last": True,
    }
    return latest, _latest(derivation, [Placed(Position(end.position + 1), Policy.SliceOpened(**again))])


def _latest(derivation: Derivation, placed: Sequence[Placed]) -> Latest:
    latest: Latest = {}
    for step in derivation.steps(placed):
        for due in (one for one in step if isinstance(one, Due)):
            for desk, of_desk in due.facts.items():
                latest[due.item.position, desk] = tuple(one.document() for one in of_desk)
    return latest


def an_item(*classes: str) -> ItemFold:
    """An item that holds those classes, which nobody was told of."""
    return ItemFold(
        position=1,
        ref="i-1",
        stream="",
        version=1,
        type="missing.reported",
        schema_version=1,
        part="whole",
        desk="a/desk",
        area="hampshire",
        purpose="monitoring",
        children=[],
        facts={"classes": list(classes)},
        own={},
    )
