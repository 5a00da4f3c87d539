"""Feed entries, their running hash and the signed heartbeat: what lets a client prove that its feed is whole (P10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from sightline.formats import jws, strict_json
from sightline.formats.jwk import PrivateKey
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, KeyId

HEARTBEAT = jws.Form(typ="sightline-heartbeat+jws", cty="application/json")
START = sha256(b"sightline-feed-v1").hexdigest()
"""The running hash of an empty feed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedEntry:
    """One thing a desk is told: exactly these members are hashed."""

    seq: int
    """1 for a desk's first; no number is ever left out."""
    leaf: str
    leaf_hash: str
    """RFC 6962 hash of the leaf, hexadecimal."""
    kind: str
    """``item``, ``notice`` or ``recall``."""


def running_hash(before: str, entry: FeedEntry) -> str:
    """The hash of a feed up to and with this entry."""
    members = {"hash": entry.leaf_hash, "kind": entry.kind, "leaf": entry.leaf, "seq": entry.seq}
    return sha256(bytes.fromhex(before) + orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).hexdigest()


def entry_json(entry: FeedEntry) -> dict[str, str | int]:
    """An entry on the wire, over HTTP as on the broker."""
    return {"seq": entry.seq, "leaf": entry.leaf, "hash": entry.leaf_hash, "kind": entry.kind}


def check_chain(entries: Iterable[FeedEntry], *, after: int, before: str) -> str:
    """The running hash after these entries. Raises Refused ``feed_gap`` where a number is missing or repeated."""
    for expected, entry in enumerate(entries, after + 1):
        if entry.seq != expected:
            raise Refused("feed_gap", f"expected number {expected}, found {entry.seq}")
        before = running_hash(before, entry)
    return before


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """How far a feed has come, as the hub signs it. It takes no number of its own."""

    desk: DeskId
    count: int
    hash: str
    at: datetime


def make_heartbeat(beat: Heartbeat, key: PrivateKey) -> str:
    """The signed heartbeat: a compact JWS."""
    body = {"at": beat.at.isoformat(timespec="seconds"), "count": beat.count, "desk": beat.desk, "hash": beat.hash}
    return jws.sign(orjson.dumps(body), key, HEARTBEAT).decode()


def read_heartbeat(compact: bytes, keys: Mapping[KeyId, tuple[str, bytes]]) -> Heartbeat:
    """The heartbeat, its signature checked against the hub's keys. Raises Refused."""
    signed = jws.parse(compact, HEARTBEAT)
    alg, public = keys.get(signed.kid, ("", b""))
    if alg != signed.alg or not jws.is_signed(
        alg=alg, public=public, signing_input=signed.signing_input, signature=signed.signature
    ):
        raise Refused("bad_signature", "the heartbeat is not signed with a key of this hub")
    return _heartbeat(strict_json.parse_object(signed.payload))


def _heartbeat(body: Mapping[str, Any]) -> Heartbeat:
    try:
        at = datetime.fromisoformat(body["at"])
        return Heartbeat(desk=DeskId(body["desk"]), count=int(body["count"]), hash=str(body["hash"]), at=at)
    except (KeyError, TypeError, ValueError):
        raise Refused("not_json", "the heartbeat does not have a heartbeat's members") from None
