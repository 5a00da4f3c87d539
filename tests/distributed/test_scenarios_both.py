"""Every story of the journeys, embedded and distributed: what was recorded, decided, told and can be read is the same."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters.clock import SetClock
from sightline.entrypoints.folder import opened_for
from sightline.entrypoints.statistics import statistics
from sightline.formats.topic_names import agency_user, submissions_topic
from sightline.kernel.ids import agency_of
from sightline.ledger.counting import Period
from sightline.runtime.settings import Settings
from tests.builders_clocks import Case, lived, lived_in
from tests.builders_hub import MASH, POLICE, SCHOOL, START, Town, a_hub, a_missing, a_town, can_read, holds, sends
from tests.builders_kafka import Node
from tests.builders_modes import Area, an_area, assert_equal, result
from tests.builders_scenarios import Story, plotted, stories
from tests.builders_telling import begins, tell_in
from tests.journeys import test_every_clock_missing, test_every_clock_referral, test_every_clock_trafficking
from tests.journeys.test_statistics import a_day

OF_EACH = None if os.environ.get("SIGHTLINE_EXAMPLES") == "thorough" else 1
"""How many rules of each table and edition are lived through; none: all."""
TABLES = (test_every_clock_missing, test_every_clock_referral, test_every_clock_trafficking)


@pytest.fixture(scope="module")
def services(
    node: Node, opa_server: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Area]:
    """Started once; each story's town has them to itself."""
    with an_area(postgres_server, opa_server, node, tmp_path_factory.mktemp("services")) as area:
        yield area


@pytest.fixture
def distributed(services: Area, tmp_path: Path) -> Iterator[Town]:
    with services.town(tmp_path / "distributed") as town:
        yield town


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Town]:
    town = a_town(tmp_path / "embedded")
    yield town
    town.hub.close()


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.id)
def test_a_story_comes_to_the_same_in_both_modes(story: Story, embedded: Town, distributed: Town) -> None:
    for town in (embedded, distributed):
        story.happens_in(town)
    assert_equal(result(embedded), result(distributed))
    if story.is_proven:  # The embedded one was proven among the journeys.
        holds(distributed)


@pytest.mark.parametrize("journey", plotted(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_plot_comes_to_the_same_in_both_modes(journey: Any, services: Area, tmp_path: Path) -> None:
    clock = SetClock(begins(journey.PLOT, journey.STORY))
    hub = a_hub(tmp_path / "embedded", clock)
    with closing(hub), services.empty_town(tmp_path / "distributed", clock.now()) as distributed:
        embedded = Town(hub=hub, clock=clock, folder=tmp_path / "embedded")
        for town in (embedded, distributed):
            tell_in(town, journey.PLOT, journey.STORY)
        assert_equal(result(embedded), result(distributed))


def test_what_others_put_on_the_broker_is_answered_to_no_town(node: Node, distributed: Town) -> None:
    """The subscription reads every agency's topic, and a broker delivers again what was not acknowledged in time."""
    school = agency_of(SCHOOL)
    node.send(agency_user(school), submissions_topic(school), b"sealed")
    sent = sends(distributed, POLICE, "missing.reported", a_missing())
    assert sent.answer.outcome == "accepted"
    assert can_read(distributed, MASH, sent.item)


def of_each_edition() -> Iterator[object]:
    """Cases of each edition in each table of clock rules."""
    for table in TABLES:
        for edition in sorted({case.edition for case in table.CASES}):
            cases = [case for case in table.CASES if case.edition == edition][:OF_EACH]
            yield pytest.param(edition, cases, id=f"{table.__name__.rpartition('_')[2]} {edition}")


@pytest.mark.parametrize(("edition", "cases"), list(of_each_edition()))
def test_rules_start_are_met_called_off_and_late_alike_in_both_modes(
    edition: str, cases: Sequence[Case], services: Area, tmp_path: Path
) -> None:
    ours = lived(tmp_path / "embedded", edition, cases).by_case()
    with services.empty_town(tmp_path / "distributed") as town:
        assert lived_in(town, edition, cases).by_case() == ours
    assert any("late" in line for line in ours)


def test_a_day_in_two_areas_is_counted_alike_in_both_modes(services: Area, embedded: Town, distributed: Town) -> None:
    for town in (embedded, distributed):
        a_day(town)
    assert_equal(result(embedded), result(distributed))
    ours, theirs = counts(Settings(data=embedded.folder)), counts(services.settings(distributed.folder))
    assert theirs == ours
    assert any(line["count"] for line in ours)


def counts(settings: Settings) -> list[dict[str, Any]]:
    """The statistics of that day, with nothing held back."""
    with opened_for(settings) as folder:
        return list(statistics(folder, Period(START.date(), START.date()), "", 1))
