"""An area chooses an edition of the procedures: an entry, from which on facts name it and what follows is by it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from sightline.kernel.errors import Refused
from sightline.ledger.policy import Policy
from tests.builders_hub import (
    MASH,
    POLICE,
    Town,
    a_child,
    a_missing,
    a_return,
    admits,
    alerts,
    decision,
    leaves,
    passes,
    reopened,
    sends,
)
from tests.builders_lives import documents
from tests.builders_rebuild import rebuilds

DUE = "alert.ppn1_due"
TODAY = date(2026, 11, 20)


def chooses(town: Town, edition: str, starts: date = TODAY, area: str = "hampshire") -> None:
    """The operator enters the area's choice; then every stage runs until nothing is left to do."""
    town.hub.admin.choose_edition(area, edition, starts)
    town.hub.settle()


def entries(town: Town, kind: type[Any]) -> list[Any]:
    """The ledger's entries of that kind, in order."""
    return [placed.entry for placed in town.hub.ledger.read(0, 100_000, (kind.TOPIC,))]


def episodes(town: Town, categories: Iterable[str], *, back: str = "no") -> None:
    """The child goes away for an hour, once in each of those categories."""
    for category in categories:
        since = town.clock.now().isoformat()
        sends(town, POLICE, "missing.reported", a_missing(missing_since=since, missing_category=category))
        passes(town, hours=1)
        form = a_return(a_child(), town.clock.now(), harm_suffered=back)
        sends(town, POLICE, "missing.returned", form)


def due(town: Town) -> list[str]:
    """Circumstances of the PPN1s that the force was ever asked for."""
    return [str(view.body["circumstance"]) for view in alerts(town, POLICE, DUE)]


def test_me_03_and_me_04_what_an_area_counts_is_what_its_edition_counts(journey: Town) -> None:
    """X-03, C-04, A-21: two missing episodes and an absent one, under the guide and then under the edition of 2013."""
    episodes(journey, ["missing", "missing", "absent"])
    assert due(journey) == []
    chooses(journey, "4lscb_2013")
    assert due(journey) == []
    episodes(journey, ["absent"])
    assert due(journey) == ["third_in_90_days"]


def test_c_04_under_the_edition_of_2011_no_ppn1_is_due(journey: Town) -> None:
    """C-04, X-06."""
    chooses(journey, "4lscb_2011")
    episodes(journey, ["missing"] * 3, back="yes")
    assert due(journey) == []


def test_n_27_what_the_mash_is_told_by_duty_is_decided_again_when_the_area_leaves_the_guide(journey: Town) -> None:
    """C-05, S-10, X-04: the guide has police tell the MASH of every report, the edition of 2013 does not."""
    sent = sends(journey, POLICE, "missing.reported", a_missing())
    assert "N-27" in decision(journey, MASH, sent.item)["rules"]
    chooses(journey, "4lscb_2013")
    assert "N-27" not in decision(journey, MASH, sent.item)["rules"]
    chooses(journey, "4lscb_guide")
    assert "N-27" in decision(journey, MASH, sent.item)["rules"]
    assert [one.reason for one in entries(journey, Policy.SliceOpened)] == ["edition:hampshire"] * 2


