"""The books at the end of a run: what the partners remember against the ledger, the register and the feeds."""

from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from time import perf_counter
from typing import Any, Protocol

import orjson

from sightline.audit.verify_files import Files
from sightline.formats.bundle import unpack
from sightline.formats.checkpoint import Checkpoint, open_checkpoint
from sightline.formats.merkle import inclusion_proof, leaf_hash, verify_inclusion
from sightline.formats.note import parse_vkey
from sightline.formats.receipt import Receipt, read_receipt
from sightline.formats.tile import ENTRIES, WIDTH
from sightline.kernel.ids import DeskId, KeyId
from sightline.ledger.items import ItemEntry
from sightline.ledger.policy import Policy
from sightline.ledger.store import Placed
from sightline.record.work import HUB_DESK
from sightline.runtime.hub import Hub
from tests.faults.campaign import Campaign
from tests.faults.child import page_of
from tests.faults.partners import Sent
from tests.faults.reader import Follower

_PAGE = 2000


class FinalTree:
    """The published register, read from its files alone."""

    def __init__(self, hub: Hub) -> None:
        folder = hub.register_folder
        self.checkpoint: Checkpoint = open_checkpoint((folder / "checkpoint").read_bytes(), parse_vkey(hub.vkey))
        self._files = Files(folder, self.checkpoint.size)
        self.leaves = [entry for bundle in self._bundles() for entry in bundle]
        self.decoded = [orjson.loads(entry) for entry in self.leaves]
        self._index = {leaf["id"]: n for n, leaf in enumerate(self.decoded)}
        assert len(self._index) == len(self.leaves) == self.checkpoint.size

    def proved(self, leaf: str) -> tuple[int, dict[str, Any]]:
        """The number and the content of that leaf, its inclusion under the final checkpoint proved."""
        n = self._index[leaf]
        proof = inclusion_proof(n, self.checkpoint.size, self._files.node)
        verify_inclusion(leaf_hash(self.leaves[n]), n, self.checkpoint.size, proof, self.checkpoint.root)
        return n, self.decoded[n]

    def _bundles(self) -> Iterator[list[bytes]]:
        for index in range((self.checkpoint.size + WIDTH - 1) // WIDTH):
            path, data = next(iter(self._files.standing(ENTRIES, index).items()))
            yield unpack(data)[: min(path.width, self.checkpoint.size - index * WIDTH)]


def close_the_books(campaign: Campaign) -> list[str]:
    """Read every feed to its end, compare all that is known with all that is kept, verify and replay in full."""
    partners, hub = campaign.partners, campaign.open()
    try:
        hub.settle()
        for follower in partners.followers.values():
            read_on(hub, follower)
        check_books(hub, partners)
        started = perf_counter()
        report = campaign.verified()
        verified = perf_counter()
        replay = hub.replay()
        replayed = perf_counter()
    finally:
        hub.close()
    assert replay.exit_code == 0, replay.differences[:5]
    assert replay.equal == report.size
    accepted = sum(bool(one.receipt) for one in partners.sent)
    return [
        f"{len(partners.sent)} submissions, {accepted} accepted; {partners.answers['repeated']} receipts came again",
        f"{partners.lost} were without an answer after a kill, {partners.were_there} of them recorded nonetheless",
        f"{replay.entries} ledger entries, {report.size} leaves, {sum(f.seq for f in partners.followers.values())} told",
        f"verify in full {verified - started:.1f} s: exit {report.exit_code}",
        f"replay in full {replayed - verified:.1f} s: exit {replay.exit_code}",
    ]


class Remembered(Protocol):
    """What partners know at the end."""

    hub_keys: dict[KeyId, tuple[str, bytes]]
    sent: list[Sent]
    followers: dict[str, Follower]


def check_books(hub: Hub, partners: Remembered, *, has_gaps: bool = False) -> None:
    """Nothing accepted was lost or doubled; whatever was shown stands in the final tree. Raises AssertionError."""
    accepted = [one for one in partners.sent if one.receipt]
    receipts = [read_receipt(one.receipt, partners.hub_keys) for one in accepted]
    entries = _entries(hub, has_gaps=has_gaps)
    _check_claims(hub, accepted)
    _check_items(entries, accepted, receipts)
    _check_numbers(hub, accepted)
    _check_epochs(hub, entries)
    tree = FinalTree(hub)
    for follower in partners.followers.values():
        _check_feed(tree, hub, follower)
        _check_bodies(tree, follower)


def _entries(hub: Hub, *, has_gaps: bool) -> list[Placed]:
    """All of the ledger. `has_gaps`: its positions only grow, as PostgreSQL's do after a lost race."""
    found: list[Placed] = []
    while page := hub.ledger.read(found[-1].position if found else 0, _PAGE):
        found += page
    positions = [one.position for one in found]
    assert positions == sorted(set(positions))
    assert has_gaps or positions == list(range(1, len(found) + 1)), "the ledger has a gap"
    return found


def _rows(hub: Hub, sql: str) -> list[Any]:
    with hub.database.reading() as session:
        return [tuple(row) for row in session.execute(sql)]


def _only_one_has(one: dict[Any, Any], other: dict[Any, Any]) -> list[Any]:
    """Some of the keys on which they differ."""
    return [key for key in {*one, *other} if one.get(key) != other.get(key)][:5]


def _check_claims(hub: Hub, accepted: list[Sent]) -> None:
    """Each accepted submission has one claim, with its digest and the receipt that the sender holds; nothing else has."""
    rows = _rows(hub, "SELECT source, event_id, digest, body FROM claims JOIN receipts ON id = receipt_id")
    claims = {(source, event): (bytes(digest), bytes(body)) for source, event, digest, body in rows}
    assert len(claims) == len(rows) == _rows(hub, "SELECT COUNT(*) FROM claims")[0][0], "a claim without its receipt"
    told = {(one.envelope.source, one.envelope.id): (sha256(one.payload).digest(), one.receipt) for one in accepted}
    assert claims == told, f"claims without a sender or senders without a claim: {_only_one_has(claims, told)}"


def _check_items(entries: list[Placed], accepted: list[Sent], receipts: list[Receipt]) -> None:
    """Each accepted submission has exactly the items that its receipt names, in one step, and no others exist."""
    recorded: dict[tuple[str, str], list[str]] = defaultdict(list)
    steps: dict[tuple[str, str], set[str]] = defaultdict(set)
    refs = []
    for placed in entries:
        entry: Any = placed.entry
        if isinstance(entry, ItemEntry):
            refs.append(entry.ref)
            if entry.desk != HUB_DESK:
                recorded[entry.source, entry.event_id].append(entry.ref)
                steps[entry.source, entry.event_id].add(entry.step)
    assert len(refs) == len(set(refs)), "two items have the same name"
    told = {(r.source, r.id): sorted(r.items) for r in receipts}
    kept = {key: sorted(items) for key, items in recorded.items()}
    assert kept == told, f"items that no receipt names, or the reverse: {_only_one_has(kept, told)}"
    assert len(told) == len(accepted), "two receipts are of one submission"
    assert all(len(of_one) == 1 for of_one in steps.values()), "a submission was recorded in two steps"


def _check_numbers(hub: Hub, accepted: list[Sent]) -> None:
    """Receipts' numbers are dense for each agency, and each stored receipt says the number that it is stored under."""
    numbers: dict[str, list[int]] = defaultdict(list)
    bodies = set()
    for agency, number, outcome, body in _rows(
        hub, "SELECT agency, number, outcome, body FROM receipts ORDER BY agency, number"
    ):
        receipt = read_receipt(bytes(body), hub.hub_keys)
        assert (receipt.number, receipt.outcome) == (number, outcome)
        numbers[agency].append(number)
        bodies.add(bytes(body))
    for agency, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), f"the receipts of {agency} have a gap or a repeat"
    assert {one.receipt for one in accepted} <= bodies, "a receipt that a sender holds is not kept"


