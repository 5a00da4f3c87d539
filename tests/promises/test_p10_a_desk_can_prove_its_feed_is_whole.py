"""P10. A desk can prove its feed is whole: a dense sequence, a running hash, counted heartbeats that the hub signed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.formats.feed import START, FeedEntry, check_chain, read_heartbeat
from sightline.formats.merkle import leaf_hash
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.ledger.positions import Overtaken
from tests.builders_hub import (
    BUREAU,
    CAST,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_category,
    a_child,
    a_consent,
    a_flag,
    a_hub,
    a_missing,
    a_town,
    an_involvement,
    can_read,
    feed,
    leaves,
    reopened,
    rows,
    sees,
    sends,
    signs,
    submits,
)


def lives(town: Town) -> None:
    """A little of each kind of entry for most desks."""
    missing = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL]))
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    sends(town, MASH, "flag.raised", a_flag(missing.child, "location_protected"))
    sends(town, MASH, "involvement.closed", {"child": missing.child, "involved_desk": SCHOOL, "mistaken": True})
    sends(town, POLICE, "missing.categorised", a_category(missing.child, "absent"))
    sends(town, MASH, "consent.recorded", a_consent(missing.child))


@pytest.fixture
def lived(town: Town) -> Town:
    lives(town)
    return town


def is_whole(town: Town, desk: DeskId, entries: Sequence[FeedEntry]) -> bool:
    """What a client finds out that holds entries and the hub's signed heartbeat, and nothing else of the hub's."""
    page = town.hub.feeds.page(desk, after=0)
    beat = read_heartbeat(town.hub.feeds.heartbeat(desk, page).encode(), town.hub.hub_keys)
    try:
        return (len(entries), check_chain(entries, after=0, before=START)) == (beat.count, beat.hash)
    except Refused:
        return False


def test_every_desks_feed_is_dense_and_its_hash_is_the_signed_one(lived: Town) -> None:
    for desk in CAST:
        entries = feed(lived, desk)
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert is_whole(lived, desk, entries)
    assert len(feed(lived, SCHOOL)) >= 3


def test_the_feed_is_the_desks_leaves_in_register_order_less_those_it_is_told_nothing_of(lived: Town) -> None:
    for desk in CAST:
        told, standing_for = [], set()
        mine = leaves(lived, desk=desk)
        for leaf in mine:
            if leaf["typ"] == "recall":
                standing_for.add((leaf["cause"], leaf["item"]))
        for leaf in mine:
            is_recall = leaf["typ"] == "recall"
            silent = not is_recall and (leaf["told"] == "nothing" and leaf["eff"] != "disclose")
            if is_recall or not (silent or (leaf["cause"], leaf["item"]) in standing_for):
                told.append(leaf["id"])
        assert [entry.leaf for entry in feed(lived, desk)] == told


def test_an_entrys_hash_is_that_of_its_leaf_in_the_tree(lived: Town) -> None:
    for entry in feed(lived, MASH):
        (body,) = rows(lived, "SELECT body FROM leaves WHERE id = ?", entry.leaf)[0]
        assert leaf_hash(bytes(body)).hex() == entry.leaf_hash
        assert lived.hub.register.reader.prove(lived.hub.register.reader.number(entry.leaf))


def test_pages_join_without_a_gap_or_a_repeat(lived: Town) -> None:
    whole, after = feed(lived, MASH), 0
    joined: list[FeedEntry] = []
    while page := lived.hub.feeds.page(MASH, after=after, limit=2).entries:
        joined += page
        after = page[-1].seq
    assert tuple(joined) == whole
    middle = whole[2].seq
    assert lived.hub.feeds.page(MASH, after=middle, limit=100).entries == whole[middle:]


def test_a_heartbeat_takes_no_number(lived: Town) -> None:
    before = feed(lived, MASH)
    for _ in range(3):
        lived.hub.feeds.heartbeat(MASH, lived.hub.feeds.page(MASH, after=0))
    assert feed(lived, MASH) == before


def test_a_desk_that_was_told_nothing_can_prove_that_too(town: Town) -> None:
    assert feed(town, SCHOOL) == ()
    assert is_whole(town, SCHOOL, ())


def test_a_restart_goes_on_where_the_feed_stood(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    lives(town)
    before = feed(town, MASH)
    town = reopened(town)
    sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    after = feed(town, MASH)
    assert after[: len(before)] == before
    assert is_whole(town, MASH, after)
    town.hub.close()


def test_what_was_sealed_and_not_yet_told_before_a_restart_is_told_after_it(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    town.hub.settle()
    submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    while town.hub.decide():
        pass
    town.hub.register.seal()
    town = reopened(town)
    assert MASH in town.hub.advance()
    assert len(feed(town, MASH)) == 1
    town.hub.close()


# ------------------------------------------------------------------------------------------------- broken on purpose


def test_a_deleted_entry_is_a_gap(lived: Town) -> None:
    rows(lived, "DELETE FROM feed WHERE desk = ? AND seq = 2", MASH)
    with pytest.raises(Refused) as why:
        check_chain(feed(lived, MASH), after=0, before=START)
    assert why.value.code == "feed_gap"
    assert not is_whole(lived, MASH, feed(lived, MASH))


def test_a_deleted_last_entry_is_missed_by_the_signed_count(lived: Town) -> None:
    last = feed(lived, MASH)[-1].seq
    rows(lived, "DELETE FROM feed WHERE desk = ? AND seq = ?", MASH, last)
    assert check_chain(feed(lived, MASH), after=0, before=START)  # the chain alone looks whole
    assert not is_whole(lived, MASH, feed(lived, MASH))


def test_an_entry_rewritten_no_longer_leads_to_the_signed_hash(lived: Town) -> None:
    rows(lived, "UPDATE feed SET kind = 'notice' WHERE desk = ? AND seq = 1", MASH)
    assert not is_whole(lived, MASH, feed(lived, MASH))


def test_two_entries_swapped_no_longer_lead_to_the_signed_hash(lived: Town) -> None:
    one, two, *rest = feed(lived, MASH)
    swapped = [replace(two, seq=1), replace(one, seq=2), *rest]
    assert not is_whole(lived, MASH, swapped)
    assert is_whole(lived, MASH, [one, two, *rest])


def test_a_heartbeat_with_another_count_is_not_signed(lived: Town) -> None:
    page = lived.hub.feeds.page(MASH, after=0)
    header, payload, _ = lived.hub.feeds.heartbeat(MASH, page).split(".")
    _, _, other = lived.hub.feeds.heartbeat(MASH, replace(page, count=page.count - 1)).split(".")
    with pytest.raises(Refused) as why:
        read_heartbeat(f"{header}.{payload}.{other}".encode(), lived.hub.hub_keys)
    assert why.value.code == "bad_signature"


def test_a_second_feeder_from_the_same_position_loses_and_tells_nothing_twice(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    lives(town)
    rival = a_hub(tmp_path, town.clock)
    rival.feed()
    submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(2))))
    while town.hub.decide():
        pass
    town.hub.register.seal()
    assert MASH in town.hub.feed()
    told = feed(town, MASH)
    with pytest.raises(Overtaken):
        rival.feed()
    assert feed(town, MASH) == told
    assert is_whole(town, MASH, told)
    rival.close()
    town.hub.close()


def test_a_second_decider_from_the_same_position_loses_and_writes_nothing(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    town.hub.settle()
    rival = a_hub(tmp_path, town.clock)
    rival.settle()
    (sent,) = submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    assert town.hub.decide()
    made = leaves(town)
    with pytest.raises(Overtaken):
        rival.decide()
    assert leaves(town) == made
    assert rival.decide() == 0  # it has read the position again, and finds nothing to do
    rival.register.seal()
    assert can_read(town, MASH, sent.item)
    assert [view.ref for view in sees(town, BUREAU).values()] == [sent.item]
    rival.close()
    town.hub.close()
