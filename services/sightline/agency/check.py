"""What a desk holds, compared with what the hub says now: receipts, the feed, and the register that both rest on.

Each check gives findings. One that is `incomplete` could not be made; any other means that the hub's word is not what it
was, or not what it signed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sightline.agency.client import HubClient, HubKeys, HubRefused, Told
from sightline.agency.follow import Cursor, Follower, catch_up
from sightline.formats import jws
from sightline.formats.checkpoint import Checkpoint, check_extends, open_checkpoint
from sightline.formats.merkle import verify_inclusion
from sightline.formats.note import decode_base64, parse_vkey
from sightline.formats.proof import parse_proof
from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Refused, Unavailable

PASS, FAIL, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: str
    what: str
    """The receipt's name, the feed's number, the leaf: nothing about a person."""
    detail: str = ""
    incomplete: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A submission as the desk kept it."""

    name: str
    """The receipt's name at the hub; empty where it came without."""
    event: bytes
    """The compact JWS that was sent; empty if it was not kept."""
    receipt: bytes
    """Empty if none ever came."""


def exit_code(findings: Iterable[Finding]) -> int:
    """0 nothing found, 1 something is wrong, 3 something could not be checked."""
    found = list(findings)
    if any(not finding.incomplete for finding in found):
        return FAIL
    return INCOMPLETE if found else PASS


def check_receipts(kept: Iterable[Kept], client: HubClient, keys: HubKeys) -> Iterator[Finding]:
    """Each receipt: signed by the hub, about the bytes that were sent, and still the one that the hub gives."""
    for one in kept:
        if not one.receipt:
            yield Finding(code="no_receipt", what=one.name, detail="send the event again", incomplete=True)
            continue
        yield from _receipt(one, client, keys)


def _receipt(one: Kept, client: HubClient, keys: HubKeys) -> Iterator[Finding]:
    try:
        receipt = read_receipt(one.receipt, keys.receipt_keys)
    except Refused as refused:
        yield Finding(code=refused.code, what=one.name, detail="the receipt was not signed by this hub")
        return
    if one.event and receipt.payload != sha256(jws.parse(one.event, jws.EVENT).payload).digest():
        yield Finding(code="receipt_of_other_payload", what=one.name)
    if not one.name:
        detail = "it came without its name: send the event once more over HTTP, and it is known"
        yield Finding(code="receipt_without_name", what=receipt.id, detail=detail, incomplete=True)
        return
    try:
        if client.receipt(one.name) != one.receipt:
            yield Finding(code="receipt_differs", what=one.name, detail="the hub gives another receipt under this name")
    except HubRefused as refused:
        yield Finding(code="receipt_missing", what=one.name, detail=refused.code)
    except Unavailable as exc:
        yield Finding(code=exc.code, what=one.name, incomplete=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reread:
    """The whole feed read again."""

    told: tuple[Told, ...]
    cursor: Cursor
    findings: tuple[Finding, ...]


def check_feed(cursor: Cursor, client: HubClient, keys: HubKeys, now: datetime) -> Reread:
    """Read the feed again from its first entry, and compare it with how far the desk had followed it."""
    again = Follower(Cursor(desk=cursor.desk), keys.receipt_keys, lambda: now)
    try:
        told = tuple(one for batch in catch_up(again, client) for one in batch)
    except Unavailable as exc:
        return Reread(told=(), cursor=cursor, findings=(Finding(code=exc.code, what="feed", incomplete=True),))
    except Refused as refused:
        return Reread(
            told=(), cursor=cursor, findings=(Finding(code=refused.code, what="feed", detail=refused.detail),)
        )
    return Reread(told=told, cursor=again.cursor, findings=tuple(_compare(cursor, again.cursor, told, now)))


def _compare(before: Cursor, after: Cursor, told: Sequence[Told], now: datetime) -> Iterator[Finding]:
    if after.seq < before.seq:
        detail = f"the hub has {after.seq} entries, {before.seq} were followed"
        yield Finding(code="feed_rolled_back", what=str(before.seq), detail=detail)
        return
    part = Follower(Cursor(desk=before.desk), {}, lambda: now)
    if part.chain(told[: before.seq]) != before.running:
        yield Finding(code="feed_fork", what=str(before.seq), detail="the hub tells another feed than was followed")


def check_register(
    remembered: bytes, told: Sequence[Told], client: HubClient, keys: HubKeys
) -> tuple[bytes, list[Finding]]:
    """The register extends the checkpoint that was remembered, and holds the leaf of each of these entries.

    You get the checkpoint to remember from now on, and what was found.
    """
    findings: list[Finding] = []
    try:
        note = client.checkpoint()
        checkpoint = open_checkpoint(note, parse_vkey(keys.vkey))
        if remembered:
            _extends(open_checkpoint(remembered, parse_vkey(keys.vkey)), checkpoint, client)
    except Unavailable as exc:
        return remembered, [Finding(code=exc.code, what="checkpoint", incomplete=True)]
    except Refused as refused:
        return remembered, [Finding(code=refused.code, what="checkpoint", detail=refused.detail)]
    for one in told:
        findings += _included(one, client, keys)
    return note, findings


def _extends(old: Checkpoint, new: Checkpoint, client: HubClient) -> None:
    is_provable = 0 < old.size <= new.size
    lines = client.consistency(old.size, new.size).decode("ascii").splitlines() if is_provable else []
    check_extends(old, new, [decode_base64(line) for line in lines])


def _included(one: Told, client: HubClient, keys: HubKeys) -> Iterator[Finding]:
    leaf = one.entry.leaf
    try:
        proof = parse_proof(client.proof(leaf))
        checkpoint = open_checkpoint(proof.checkpoint, parse_vkey(keys.vkey))
        hashed = bytes.fromhex(one.entry.leaf_hash)
        verify_inclusion(hashed, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except Unavailable as exc:
        yield Finding(code=exc.code, what=leaf, incomplete=True)
    except Refused as refused:
        yield Finding(code=refused.code, what=leaf, detail=refused.detail)
