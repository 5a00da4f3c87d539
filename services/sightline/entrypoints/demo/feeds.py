"""P10 and the proofs of P3: each desk's feed read as a client reads it, and each thing shown proven in the register."""

from collections.abc import Mapping

from sightline.entrypoints.demo.cast import CAST
from sightline.entrypoints.demo.leaves import Leaf
from sightline.entrypoints.demo.week import Week
from sightline.formats.feed import START, FeedEntry, check_chain, read_heartbeat
from sightline.formats.merkle import leaf_hash
from sightline.formats.note import parse_vkey
from sightline.formats.proof import check_proof
from sightline.kernel.errors import Refused, SightlineError
from sightline.kernel.ids import DeskId
from sightline.view.reading import ItemView

_PAGE = 9
"""Small, so that every feed is read in several pages."""


def whole(week: Week) -> None:
    """Numbers without gap, a hash that fits the signed heartbeat, everything told once, and a gap that is noticed."""
    by_id = {leaf.body["id"]: leaf for leaf in week.leaves.all}
    for actor in CAST:
        found = _read(week, actor.id)
        week.tally.check("P10", _fits(week, actor.id, found), f"the feed of {actor.name} does not fit its heartbeat")
        for entry in found:
            leaf = by_id.get(entry.leaf)
            same = leaf is not None and leaf_hash(leaf.raw).hex() == entry.leaf_hash and leaf.pair[0] == actor.id
            week.tally.check("P10", same, "a feed entry is not the leaf that it names")
        told = [entry.leaf for entry in found]
        week.tally.check("P10", told == _due(week, actor.id), f"the feed of {actor.name} leaves something out")
        if len(found) > 1:
            week.tally.check("P10", _notices(found), "a gap in a feed went unnoticed")


def proven(week: Week, views: Mapping[str, list[ItemView]]) -> None:
    """P3: whatever a desk can read rests on a leaf that a signed checkpoint covers, and there is a proof of it."""
    key = parse_vkey(week.hub.vkey)
    by_id = {leaf.body["id"]: leaf for leaf in week.leaves.all}
    reader = week.hub.register.reader
    for view in (view for read in views.values() for view in read):
        try:
            leaf = by_id[view.leaf]
            check_proof(reader.prove(reader.number(view.leaf)).encode(), leaf.raw, key)
        except (SightlineError, KeyError):
            week.tally.check("P3", False, "something can be read without proof that it was recorded")
        else:
            week.tally.check("P3", True, "")


def _read(week: Week, desk: DeskId) -> list[FeedEntry]:
    found: list[FeedEntry] = []
    while page := week.hub.feeds.page(desk, after=len(found), limit=_PAGE).entries:
        found += page
    return found


def _fits(week: Week, desk: DeskId, found: list[FeedEntry]) -> bool:
    try:
        signed = week.hub.feeds.heartbeat(desk, week.hub.feeds.page(desk, after=len(found)))
        beat = read_heartbeat(signed.encode(), week.hub.hub_keys)
        return (beat.desk, beat.count, beat.hash) == (desk, len(found), check_chain(found, after=0, before=START))
    except Refused:
        return False


def _due(week: Week, desk: str) -> list[str]:
    """The desk's leaves in register order, less decisions that tell nothing; a recall stands for its decision too."""
    ours = [leaf for leaf in week.leaves.all if leaf.body["desk"] == desk]
    recalled = {(leaf.body["cause"], leaf.pair) for leaf in ours if leaf.typ == "recall"}
    return [leaf.body["id"] for leaf in ours if leaf.typ == "recall" or _tells(leaf, recalled)]


def _tells(leaf: Leaf, recalled: set[tuple[int, tuple[str, str]]]) -> bool:
    silent = not leaf.shown and leaf.body["told"] == "nothing"
    return not silent and (leaf.body["cause"], leaf.pair) not in recalled


def _notices(found: list[FeedEntry]) -> bool:
    try:
        check_chain([*found[:-2], found[-1]], after=0, before=START)
    except Refused as refused:
        return refused.code == "feed_gap"
    return False
