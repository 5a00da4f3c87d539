"""The hub over HTTP, as a desk's system sees it: send, read, follow. Every request that reads carries a new token.

Refused: `HubRefused` with the hub's own code. What passes (no connection, 503) is `Unavailable`: the same call may be
made again, submissions included, for the hub answers the same bytes with the same receipt.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2

from sightline.formats import strict_json
from sightline.formats.feed import FeedEntry
from sightline.formats.jwk import PrivateKey, public_of
from sightline.formats.reading_token import make_token
from sightline.formats.receipt import Receipt, read_receipt
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import KeyId
from sightline.kernel.ports import Clock

Json = Mapping[str, Any]
PublicKeys = Mapping[KeyId, tuple[str, bytes]]

SENT_AS = "application/jose"
TRIES = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
_SILENCE_S = 45.0
"""A stream says something every second; after this much silence the connection is taken for lost."""
_HASH = re.compile(r"[0-9a-f]{64}")
_UNAVAILABLE = frozenset({429, 502, 503, 504})


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


class HubClient:
    """One desk's connection to its hub. Not for several threads at once."""

    def __init__(  # noqa: PLR0913 - what a desk must know of itself and of its hub
        self,
        url: str,
        *,
        key: PrivateKey | None,
        audience: str = "sightline",
        actor: str = "",
        purpose: str = "",
        clock: Clock,
        timeout_s: float = 30.0,
        wait: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """`key` may be None for what anyone may read. `transport` stands in for the network in tests."""
        # Nothing of the environment: a proxy that somebody set for other things must not see what is sent here.
        self._http = httpx2.Client(base_url=url, timeout=timeout_s, trust_env=False, transport=transport)
        self._key = key
        self._audience = audience
        self._actor = actor
        self._purpose = purpose
        self._clock = clock
        self._wait = wait

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def keys(self) -> HubKeys:
        """What the hub publishes of itself. Believe it only as far as the way that it came."""
        return read_hub_keys(self._json("/v1/keys", signed=False))

    def submit(self, compact: bytes, keys: PublicKeys, *, tries: int = TRIES) -> Sent:
        """Send signed (or sealed) bytes; sent again, the same bytes, when the hub does not answer.

        Raises HubRefused, Unavailable, and Refused for a receipt that the hub's key did not sign.
        """
        for attempt in range(1, tries + 1):
            try:
                return self._submit(compact, keys)
            except Unavailable:
                if attempt == tries:
                    raise
                self._wait(_pause(attempt))
        raise Unavailable("unavailable", "no try was made")

    def _submit(self, compact: bytes, keys: PublicKeys) -> Sent:
        with _reaching():
            answer = self._http.post("/v1/submissions", content=compact, headers={"Content-Type": SENT_AS})
        _check(answer)
        receipt = read_receipt(answer.content, keys)
        return Sent(receipt=receipt, compact=answer.content, is_repeat=answer.status_code == 200, name=_name(answer))

    def page(self, *, after: int, limit: int = 500, bodies: bool = False) -> Page:
        """Entries after number `after`."""
        with _reading():
            found = self._json("/v1/feed", after=after, limit=limit, bodies=bodies)
            told = tuple(_told(row) for row in found["entries"])
            return Page(told=told, heartbeat=str(found["heartbeat"]).encode(), count=int(found["count"]))

    def stream(self, *, after: int, bodies: bool = False, tries: int = TRIES) -> Iterator[Page]:
        """Entries as they come, one a page, with the hub's heartbeats between; connects again by itself, without end.

        Raises HubRefused when the hub says no, Unavailable after `tries` connections in a row that brought nothing.
        """
        failures = 0
        while True:
            try:
                for page in self._stream(after, bodies):
                    failures, after = 0, max([after, *(told.entry.seq for told in page.told)])
                    yield page
            except Unavailable:
                failures += 1
                if failures >= tries:
                    raise
                self._wait(_pause(failures))

    def _stream(self, after: int, bodies: bool) -> Iterator[Page]:
        headers = {**self._signed(), "Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx2.Timeout(30.0, read=_SILENCE_S)
        with (
            _reaching(),
            self._http.stream("GET", "/v1/feed", params={"bodies": bodies}, headers=headers, timeout=timeout) as answer,
        ):
            if answer.status_code != 200:
                answer.read()
            _check(answer)
            for event in httpx2.EventSource(answer):
                page = _streamed(event)
                if page is not None:
                    yield page

    def item(self, ref: str) -> Json:
        """One item as it may be seen now."""
        return self._json(f"/v1/items/{ref}")

    def child(self, ref: str) -> Json:
        """What may be seen about one child."""
        return self._json(f"/v1/children/{ref}")

    def alerts(self) -> Json:
        """What the desk must do, and refusals it must know of."""
        return self._json("/v1/alerts")

    def decision(self, leaf: str) -> Json:
        """What the desk may know of a leaf of its own."""
        return self._json(f"/v1/decisions/{leaf}")

    def receipt(self, name: str) -> bytes:
        """A receipt of the desk's agency, as signed."""
        return self._get(f"/v1/receipts/{name}").content

    def proof(self, leaf: str) -> bytes:
        """The ``.tlog-proof`` of a leaf of the desk's own."""
        return self._get(f"/v1/proof/{leaf}").content

    def checkpoint(self) -> bytes:
        """The register's last signed checkpoint."""
        return self._get("/v1/checkpoint", signed=False).content

    def consistency(self, old: int, new: int) -> bytes:
        """Proof that one tree extends another: base64, a hash a line."""
        return self._get(f"/v1/consistency/{old}/{new}", signed=False).content

    def _json(self, path: str, *, signed: bool = True, **params: Any) -> Json:
        with _reading():
            return dict(self._get(path, signed=signed, **params).json())

    def _get(self, path: str, *, signed: bool = True, **params: Any) -> httpx2.Response:
        with _reaching():
            answer = self._http.get(path, params=params, headers=self._signed() if signed else {})
        return _check(answer)

    def _signed(self) -> dict[str, str]:
        if self._key is None:
            raise Refused("token_invalid", "reading needs the desk's key")
        token = make_token(
            self._key, audience=self._audience, actor=self._actor, purpose=self._purpose, now=self._clock.now()
        )
        return {"Authorization": "Bearer " + token.decode("ascii")}


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as exc:
        raise Unavailable("unreachable", f"the hub does not answer ({type(exc).__name__})") from exc
    except httpx2.InvalidURL as exc:
        raise Refused("request_invalid", "not the address of a hub") from exc


@contextmanager
def _reading() -> Iterator[None]:
    """What a hub says that is not as hubs speak is its fault, never a crash of ours."""
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise Refused("not_json", "the hub's answer does not have the members that it should have") from None


def read_hub_keys(found: Json) -> HubKeys:
    """What a hub published, from the wire or from where a desk kept it. Raises Refused."""
    with _reading():
        rows = [(KeyId(str(row["kid"])), str(row["alg"]), _jwk(row)) for row in found["receipt_keys"]]
        return HubKeys(
            origin=str(found["origin"]),
            audience=str(found["audience"]),
            vkey=str(found["vkey"]),
            receipt_keys={kid: (alg, public_of(jwk, alg)) for kid, alg, jwk in rows},
            intake_key={str(name): str(value) for name, value in found["intake_key"].items()},
        )


def _streamed(event: httpx2.ServerSentEvent) -> Page | None:
    """What an event of a stream says; None for one of a kind that we do not know."""
    if event.event not in {"entry", "heartbeat", "closed"}:
        return None
    with _reading():
        said: Any = event.json()
        if event.event == "entry":
            return Page(told=(_told(said),), heartbeat=b"", count=0)
        if event.event == "heartbeat":
            return Page(told=(), heartbeat=str(said["heartbeat"]).encode(), count=int(said["count"]))
        problem = dict(said)
    raise HubRefused(problem)


def _check(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code in _UNAVAILABLE:
        raise Unavailable("unavailable", f"the hub answers {answer.status_code}")
    if answer.status_code not in {200, 201}:
        raise HubRefused(_problem(answer), _name(answer))
    return answer


def _name(answer: httpx2.Response) -> str:
    return str(answer.headers.get("Location", "")).rpartition("/")[2]


def _problem(answer: httpx2.Response) -> Json:
    unknown = {"code": "unknown", "status": answer.status_code, "title": f"the hub answers {answer.status_code}"}
    try:
        return unknown | strict_json.parse_object(answer.content)
    except Refused:
        return unknown


def _pause(attempt: int) -> float:
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * (1 << (attempt - 1)))


def _jwk(row: Json) -> dict[str, str]:
    return {name: str(row[name]) for name in ("kty", "crv", "x", "y") if name in row}


def _told(row: Json) -> Told:
    try:
        if not _HASH.fullmatch(row["hash"]):
            raise ValueError
        entry = FeedEntry(seq=int(row["seq"]), leaf=str(row["leaf"]), leaf_hash=str(row["hash"]), kind=str(row["kind"]))
        return Told(entry=entry, item=dict(row.get("item", {})))
    except (KeyError, TypeError, ValueError):
        raise Refused("feed_malformed", "a feed entry does not have a feed entry's members") from None
