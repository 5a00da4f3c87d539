"""The hub over HTTP, as a desk's system sees it: send, read, follow. Every request that reads carries a new token.

Refused: `HubRefused` with the hub's own code. What passes (no connection, 503) is `Unavailable`: the same call may be
made again, submissions included, for the hub answers the same bytes with the same receipt.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Any, Self

import httpx2

from sightline.agency.answers import (
    HubKeys,
    HubRefused,
    Json,
    Page,
    PublicKeys,
    Sent,
    Told,
    read_hub_keys,
    reading,
    streamed,
    told_of,
)
from sightline.formats import strict_json
from sightline.formats.jwk import PrivateKey
from sightline.formats.reading_token import make_token
from sightline.formats.receipt import read_receipt
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ports import Clock

__all__ = ["HubClient", "HubKeys", "HubRefused", "Page", "PublicKeys", "Sent", "Told", "read_hub_keys"]

SENT_AS = "application/jose"
TRIES = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
_SILENCE_S = 45.0
"""A stream says something every second; after this much silence the connection is taken for lost."""
_UNAVAILABLE = frozenset({429, 502, 503, 504})


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: what the library believes, read once. That takes longer than most requests."""
    return httpx2.create_ssl_context(trust_env=False)


class HubClient:
    """One desk's connection to its hub. Not for several threads at once."""

    def __init__(  # noqa: PLR0913  # by name only: each is a setting of its own, and most have a default
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
        self._http = httpx2.Client(
            base_url=url, timeout=timeout_s, trust_env=False, verify=_trusted(), transport=transport
        )
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
        with reading():
            found = self._json("/v1/feed", after=after, limit=limit, bodies=bodies)
            told = tuple(told_of(row) for row in found["entries"])
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
                page = streamed(event)
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
        with reading():
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
