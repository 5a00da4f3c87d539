"""Builders for stages on any store: a few days of a town that touch every stage, and all that came of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_missing,
    a_ppn1,
    a_return,
    a_withdrawal,
    alerts,
    an_involvement,
    feed,
    leaves,
    passes,
    rows,
    sees,
    sends,
    signs,
    submits,
)

PLAIN = {"relevant": True, "may_help": True}
CORRECTION = {"reason_code": "new_information", "correction": "It was a Thursday."}
CHILD = a_child(address="4 Example Row", is_looked_after=False, trafficking_status="suspected")
NAMESAKE = {name: CHILD[name] for name in ("given_name", "family_name", "date_of_birth")}

Between = Callable[[Town], Town]


@dataclass
class Week:
    """A few days of a town: reports, information shared by consent that is then withdrawn, refusals, clocks."""

    town: Town
    between: Between = lambda town: town
    """What happens to the hub each night."""

    def passes(self) -> "Week":
        """The days, and long enough after them for every clock to run out."""
        for day in (self.monday, self.tuesday, self.wednesday, self.thursday):
            day()
            self.town = self.between(self.town)
        return self

    def monday(self) -> None:
        """A child is missing; a charity is told of something else by the child's consent."""
        self.reported = sends(self.town, POLICE, "missing.reported", a_missing(CHILD, to=[SCHOOL], urgency="urgent"))
        sends(self.town, CSC, "consent.recorded", a_consent(CHILD, consent_purpose="assessment"))
        flag = a_flag(CHILD, "safe_word_set", to=[CHARITY], sharing=PLAIN)
        self.shared = sends(self.town, CSC, "flag.raised", flag, purpose="assessment")

    def tuesday(self) -> None:
        """A clock strikes and its alert is met; a claim, a refusal, a repetition."""
        passes(self.town, hours=7)
        sends(self.town, POLICE, "ppn1.issued", a_ppn1(self.reported.child, "missing_not_returned", to=[CSC]))
        sends(self.town, SCHOOL, "involvement.opened", an_involvement(CHILD, "school_place"))
        correction = signs(self.town, CHARITY, "item.corrected", {**CORRECTION, "item": self.reported.item})
        refused, repeated = submits(self.town, correction, self.shared.event)
        assert (refused.refused, repeated.answer.outcome) == ("unknown_item", "repeated")

    def wednesday(self) -> None:
        """The consent is withdrawn, and what rested on it recalled."""
        item, at = self.shared.items[-1], self.town.clock.now()
        sends(self.town, CSC, "consent.withdrawn", a_withdrawal(CHILD, consent_purpose="assessment"))
        recall = sees(self.town, CHARITY)[item].recall
        sends(self.town, CHARITY, "recall.answered", {"recall": recall, "answer": "removed"})
        sends(self.town, CSC, "item.corrected", {**CORRECTION, "item": item})
        sends(self.town, POLICE, "missing.returned", a_return(self.reported.child, at, harm_suffered="yes"))

    def thursday(self) -> None:
        """Two children, one of them perhaps known; a report about the wrong child; a desk out of standing."""
        sends(self.town, HEALTH, "cpi.submitted", a_cpi(NAMESAKE, a_child(2)))
        sends(self.town, POLICE, "item.retracted", {"item": self.reported.item, "reason_code": "wrong_child"})
        self.town.hub.admin.change_standing(SCHOOL, "suspended")
        self.town.hub.strike.hourly()
        self.town.hub.settle()

    def runs_out(self) -> "Week":
        """Every clock that was set strikes."""
        passes(self.town, hours=73)
        return self


# ------------------------------------------------------------------------------------------------- what came of it


def outcome(town: Town) -> dict[str, Any]:
    """All that the week led to, with names that are drawn by chance replaced by when they first came."""
    named = _Names()
    desks = sorted(set(town.keys) - {SCHOOL})
    entries = [p.entry for p in town.hub.ledger.read(0, 10_000)]
    return {
        "entries": [(type(entry).__qualname__, entry.originator_version) for entry in entries],
        "leaves": [{name: named(name, value) for name, value in leaf.items()} for leaf in leaves(town)],
        "views": {desk: [view_of(view) for view in sees(town, desk).values()] for desk in desks},
        "alerts": {desk: [view.type for view in alerts(town, desk)] for desk in desks},
        "feeds": {desk: [(e.seq, e.kind) for e in feed(town, desk)] for desk in town.keys},
        "notices": {desk: [(n.code, n.type) for n in town.hub.notices.of(desk)] for desk in desks},
        "counts": counts(town),
    }


def counts(town: Town) -> dict[str, int]:
    """How much stands in each table."""
    return {table: rows(town, f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES}


def effects(town: Town) -> list[bytes]:
    """Leaves' effects without their order: clocks due at one instant strike in the order of ids drawn by chance."""
    kept = ("desk", "typ", "eff", "classes", "withheld", "told", "rules", "basis", "obl", "pur", "kind", "by")
    return sorted(orjson.dumps([leaf.get(name) for name in kept]) for leaf in leaves(town))


TABLES = (
    "claims", "receipts", "quarantine", "notices", "bound_identifiers", "name_tokens", "possible_matches", "child_refs",
    "match_rulings", "people", "items", "clocks", "facts", "leaves", "child_folds", "item_folds", "child_items", "open_alerts", "desk_folds", "feed", "positions",
)  # fmt: skip


class _Names:
    """Gives ids and positions the number of their first appearance; leaves out what a key makes."""

    def __init__(self) -> None:
        self._seen: dict[Any, int] = {}

    def __call__(self, member: str, value: Any) -> Any:
        if member in {"cfacts", "citem", "cjust"}:
            return len(value)
        if member in {"id", "cause", "item", "sup", "of"}:
            return self._seen.setdefault(value, len(self._seen))
        return value


def view_of(view: Any) -> tuple[Any, ...]:
    body = {name: value for name, value in view.body.items() if name not in {"item", "recall", "about", "child"}}
    return (view.type, view.state, view.classes, view.withheld, view.basis, view.obligations, bool(view.recall), body)


def assert_alike(one: Town, other: Town) -> None:
    """The same, said part by part: the first part that differs is the one to look at."""
    ours, theirs = outcome(one), outcome(other)
    for part in ours:
        assert ours[part] == theirs[part], part
