"""One code on two databases: the same week, sent to a hub on each, ends alike; and of two processes at once one wins."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters import postgres
from sightline.kernel.errors import Unavailable
from sightline.ledger.positions import Overtaken
from sightline.record.queue import unruled
from sightline.runtime.hub import Hub
from tests.builders_hub import (
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    Town,
    a_child,
    a_hub,
    a_missing,
    a_return,
    a_ruling,
    a_town,
    alerts,
    an_involvement,
    can_read,
    feed,
    holds,
    leaves,
    passes,
    reopened,
    rows,
    sends,
    signs,
    submits,
)
from tests.builders_ledger import OnPostgres, OnSqlite, Settings, at_once, lost, sqlite_settings
from tests.builders_stages import Week, assert_alike, counts, effects

pytestmark = pytest.mark.slow

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
        Week(town).passes().runs_out()
        holds(town)
        recalled = {leaf["desk"]: leaf["kind"] for leaf in leaves(town, typ="recall")}
        assert recalled[CHARITY] == "lapsed"
        assert CSC not in {leaf["desk"] for leaf in leaves(town, typ="recall") if leaf["kind"] == "lapsed"}
        assert any(view.type == "alert.ppn1_due" for view in alerts(town, POLICE))

    def test_records_are_joined_and_parted_again(self, town: Town) -> None:
        named = {"given_name": "Perrin", "family_name": "Oakapple-b", "date_of_birth": "2011-05-04"}
        first, second = (sends(town, POLICE, "missing.reported", a_missing(named, to=[CHARITY])) for _ in range(2))
        sends(town, MASH, "involvement.opened", an_involvement(first.child, "strategy", involved_desk=str(CHARITY)))
        sends(town, MASH, "match.ruled", a_ruling(first.child, second.child, "same"))
        sends(town, POLICE, "missing.returned", a_return(second.child, town.clock.now()))
        assert can_read(town, CHARITY, second.item)
        assert len(town.hub.view.child(CHARITY, second.child["ref"])) > 1
        with town.hub.database.reading() as session:
            assert unruled(session, 10) == []
        sends(town, MASH, "match.ruled", a_ruling(first.child, second.child, "different"))
        assert not can_read(town, CHARITY, second.item)
        passes(town, seconds=1)
        assert any(view.type == "alert.breach_due" for view in alerts(town, MASH))
        holds(town)
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
            settled(town.hub, tell=False)
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
        again = Week(town, between=lambda old: reopened(old, store=store)).passes()
        straight = Week(a_town(tmp_path / "straight")).passes()
        assert_alike(again.town, straight.town)
        again.runs_out()
        straight.runs_out()
        holds(again.town)
        assert effects(again.town) == effects(straight.town)
        again.town.hub.close()
        straight.town.hub.close()

    def test_what_a_desk_may_not_see_it_may_not_see_after_a_restart(self, town: Town, store: Settings) -> None:
        item = sends(town, POLICE, "missing.reported", a_missing()).item
        before = {desk: can_read(town, desk, item) for desk in town.keys}
        again = reopened(town, store=store)
        assert {desk: can_read(again, desk, item) for desk in town.keys} == before
        assert set(before.values()) == {True, False}
        again.hub.close()


def settled(hub: Hub, *, tell: bool = True) -> None:
    """Run the stages until nothing is left; being overtaken is no more than a reason to look again."""
    stages: list[Callable[[], object]] = [hub.decide, lambda: hub.register.seal().count, hub.feed]
    for stage in stages if tell else stages[:2]:
        while has_more(stage):
            pass


def has_more(stage: Callable[[], object]) -> bool:
    """Whether a stage is to be called again."""
    try:
        return bool(stage())
    except Unavailable:
        return True


class TestStagesOnSqlite(OnSqlite, StagesContract):
    """One file."""


class TestStagesOnPostgres(OnPostgres, StagesContract):
    """One database."""


def test_the_same_week_ends_alike_on_sqlite_and_on_postgres(tmp_path: Path, postgres_dsn: str) -> None:
    stores = {"sqlite": sqlite_settings(tmp_path), "postgres": postgres.settings_of(postgres_dsn)}
    weeks = [Week(a_town(tmp_path / name, store=store)).passes() for name, store in stores.items()]
    one, other = [week.town for week in weeks]
    assert_alike(one, other)
    told = {leaf["eff"] for leaf in leaves(one, desk=CHARITY, typ="decision")}
    assert told == {"disclose", "withhold"}
    for week in weeks:
        holds(week.runs_out().town)
    assert effects(one) == effects(other)
    assert counts(one) == counts(other)
    for town in (one, other):
        town.hub.close()
