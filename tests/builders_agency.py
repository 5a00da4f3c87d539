"""A partner's system in front of a broker: a topic in memory, a desk's folder, entries of a feed that nobody checks."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from sightline.agency.messages import Message
from sightline.entrypoints.desk_folder import DeskFolder, DeskSettings
from sightline.formats.feed import START, FeedEntry, entry_json, running_hash
from sightline.formats.jwk import public_jwk
from sightline.kernel.ids import DeskId
from sightline.runtime.hub import Hub
from tests.builders_hub import AREA, RESPONSE, source_of


@dataclass(kw_only=True)
class MemoryTopic:
    """A topic as `agency.messages.Topic` has it. The contract suite holds it to what a broker does."""

    messages: list[Message] = field(default_factory=list)
    at_once: int = 3
    """How many one poll gives."""
    remembered: list[tuple[int, str]] = field(default_factory=list)
    at: int = 0

    def put(self, *values: bytes, key: bytes = b"") -> None:
        """Write, as the relay does."""
        for value in values:
            self.messages.append(Message(offset=self.end(), key=key, value=value))

    def cut(self, count: int) -> None:
        """The broker forgets the oldest."""
        del self.messages[:count]

    def again(self) -> "MemoryTopic":
        """The same topic, as a process that starts anew finds it."""
        return MemoryTopic(messages=self.messages, remembered=self.remembered, at_once=self.at_once)

    def kept(self) -> tuple[int, str] | None:
        return self.remembered[-1] if self.remembered else None

    def keep(self, note: str = "") -> None:
        self.remembered.append((self.at, note))

    def end(self) -> int:
        return self.messages[-1].offset + 1 if self.messages else 0

    def position(self) -> int:
        return self.at

    def seek(self, offset: int | None) -> None:
        self.at = self._oldest() if offset is None else offset

    def poll(self, timeout_s: float) -> Sequence[Message]:
        if not self._oldest() <= self.at <= self.end():
            self.at = self._oldest()
        found = [message for message in self.messages if message.offset >= self.at][: self.at_once]
        if not found:
            time.sleep(min(timeout_s, 0.01))
        self.at = found[-1].offset + 1 if found else self.at
        return found

    def _oldest(self) -> int:
        return self.messages[0].offset if self.messages else 0


def an_entry(seq: int, *, leaf: str = "", kind: str = "item") -> FeedEntry:
    """An entry of that number."""
    return FeedEntry(seq=seq, leaf=leaf or f"l-{seq:04}", leaf_hash=f"{seq:064x}", kind=kind)


def as_told(*entries: FeedEntry) -> list[bytes]:
    """Entries as the relay writes them."""
    return [orjson.dumps(entry_json(entry)) for entry in entries]


def hash_of(*entries: FeedEntry) -> str:
    """The running hash of a feed that has just these."""
    running = START
    for entry in entries:
        running = running_hash(running, entry)
    return running


def a_desk_folder(path: Path, desk: DeskId) -> DeskFolder:
    """A desk's folder whose hub is only reached over a broker: no key, for nothing is signed here."""
    path.mkdir()
    own = DeskFolder(path)
    settings = DeskSettings(
        desk=desk,
        sources=(source_of(desk),),
        types=("*",),
        hub="http://127.0.0.1:9",
        area=AREA,
        purpose=RESPONSE,
        actor="system:records",
    )
    own.begin(settings, b"")
    return own


def published_keys(hub: Hub, path: Path) -> Path:
    """A file with what the hub says at ``GET /v1/keys``."""
    rows = [{"kid": kid, "alg": alg, **public_jwk(public)} for kid, (alg, public) in hub.hub_keys.items()]
    said = {"origin": hub.origin, "audience": "sightline", "vkey": hub.vkey, "receipt_keys": rows}
    path.write_text(json.dumps(said | {"intake_key": hub.intake_key}))
    return path