def _check_epochs(hub: Hub, entries: list[Placed]) -> None:
    """One epoch for an hour at most, in order, each with its one leaf."""
    struck = [(one.position, one.entry.hour) for one in entries if isinstance(one.entry, Policy.EpochStruck)]
    hours = [hour for _, hour in struck]
    assert hours, "no hour struck during the run"
    assert hours == sorted(set(hours)), "an hour struck twice, or out of order"
    leaves = [row[0] for row in _rows(hub, "SELECT cause FROM leaves WHERE typ = 'epoch' ORDER BY n")]
    assert leaves == [position for position, _ in struck], "an epoch without its leaf, or the reverse"


def read_on(hub: Hub, follower: Follower) -> None:
    """Read a feed to its end, in this process."""
    while True:
        page = page_of(hub, DeskId(follower.desk), follower.seq)
        follower.take(page)
        if follower.seq == page.count:
            return


def _check_feed(tree: FinalTree, hub: Hub, follower: Follower) -> None:
    """What the desk was told is what the register holds for it, each entry in the register's order."""
    running = _rows(hub, f"SELECT running FROM feed_heads WHERE desk = '{follower.desk}'")[0][0]
    assert follower.running == running, f"the running hash of {follower.desk} is another one than it proved"
    before = -1
    for entry in follower.entries:
        n, leaf = tree.proved(entry.leaf)
        assert leaf["desk"] == follower.desk, "a desk was told of another's leaf"
        assert leaf_hash(tree.leaves[n]).hex() == entry.leaf_hash, "a feed entry has another hash than its leaf"
        assert n > before, "the feed is not in the register's order"
        before = n
    told = _rows(hub, f"SELECT id FROM leaves WHERE desk = '{follower.desk}' AND kind <> '' ORDER BY n")
    was_told = [entry.leaf for entry in follower.entries]
    assert was_told == [leaf for (leaf,) in told], f"{follower.desk} was not told all, or more than all"


def _check_bodies(tree: FinalTree, follower: Follower) -> None:
    """Whatever was ever shown rests on a leaf of the final tree that shows it, to that desk, in those classes (P3, P7)."""
    for body in follower.bodies.values():
        if not body.leaf:
            continue
        _, leaf = tree.proved(body.leaf)
        assert (leaf["typ"], leaf["desk"]) == ("decision", follower.desk), "a body rests on no decision for its desk"
        if body.state == "disclosed":
            assert leaf["eff"] == "disclose", "a body was shown that the final tree withholds"
            assert set(body.classes) == set(leaf["classes"]), "a body was shown in other classes than its leaf says"
