"""A feed over a broker that tells at least once: each entry once, in order, and a feed that is not whole found out."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.agency.follow import Cursor, Follower
from sightline.agency.messages import Message
from sightline.agency.telling import Entries, unproven
from sightline.formats.feed import START, FeedEntry
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId
from tests.builders import NOW
from tests.builders_agency import MemoryTopic, an_entry, as_told, hash_of

DESK = DeskId("solent/following")


def a_topic(*entries: FeedEntry) -> MemoryTopic:
    topic = MemoryTopic()
    topic.put(*as_told(*entries))
    return topic


def entries_to(last: int, first: int = 1) -> list[FeedEntry]:
    return [an_entry(seq) for seq in range(first, last + 1)]


def followed(topic: MemoryTopic, cursor: Cursor | None = None) -> tuple[list[int], Cursor]:
    """Numbers of what was handed out up to the end, and the cursor afterwards."""
    follower = Follower(cursor or Cursor(desk=DESK), {}, lambda: NOW)
    told = [one.entry.seq for batch in unproven(Entries(topic, follower), follower) for one in batch]
    return told, follower.cursor


def test_entries_come_in_order_and_the_hash_is_the_one_that_the_hub_will_sign_for() -> None:
    told, cursor = followed(a_topic(*entries_to(7)))
    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert cursor == Cursor(desk=DESK, seq=7, running=hash_of(*entries_to(7)))


def test_following_goes_on_where_it_ended_and_an_empty_feed_is_no_error() -> None:
    assert followed(MemoryTopic()) == ([], Cursor(desk=DESK, running=START))
    topic = a_topic(*entries_to(4))
    _, cursor = followed(topic)
    topic.put(*as_told(*entries_to(6, first=5)))
    assert followed(topic.again(), cursor) == ([5, 6], Cursor(desk=DESK, seq=6, running=hash_of(*entries_to(6))))


@given(cuts=st.lists(st.integers(min_value=0, max_value=12), max_size=6), at_once=st.integers(min_value=1, max_value=5))
def test_whatever_is_told_again_each_entry_is_handed_out_once(cuts: list[int], at_once: int) -> None:
    """The relay begins again somewhere behind, as often as it likes."""
    topic, reached = MemoryTopic(at_once=at_once), 0
    for cut in cuts:
        again = max(0, reached - cut)
        reached = max(reached, again + 4)
        topic.put(*as_told(*entries_to(again + 4, first=again + 1)))
    told, cursor = followed(topic)
    assert told == list(range(1, reached + 1))
    assert cursor.running == hash_of(*entries_to(reached))


@given(taken=st.integers(min_value=0, max_value=9))
def test_a_reader_that_dies_at_any_batch_leaves_nothing_out_and_repeats_only_what_it_had_not_saved(taken: int) -> None:
    topic, follower = a_topic(*entries_to(20)), Follower(Cursor(desk=DESK), {}, lambda: NOW)
    first = [one.entry.seq for batch in islice(unproven(Entries(topic, follower), follower), taken) for one in batch]
    then, cursor = followed(topic.again(), follower.cursor)
    assert first + then == list(range(1, 21))
    assert cursor.running == hash_of(*entries_to(20))


def test_a_cursor_that_is_behind_the_place_at_the_broker_counts_more() -> None:
    """A folder that was restored from a backup, or made anew."""
    topic = a_topic(*entries_to(6))
    followed(topic)
    assert followed(topic.again())[0] == [1, 2, 3, 4, 5, 6]
    behind = Cursor(desk=DESK, seq=2, running=hash_of(*entries_to(2)))
    assert followed(topic.again(), behind)[0] == [3, 4, 5, 6]


def test_a_topic_that_was_made_again_is_read_from_its_start() -> None:
    topic = a_topic(*entries_to(5))
    _, cursor = followed(topic)
    made_again = MemoryTopic(remembered=topic.remembered)
    made_again.put(*as_told(*entries_to(3)))
    assert followed(made_again, cursor)[0] == []
    made_again.put(*as_told(*entries_to(7, first=4)))
    assert followed(made_again.again(), cursor)[0] == [6, 7]


def test_a_place_that_leads_past_what_is_wanted_is_given_up_for_the_start() -> None:
    topic = a_topic(*entries_to(9))
    topic.remembered.append((6, "2"))
    behind = Cursor(desk=DESK, seq=2, running=hash_of(*entries_to(2)))
    assert followed(topic, behind)[0] == [3, 4, 5, 6, 7, 8, 9]


def test_who_stays_gets_what_comes_and_is_asked_again_when_it_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.agency.telling.QUIET_S", 0.02)
    topic = a_topic(*entries_to(2))
    entries = Entries(topic, Follower(Cursor(desk=DESK), {}, lambda: NOW))
    coming = entries.batches(stay=True)
    assert [len(batch) for batch in islice(coming, 3)] == [2, 0, 0]
    topic.put(*as_told(an_entry(3)))
    assert [one.entry.seq for one in next(coming)] == [3]
    assert next(coming) == []


# ---------------------------------------------------------------------------------------------------- a feed that is not


def test_a_missing_number_is_found() -> None:
    topic = a_topic(*entries_to(3), *entries_to(6, first=5))
    with pytest.raises(Refused, match="feed_gap"):
        followed(topic)
    assert topic.kept() == (3, "3")


def test_entries_that_the_broker_has_forgotten_are_a_gap() -> None:
    topic = a_topic(*entries_to(6))
    topic.cut(2)
    with pytest.raises(Refused, match="feed_gap"):
        followed(topic)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(an_entry(2, leaf="l-other"), id="another leaf"),
        pytest.param(replace(an_entry(2), leaf_hash="ff" * 32), id="another hash"),
        pytest.param(an_entry(2, kind="recall"), id="another kind"),
    ],
)
def test_a_number_that_is_told_twice_and_not_alike_is_a_fork(other: FeedEntry) -> None:
    with pytest.raises(Refused, match="feed_fork"):
        followed(a_topic(*entries_to(3), other))


def test_a_feed_that_is_told_again_otherwise_is_a_fork_also_for_who_followed_it_long_ago() -> None:
    before = Cursor(desk=DESK, seq=4, running=hash_of(*entries_to(4)))
    assert followed(a_topic(*entries_to(5)), before)[0] == [5]
    with pytest.raises(Refused, match="feed_fork"):
        followed(a_topic(an_entry(1, leaf="l-other"), *entries_to(5, first=2)), before)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="not JSON"),
        pytest.param(b'{"seq": 1}', id="too little"),
        pytest.param(b'{"seq":1,"leaf":"l","hash":"xx","kind":"item"}', id="a hash that is none"),
    ],
)
def test_what_is_no_entry_is_refused(value: bytes) -> None:
    topic = MemoryTopic()
    topic.put(value)
    with pytest.raises(Refused, match="feed_malformed"):
        followed(topic)


def test_a_body_that_nobody_signed_is_not_handed_out() -> None:
    topic = MemoryTopic()
    topic.put(as_told(an_entry(1))[0].replace(b"}", b',"item":{"ref":"i-1","body":{"given_name":"Perrin"}}}'))
    follower = Follower(Cursor(desk=DESK), {}, lambda: NOW)
    batches = [batch for batch in unproven(Entries(topic, follower), follower) if batch]
    assert [one.item for one in batches[0]] == [{}]


def test_a_broker_that_holds_back_what_it_has_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(MemoryTopic):
        def poll(self, timeout_s: float) -> Sequence[Message]:
            return []

    monkeypatch.setattr("sightline.agency.telling.QUIET_S", 0.01)
    topic = Silent()
    topic.put(*as_told(an_entry(1)))
    with pytest.raises(Unavailable, match="broker_unavailable"):
        followed(topic)
