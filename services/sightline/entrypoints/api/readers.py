"""Who reads: reading tokens checked, and each taken once."""

import heapq
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sightline.formats import jws
from sightline.formats.reading_token import LEEWAY_S, read_token
from sightline.kernel.errors import Refused, Unavailable
from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.ports import Clock
from sightline.ledger.directory import Directory

MOST_REMEMBERED = 200_000
"""Spent tokens remembered at once: over 3,000 requests a second. Beyond it the hub answers 503, it does not forget."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A desk that proved itself, for one request."""

    desk: DeskId
    actor: str
    purpose: str
    kid: KeyId


class Spent:
    """Tokens used before, each remembered until it could not be used anyway."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._names: set[str] = set()
        self._ends: list[tuple[datetime, str]] = []
        self._lock = threading.Lock()

    def spend(self, name: str, until: datetime, now: datetime) -> None:
        """Take this token. Raises Refused ``token_replayed``; Unavailable when no more can be remembered."""
        with self._lock:
            while self._ends and self._ends[0][0] < now:
                self._names.discard(heapq.heappop(self._ends)[1])
            if name in self._names:
                raise Refused("token_replayed", "make a new token for each request")
            if len(self._names) >= self._most:
                raise Unavailable("busy", "too many readers")
            self._names.add(name)
            heapq.heappush(self._ends, (until, name))


class Readers:
    """Turns tokens into readers. Keys registered or revoked by another process count from the next request on."""

    def __init__(self, *, directory: Directory, audience: str, clock: Clock, spent: Spent | None = None) -> None:
        self._directory = directory
        self._audience = audience
        self._clock = clock
        self._spent = spent or Spent()

    def admit(self, token: str) -> Reader:
        """Who reads, for what. Raises Refused ``token_invalid`` or ``token_replayed``."""
        now = self._clock.now()
        self._directory.refresh()
        raw = token.encode("ascii", "replace")
        read = read_token(raw, find=self._directory.find, audience=self._audience, now=now)
        self._spent.spend(f"{read.desk} {read.jti}", read.expires_at + timedelta(seconds=LEEWAY_S), now)
        return Reader(desk=read.desk, actor=read.actor, purpose=read.purpose, kid=jws.parse(raw, jws.READING).kid)

    def check_key(self, reader: Reader) -> None:
        """Raises Refused ``key_not_in_force`` when the key that opened a stream was revoked since, or has expired."""
        self._directory.refresh()
        key = self._directory.find(reader.kid)
        if key is None or not key.is_in_force(self._clock.now()):
            raise Refused("key_not_in_force", "the key of the reading token is no longer in force")
