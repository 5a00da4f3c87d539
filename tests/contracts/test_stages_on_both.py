"""One code on two databases: the same week, sent to a hub on each, ends alike; and of two processes at once one wins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_hub,
    a_missing,
    a_ppn1,
    a_return,
    a_town,
    a_withdrawal,
    alerts,
    an_involvement,
    can_read,
    feed,
    holds,
    leaves,
    passes,
    reopened,
    rows,
    sees,
    sends,
    signs,
    submits,
)
from tests.builders_ledger import OnPostgres, OnSqlite, Settings, at_once, lost, sqlite_settings

from sightline.adapters import postgres
from sightline.kernel.errors import Unavailable
from sightline.ledger.positions import Overtaken
from sightline.runtime.hub import Hub

Between = Callable[[Town], Town]


def nothing(town: Town) -> Town:
    """What happens between two days of most weeks."""
    return town


def a_week(town: Town, between: Between = nothing) -> Town:
    """Missing reports, information shared by consent that is then withdrawn, a recall, a correction, refusals, clocks."""
    child = a_child(address="4 Example Row", is_looked_after=False, trafficking_status="suspected")
    reported = sends(town, POLICE, "missing.reported", a_missing(child, to=[SCHOOL], urgency="urgent"))
    known = reported.child
    sends(town, CSC, "consent.recorded", a_consent(child, consent_purpose="assessment"))
    shared = sends(town, CSC, "cpi.submitted", a_cpi(child, to=[CHARITY], sharing=PLAIN), purpose="assessment")
    town = between(town)

    passes(town, hours=7)
    sends(town, POLICE, "ppn1.issued", a_ppn1(known, "missing_not_returned", to=[CSC]))
    sends(town, SCHOOL, "involvement.opened", an_involvement(child, "school_place"))
    (refused,) = submits(town, signs(town, CHARITY, "item.corrected", {**CORRECTION, "item": reported.item}))
    assert refused.refused == "unknown_item"
    assert submits(town, shared.event)[0].answer.outcome == "repeated"
    town = between(town)

    sends(town, CSC, "consent.withdrawn", a_withdrawal(child, consent_purpose="assessment"))
    recall = sees(town, CHARITY)[shared.items[-1]].recall
    sends(town, CHARITY, "recall.answered", {"recall": recall, "answer": "removed"})
    sends(town, CSC, "item.corrected", {**CORRECTION, "item": shared.items[-1]})
    sends(town, POLICE, "missing.returned", a_return(known, town.clock.now(), harm_suffered="yes"))
    town = between(town)

    namesake = {name: child[name] for name in ("given_name", "family_name", "date_of_birth")}
    sends(town, HEALTH, "cpi.submitted", a_cpi(namesake, a_child(2)))
    sends(town, POLICE, "item.retracted", {"item": reported.item, "reason_code": "wrong_child"})
    town.hub.admin.change_standing(SCHOOL, "suspended")
    town.hub.strike.hourly()
    town = between(town)
    passes(town, hours=73)
    return town


PLAIN = {"relevant": True, "may_help": True}
CORRECTION = {"reason_code": "new_information", "correction": "It was a Thursday."}

# ------------------------------------------------------------------------------------------------- what came of it


def outcome(town: Town) -> dict[str, Any]:
    """All that the week led to, with names that are drawn by chance replaced by when they first came."""
    named = _Names()
    decided = [{name: named(name, value) for name, value in leaf.items()} for leaf in leaves(town)]
    entries = [(p.entry.TOPIC, p.entry.originator_version) for p in town.hub.ledger.read(0, 10_000)]  # type: ignore[attr-defined]  # every entry has a topic
    return {
        "entries": entries,
        "leaves": decided,
        "views": {desk: [_view(v) for v in seen(town, desk)] for desk in (POLICE, MASH, CSC, HEALTH, CHARITY)},
        "alerts": {desk: [view.type for view in alerts(town, desk)] for desk in (POLICE, MASH, CSC)},
        "feeds": {
            desk: [(e.seq, e.kind) for e in feed(town, desk)] for desk in (POLICE, MASH, CSC, HEALTH, CHARITY, SCHOOL)
        },
        "notices": [(n.code, n.type) for n in town.hub.notices.of(CHARITY)],
        "counts": {table: rows(town, f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES},
    }


TABLES = (
    "claims", "receipts", "quarantine", "notices", "bound_identifiers", "name_tokens", "possible_matches", "child_refs",
    "items", "clocks", "facts", "leaves", "child_folds", "item_folds", "child_items", "desk_folds", "feed", "positions",
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


def seen(town: Town, desk: str) -> Sequence[Any]:
    """What the desk sees, in order of recording."""
    return list(sees(town, desk).values())  # type: ignore[arg-type]  # one of the cast


def _view(view: Any) -> tuple[Any, ...]:
    body = {name: value for name, value in view.body.items() if name not in {"item", "recall", "about", "child"}}
    return (view.type, view.state, view.classes, view.withheld, view.basis, view.obligations, bool(view.recall), body)


# --------------------------------------------------------------------------------------------------- one hub, one store


class StagesContract:
    """Each database inherits these."""

    @pytest.fixture
    def town(self, tmp_path: Path, store: Settings) -> Iterator[Town]:
        town = a_town(tmp_path / "hub", store=store)
        yield town
        town.hub.close()

    @pytest.fixture
    def second(self, town: Town, tmp_path: Path, store: Settings) -> Iterator[Hub]:
        """Another process with the same ledger and keys."""
        hub = a_hub(town.folder, town.clock, store=store)
        yield hub
        hub.close()

    def test_a_week_is_decided_told_verified_and_replayed(self, town: Town) -> None:
        a_week(town)
        holds(town)
        recalled = {leaf["desk"]: leaf["kind"] for leaf in leaves(town, typ="recall")}
        assert recalled[CHARITY] == "lapsed"
        assert CSC not in {leaf["desk"] for leaf in leaves(town, typ="recall") if leaf["kind"] == "lapsed"}
        assert any(view.type == "alert.ppn1_due" for view in alerts(town, POLICE))
        assert [entry.seq for entry in feed(town, CHARITY)] == list(range(1, 1 + len(feed(town, CHARITY))))

    # ----------------------------------------------------------------------------------------------- two at once

    def test_of_two_recorders_one_accepts_and_both_give_its_receipt(self, town: Town, second: Hub) -> None:
        for serial in range(5):
            event = signs(town, POLICE, "missing.reported", a_missing(a_child(serial)))
            answers = at_once([partial(hub.submit, [event]) for hub in (town.hub, second) * 2])
            assert lost(answers) == []
            (first,) = {answer[0].receipt for answer in answers}  # type: ignore[index]  # no errors, see above
            assert first
            assert sorted(answer[0].outcome for answer in answers) == ["accepted", *["repeated"] * 3]  # type: ignore[index]  # as above
        town.hub.settle()
        holds(town)

    def test_of_two_recorders_of_one_new_child_both_find_one_record(self, town: Town, second: Hub) -> None:
        """Bound identifiers settle the race: whoever comes second uses the record that the first one opened."""
        for serial in range(5):
            child = a_child(serial)
            works = [
                partial(hub.submit, [signs(town, desk, "missing.reported", a_missing(child))])
                for hub, desk in ((town.hub, POLICE), (second, HEALTH), (second, POLICE), (town.hub, HEALTH))
            ]
            assert lost(at_once(works)) == []
        town.hub.settle()
        assert rows(town, "SELECT COUNT(DISTINCT child) FROM bound_identifiers") == [(5,)]
        assert rows(town, "SELECT COUNT(*) FROM child_refs") == [(5,)]
        holds(town)

    def test_of_two_deciders_one_wins_and_each_leaf_is_written_once(self, town: Town, second: Hub) -> None:
        for serial in range(6):
            submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(serial))))
            told = at_once([town.hub.decide, second.decide])
            # Who comes when the other is done finds nothing to do; who comes before is overtaken.
            assert all(one == Overtaken for one in lost(told))
            assert len(lost(told)) <= 1
        for hub in (town.hub, second, town.hub):
            settled(hub)
        holds(town)

    def test_of_two_that_tell_one_wins_and_feeds_stay_dense(self, town: Town, second: Hub) -> None:
        for serial in range(6):
            submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(serial))))
            settled(town.hub, feed=False)
            assert set(lost(at_once([town.hub.feed, second.feed]))) <= {Overtaken}
        for hub in (town.hub, second):
            settled(hub)
        for desk in (POLICE, MASH, CSC):
            entries = feed(town, desk)
            assert [entry.seq for entry in entries] == list(range(1, 1 + len(entries)))
        told = [entry.leaf for desk in town.keys for entry in feed(town, desk)]
        assert len(told) == len(set(told)) == rows(town, "SELECT COUNT(*) FROM leaves WHERE kind <> ''")[0][0]

    def test_all_stages_of_two_processes_at_once_lose_and_double_nothing(self, town: Town, second: Hub) -> None:
        def work(hub: Hub, desk: Any, start: int) -> list[str]:
            receipts = []
            for serial in range(start, start + 6):
                event = signs(town, desk, "missing.reported", a_missing(a_child(serial)))
                receipts += [answer.receipt_id for answer in hub.submit([event])]
                settled(hub)
            return receipts

        done = at_once([partial(work, town.hub, POLICE, 0), partial(work, second, HEALTH, 3)])
        assert lost(done) == []
        for hub in (town.hub, second):
            settled(hub)
        kept = {row[0] for row in rows(town, "SELECT id FROM receipts WHERE outcome = 'accepted'")}
        assert kept == {receipt for one in done for receipt in one}  # type: ignore[union-attr]  # no errors, see above
        holds(town)

    # --------------------------------------------------------------------------------------------------------- restart

    def test_a_hub_that_is_opened_again_each_day_ends_where_the_other_does(
        self, town: Town, tmp_path: Path, store: Settings
    ) -> None:
        """Folds, positions, heads and directories come back from the tables as they were in memory."""
        again = a_week(town, between=lambda old: reopened(old, store=store))
        holds(again)
        restarted = outcome(again)
        again.hub.close()
        straight = a_week(a_town(tmp_path / "straight", store=sqlite_settings(tmp_path)))
        assert_alike(restarted, outcome(straight))
        straight.hub.close()

    def test_what_a_desk_may_not_see_it_may_not_see_after_a_restart(self, town: Town, store: Settings) -> None:
        item = sends(town, POLICE, "missing.reported", a_missing()).item
        before = {desk: can_read(town, desk, item) for desk in town.keys}
        again = reopened(town, store=store)
        assert {desk: can_read(again, desk, item) for desk in town.keys} == before
        assert set(before.values()) == {True, False}
        again.hub.close()


def settled(hub: Hub, *, feed: bool = True) -> None:
    """Run the stages until nothing is left; being overtaken is no more than a reason to look again."""
    stages: list[Callable[[], object]] = [hub.decide, lambda: hub.register.seal().count]
    for stage in [*stages, hub.feed] if feed else stages:
        while True:
            try:
                if not stage():
                    break
            except Unavailable:
                continue


def assert_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """The same, said part by part: the first part that differs is the one to look at."""
    for part in one:
        assert orjson.dumps(one[part], default=list, option=orjson.OPT_NON_STR_KEYS) == orjson.dumps(
            other[part], default=list, option=orjson.OPT_NON_STR_KEYS
        ), part


class TestStagesOnSqlite(OnSqlite, StagesContract):
    """One file."""


class TestStagesOnPostgres(OnPostgres, StagesContract):
    """One database."""


def test_the_same_week_ends_alike_on_sqlite_and_on_postgres(tmp_path: Path, postgres_dsn: str) -> None:
    stores = {"sqlite": sqlite_settings(tmp_path), "postgres": postgres.settings_of(postgres_dsn)}
    outcomes = {}
    for name, store in stores.items():
        town = a_week(a_town(tmp_path / name, store=store))
        holds(town)
        outcomes[name] = outcome(town)
        town.hub.close()
    assert_alike(outcomes["sqlite"], outcomes["postgres"])
    effects = [(leaf["desk"], leaf.get("eff")) for leaf in outcomes["sqlite"]["leaves"]]
    assert {eff for desk, eff in effects if desk == CHARITY} >= {"disclose", "withhold"}