def test_facts_name_the_edition_that_was_in_force(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    chooses(journey, "4lscb_2013")
    sends(journey, POLICE, "missing.reported", a_missing(a_child(2)))
    told = [one for one in documents(journey) if b'"edition":"' in one]
    assert sum(b'"edition":"4lscb_guide"' in one for one in told) > 0
    assert all(b'"edition":"4lscb_2013"' in one for one in told[-5:])


def test_a_choice_for_a_later_day_begins_with_that_day_where_the_people_are(journey: Town) -> None:
    chooses(journey, "4lscb_2013", date(2027, 4, 1))
    journey.clock.set(datetime(2027, 3, 31, 22, 59, tzinfo=UTC))
    journey.hub.settle()
    assert entries(journey, Policy.EditionBegan) == []
    journey.clock.set(datetime(2027, 3, 31, 23, 0, tzinfo=UTC))
    journey.hub.settle()
    (began,) = entries(journey, Policy.EditionBegan)
    assert (began.area, began.edition) == ("hampshire", "4lscb_2013")
    episodes(journey, ["absent"] * 3)
    assert due(journey) == ["third_in_90_days"]


def test_the_latest_choice_counts_and_an_earlier_one_never_begins(journey: Town) -> None:
    chooses(journey, "4lscb_2011", date(2026, 11, 22))
    chooses(journey, "4lscb_2013", date(2026, 11, 24))
    assert journey.hub.admin.waiting()["hampshire"].edition == "4lscb_2013"
    passes(journey, days=3)
    assert entries(journey, Policy.EditionBegan) == []
    chooses(journey, "4lscb_guide")
    passes(journey, days=5)
    assert [one.edition for one in entries(journey, Policy.EditionBegan)] == ["4lscb_guide"]
    assert journey.hub.admin.waiting() == {}


def test_a_choice_of_what_holds_already_decides_nothing_again(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    before = leaves(journey)
    chooses(journey, "4lscb_guide")
    assert leaves(journey) == before
    assert entries(journey, Policy.SliceOpened) == []


def test_an_areas_choice_is_about_that_area_alone(journey: Town) -> None:
    desk = admits(journey, "portsmouth-mash/desk", "mash", "mash", areas=("portsmouth",))
    elsewhere = sends(journey, POLICE, "missing.reported", a_missing(a_child(2)), area="portsmouth")
    sends(journey, POLICE, "missing.reported", a_missing())
    chooses(journey, "4lscb_2013")
    assert "N-27" in decision(journey, desk, elsewhere.item)["rules"]
    assert len(leaves(journey, desk=desk, item=elsewhere.item)) == 1
    again = sends(journey, POLICE, "missing.reported", a_missing(a_child(3)), area="portsmouth")
    assert "N-27" in decision(journey, desk, again.item)["rules"]


def test_more_items_than_a_slice_holds_are_decided_again_in_slices_of_their_area(
    journey: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.decide.stage.SLICE", 2)
    journey.hub.decide._folds_kept = 1  # noqa: SLF001  # folds are loaded again, as they are where there are many
    for serial in range(1, 4):
        sends(journey, POLICE, "missing.reported", a_missing(a_child(serial)))
        sends(journey, POLICE, "missing.reported", a_missing(a_child(serial + 10)), area="portsmouth")
    items = [leaf["item"] for leaf in leaves(journey, desk=MASH)]
    chooses(journey, "4lscb_2013")
    found = entries(journey, Policy.SliceOpened)
    assert len(found) >= 4
    assert [one.last for one in found] == [False] * (len(found) - 1) + [True]
    assert {one.reason for one in found} == {"edition:hampshire"}
    again = [leaf["item"] for leaf in leaves(journey, desk=MASH, typ="decision")][len(items) :]
    assert len(again) == 3


def test_what_was_chosen_is_in_force_after_a_restart(journey: Town) -> None:
    chooses(journey, "4lscb_2013")
    again = reopened(journey)
    journey.hub = again.hub
    sent = sends(journey, POLICE, "missing.reported", a_missing())
    assert "N-27" not in decision(journey, MASH, sent.item)["rules"]
    episodes(journey, ["absent"] * 3)
    assert due(journey) == ["third_in_90_days"]


def test_what_was_chosen_is_folded_again_as_it_was(journey: Town) -> None:
    sends(journey, POLICE, "missing.reported", a_missing())
    chooses(journey, "4lscb_2013")
    chooses(journey, "4lscb_2011", date(2027, 1, 1))
    sends(journey, POLICE, "missing.reported", a_missing(a_child(2)))
    for what in ("folds", "views"):
        assert rebuilds(journey.hub.ledger, journey.folder, what, check=True).is_equal


@pytest.mark.parametrize(
    ("area", "edition", "why"),
    [
        ("hampshire", "4lscb-2013", "unknown_edition"),
        ("hampshire", "lincolnshire", "edition_not_for_area"),
        ("portsmouth", "4lscb_2011", "edition_not_for_area"),
        ("atlantis", "4lscb_2013", "edition_not_for_area"),
    ],
)
def test_an_edition_that_is_not_the_areas_is_refused_and_nothing_is_recorded(
    town: Town, area: str, edition: str, why: str
) -> None:
    """C-01, X-35."""
    head = town.hub.ledger.head()
    with pytest.raises(Refused) as refused:
        town.hub.admin.choose_edition(area, edition, TODAY)
    assert (refused.value.code, town.hub.ledger.head()) == (why, head)
