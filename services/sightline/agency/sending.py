"""Submissions over a broker, and the receipts that come back on the agency's own topic.

A receipt is a desk's own by the payload that it names, which the hub signed. What comes for others is passed over, and
what the hub did not sign is not believed. Sending again is safe, but a broker carries each receipt once: so what came
meanwhile is looked through first, and the place in the topic is remembered.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from sightline.agency.answers import PublicKeys, Sent
from sightline.agency.messages import Message, Topic
from sightline.formats import jws, strict_json
from sightline.formats.event import source_parts
from sightline.formats.receipt import ACCEPTED, read_receipt, read_receipt_unsafe
from sightline.kernel.errors import Refused, Unavailable

SLICE_S = 1.0
PAST_S = 120.0
"""How long it may take to read what came before."""
Answer = tuple[str, Sent]
"""An event's name, and the hub's answer to it."""

_NAME = re.compile(rb"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A signed event and what it is sent and found again by."""

    name: str
    """The desk's own name for it."""
    source: str
    """The broker's key: what one source sends stays in order."""
    digest: bytes
    """SHA-256 of its payload: what its receipt will name."""
    compact: bytes


def outgoing(name: str, compact: bytes) -> Outgoing:
    """The event, read as far as sending needs. Raises Refused for what no hub would take: over a broker nobody says so."""
    signed = jws.parse(compact, jws.EVENT)
    source = strict_json.parse_object(signed.payload).get("source")
    if not isinstance(source, str) or source_parts(source) is None:
        raise Refused("envelope_invalid", "source is missing or not allowed")
    return Outgoing(name=name, source=source, digest=sha256(signed.payload).digest(), compact=compact)


class Receipts:
    """The receipts of some events, as they come. Each is given once."""

    def __init__(self, topic: Topic, keys: PublicKeys) -> None:
        self._topic = topic
        self._keys = keys
        self._waiting: dict[bytes, set[str]] = {}
        self.forged: dict[str, str] = {}
        """Names of events with a receipt that was not believed, and why; the true one may still come."""

    def expect(self, events: Iterable[Outgoing]) -> None:
        """Look for the receipts of these as well."""
        for event in events:
            self._waiting.setdefault(event.digest, set()).add(event.name)

    @property
    def waiting(self) -> set[str]:
        """Names of the events that have no receipt yet."""
        return {name for names in self._waiting.values() for name in names}

    def past(self, *, whole: bool = False) -> Iterator[Answer]:
        """Receipts that came before anything is sent now: since the desk last looked, or, `whole`, all that there are.

        Acceptance is for good, so it is an answer whenever it came. Of refusals the last is given, and only at the end.
        """
        kept, end = self._topic.kept(), self._topic.end()
        self._topic.seek(None if whole or kept is None else min(kept[0], end))
        refusals: dict[bytes, Sent] = {}
        for digest, sent in self._until(end):
            if sent.receipt.outcome == ACCEPTED:
                yield from self._answers(digest, sent)
            else:
                refusals[digest] = sent
        for digest, sent in refusals.items():
            yield from self._answers(digest, sent)
        self._topic.keep()

    def come(self, names: Iterable[str], wait_s: float) -> Iterator[Answer]:
        """Receipts that come now, until each of these events has one, or the time is up."""
        wanted, until = set(names), time.monotonic() + wait_s
        while wanted & self.waiting and (left := until - time.monotonic()) > 0:
            for digest, sent in self._next(min(left, SLICE_S)):
                yield from self._answers(digest, sent)
            # Only now: whoever took them has dealt with them.
            self._topic.keep()

    def _until(self, end: int) -> Iterator[tuple[bytes, Sent]]:
        until = time.monotonic() + PAST_S
        while self._topic.position() < end:
            if time.monotonic() > until:
                raise Unavailable("broker_unavailable", "the broker does not give what it says it has")
            yield from self._next(SLICE_S)

    def _next(self, wait_s: float) -> Iterator[tuple[bytes, Sent]]:
        for message in self._topic.poll(wait_s):
            sent = self._own(message)
            if sent is not None:
                yield sent.receipt.payload, sent

    def _own(self, message: Message) -> Sent | None:
        """The receipt, if it is of one of the events, and the hub's."""
        try:
            names = self._waiting.get(read_receipt_unsafe(message.value).payload)
        except Refused:
            return None
        if not names:
            return None
        try:
            receipt = read_receipt(message.value, self._keys)
        except Refused as refused:
            self.forged |= dict.fromkeys(names, refused.code)
            return None
        return Sent(receipt=receipt, compact=message.value, is_repeat=False, name=_name(message.key))

    def _answers(self, digest: bytes, sent: Sent) -> Iterator[Answer]:
        for name in sorted(self._waiting.pop(digest, ())):
            yield name, sent


def _name(key: bytes) -> str:
    """Under which the hub gives the receipt again: the message's key, if it is such a name."""
    return key.decode("ascii") if _NAME.fullmatch(key) else ""
