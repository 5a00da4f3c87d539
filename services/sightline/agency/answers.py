"""What a hub answers, as values: read with care, for a hub that speaks otherwise must not break a desk's system."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from sightline.formats.feed import FeedEntry
from sightline.formats.jwk import public_of
from sightline.formats.receipt import Receipt
from sightline.kernel.errors import Refused
from sightline.kernel.ids import KeyId

Json = Mapping[str, Any]
PublicKeys = Mapping[KeyId, tuple[str, bytes]]

_HASH = re.compile(r"[0-9a-f]{64}")


class HubRefused(Refused):
    """The hub said no. `receipt` is its signed receipt of that, empty where it gave none."""

    def __init__(self, problem: Json, name: str = "") -> None:
        super().__init__(str(problem.get("code", "unknown")), str(problem.get("detail", problem.get("title", ""))))
        self.status = int(problem.get("status", 0))
        self.pointer = str(problem.get("pointer", ""))
        self.receipt = str(problem.get("receipt", "")).encode()
        self.name = name
        """Under which the hub gives that receipt again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HubKeys:
    """What a hub publishes of itself. Keep it at the first contact: a later difference must be explained."""

    origin: str
    audience: str
    vkey: str
    receipt_keys: PublicKeys
    intake_key: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What came back for a submission."""

    receipt: Receipt
    """Its signature checked with the hub's key."""
    compact: bytes
    """The receipt as signed: keep it."""
    is_repeat: bool
    """The hub had this very event already."""
    name: str
    """Under which the hub gives the receipt again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One entry of the feed, and what it says if bodies were asked for."""

    entry: FeedEntry
    item: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Entries in order, and the signed heartbeat of the moment; a stream's heartbeat is a page without entries."""

    told: tuple[Told, ...]
    heartbeat: bytes
    count: int


@contextmanager
def reading() -> Iterator[None]:
    """What a hub says that is not as hubs speak is its fault, never a crash of ours."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise Refused("not_json", "the hub's answer does not have the members that it should have") from None


def read_hub_keys(found: Json) -> HubKeys:
    """What a hub published, from the wire or from where a desk kept it. Raises Refused."""
    with reading():
        rows = [(KeyId(str(row["kid"])), str(row["alg"]), _jwk(row)) for row in found["receipt_keys"]]
        return HubKeys(
            origin=str(found["origin"]),
            audience=str(found["audience"]),
            vkey=str(found["vkey"]),
            receipt_keys={kid: (alg, public_of(jwk, alg)) for kid, alg, jwk in rows},
            intake_key={str(name): str(value) for name, value in found["intake_key"].items()},
        )


def streamed(event: httpx2.ServerSentEvent) -> Page | None:
    """What an event of a stream says; None for one of a kind that we do not know."""
    if event.event not in {"entry", "heartbeat", "closed"}:
        return None
    with reading():
        said: Any = event.json()
        if event.event == "entry":
            return Page(told=(told_of(said),), heartbeat=b"", count=0)
        if event.event == "heartbeat":
            return Page(told=(), heartbeat=str(said["heartbeat"]).encode(), count=int(said["count"]))
        problem = dict(said)
    raise HubRefused(problem)


def _jwk(row: Json) -> dict[str, str]:
    return {name: str(row[name]) for name in ("kty", "crv", "x", "y") if name in row}


def told_of(row: Json) -> Told:
    try:
        if not _HASH.fullmatch(row["hash"]):
            raise ValueError
        entry = FeedEntry(seq=int(row["seq"]), leaf=str(row["leaf"]), leaf_hash=str(row["hash"]), kind=str(row["kind"]))
        return Told(entry=entry, item=dict(row.get("item", {})))
    except (KeyError, TypeError, ValueError):
        raise Refused("feed_malformed", "a feed entry does not have a feed entry's members") from None
