"""Missing-person decisions: catalogue A-20 to A-26 with ME-01 to ME-08, under the editions as they are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol.areas import OWN_TIMES, AreaProtocol, area_protocol
from sightline.protocol.episodes import Episode
from sightline.protocol.missing import (
    alert_circumstances,
    is_for_bureau,
    is_in_scheme,
    new_alerts,
    return_interview_due,
)

OWN = {f"{name}_hours": 24 for name in OWN_TIMES}
GUIDE, MET, TRAFF = (area_protocol("hampshire", f"4lscb_{code}", OWN) for code in ("guide", "2013", "2011"))
HERTS = area_protocol("hertfordshire", "hertfordshire", OWN)
FIRST = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
HARMED, OPEN, THIRD = "returned_and_harmed", "missing_not_returned", "third_in_90_days"


def day(number: int) -> datetime:
    """The same hour of that day, the first being 1."""
    return FIRST + timedelta(days=number - 1)


def an_episode(on: int, category: str = "missing", *, hours: float | None = 1, harmed: bool = False) -> Episode:
    """An episode that began on that day, over after so many hours; not over for None."""
    ended = None if hours is None else day(on) + timedelta(hours=hours)
    return Episode(number=on, began=day(on), category=category, risk="medium", ended=ended, harmed=harmed)


@pytest.mark.parametrize(
    ("episodes", "hours", "protocol", "reasons"),
    [
        pytest.param([an_episode(1), an_episode(45), an_episode(90)], 0, GUIDE, {THIRD}, id="ME-01"),
        pytest.param([an_episode(1), an_episode(45), an_episode(91)], 0, GUIDE, set(), id="ME-02"),
        pytest.param([an_episode(1), an_episode(45), an_episode(80, "absent")], 0, GUIDE, set(), id="ME-03"),
        pytest.param([an_episode(1), an_episode(45), an_episode(80, "absent")], 0, MET, {THIRD}, id="ME-04"),
        pytest.param([an_episode(80), an_episode(85)], 7, GUIDE, set(), id="ME-05"),
        pytest.param([an_episode(1, harmed=True)], 7, GUIDE, {HARMED}, id="ME-06"),
        pytest.param([an_episode(1, harmed=True)], 7, MET, {HARMED}, id="ME-06 under the edition of 2013"),
        pytest.param([an_episode(1, hours=None)], 7, GUIDE, {OPEN}, id="ME-07"),
        pytest.param([an_episode(1, hours=None)], 7, MET, {OPEN}, id="ME-07 under the edition of 2013"),
        pytest.param([an_episode(1), an_episode(2), an_episode(3)], 0, GUIDE, {THIRD}, id="ME-08"),
        pytest.param([an_episode(1), an_episode(2), an_episode(3, harmed=True)], 7, TRAFF, set(), id="C-04, CYPR"),
        pytest.param([an_episode(1), an_episode(2), an_episode(3, hours=None)], 7, HERTS, set(), id="C-04, silent"),
        pytest.param([], 7, GUIDE, set(), id="never missing"),
    ],
)
def test_the_worked_examples_of_why_police_issue_the_alert(
    episodes: list[Episode], hours: int, protocol: AreaProtocol, reasons: set[str]
) -> None:
    """ME-01 to ME-08; A-20, A-21, A-22, N-20, N-21, N-22, N-23."""
    now = (episodes[-1].began if episodes else day(1)) + timedelta(hours=hours)
    assert alert_circumstances(episodes, now, protocol) == reasons


def test_a_22_an_open_episode_is_judged_at_the_evaluation_point_and_not_before() -> None:
    """A-22, X-05."""
    episode = an_episode(1, hours=None)
    point = episode.began + GUIDE.ppn1_evaluation
    assert alert_circumstances([episode], point - timedelta(seconds=1), GUIDE) == set()
    assert alert_circumstances([episode], point, GUIDE) == {OPEN}


def test_a_23_a_circumstance_is_alerted_once_for_an_episode() -> None:
    """A-23."""
    assert new_alerts({THIRD, HARMED}, 3, {(THIRD, 3), (HARMED, 2)}) == [(HARMED, 3)]


@pytest.mark.parametrize(
    ("hours", "sent"), [(23.99, False), (24, False), (24.001, True)], ids=["less", "exactly", "more"]
)
def test_a_24_the_bureau_hears_after_more_than_twenty_four_hours(hours: float, sent: bool) -> None:
    """A-24, T-03, N-33, C-09."""
    episode = an_episode(1, hours=None)
    now = episode.began + timedelta(hours=hours)
    assert is_for_bureau(episode, now, GUIDE) is sent
    assert not is_for_bureau(episode, now, GUIDE, objected=True)
    assert not is_for_bureau(episode, now, HERTS)
    assert not is_for_bureau(episode.returned(now, harmed=False), now, GUIDE)
    assert not is_for_bureau(episode.recategorised("absent", "none_or_tolerable"), now, MET)


def test_a_25_the_interview_of_a_looked_after_child_is_due_72_hours_after_the_return() -> None:
    """A-25, T-06, X-26: other times need a reason; Hertfordshire gives no limit."""
    returned = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    due = return_interview_due(returned, GUIDE)
    assert due is not None
    assert due.at == datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
    earlier = returned + timedelta(hours=4)
    moved = return_interview_due(returned, GUIDE, moved_to=earlier, reason="The child fears the placement.")
    assert moved is not None
    assert moved.at == earlier
    assert return_interview_due(returned, GUIDE, moved_to=earlier, reason=" ") == due
    assert return_interview_due(returned, HERTS) is None


def test_a_26_another_category_is_judged_anew() -> None:
    """A-26, T-04: under the guide an absent child found to be missing counts, and counts no more when absent again."""
    episodes = [an_episode(1), an_episode(2), an_episode(3, "absent")]
    assert alert_circumstances(episodes, day(3), GUIDE) == set()
    again = [*episodes[:2], episodes[2].recategorised("missing", "high")]
    assert alert_circumstances(again, day(3), GUIDE) == {THIRD}
    assert again[2].began == episodes[2].began


@pytest.mark.parametrize(
    ("category", "risk", "guide", "met"),
    [
        ("missing", "low", True, False),
        ("missing", "no_apparent_risk", True, False),
        ("missing", "medium", True, True),
        ("missing", "high", True, True),
        ("absent", "none_or_tolerable", False, True),
        ("absent", "medium", False, False),
        ("unauthorised_absent", "low", False, False),
    ],
)
def test_x_01_each_edition_has_its_own_categories_and_risks(category: str, risk: str, guide: bool, met: bool) -> None:
    """C-02, X-01, V-01, V-02."""
    assert (is_in_scheme(category, risk, GUIDE), is_in_scheme(category, risk, MET)) == (guide, met)
    assert is_in_scheme(category, risk, HERTS)


EPISODES = st.lists(
    st.builds(
        an_episode,
        st.integers(1, 200),
        st.sampled_from(["missing", "absent"]),
        hours=st.none() | st.floats(0.1, 48),
        harmed=st.booleans(),
    ),
    max_size=8,
).map(lambda found: sorted(found, key=lambda one: one.began))


@given(EPISODES)
def test_the_edition_of_2013_never_counts_less_than_the_guide(episodes: list[Episode]) -> None:
    """A-21, X-03."""
    now = episodes[-1].began if episodes else day(1)
    assert alert_circumstances(episodes, now, GUIDE) <= alert_circumstances(episodes, now, MET)


@given(EPISODES, st.integers(0, 100))
def test_by_mere_waiting_only_the_open_episode_becomes_due(episodes: list[Episode], hours: int) -> None:
    """A-20, A-22."""
    if episodes:
        now = episodes[-1].began
        later = alert_circumstances(episodes, now + timedelta(hours=hours), GUIDE)
        assert later - {OPEN} <= alert_circumstances(episodes, now, GUIDE)
