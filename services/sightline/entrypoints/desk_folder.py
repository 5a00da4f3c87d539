"""A desk's own folder: its key, what it knows of its hub, what it sent, the receipts, and how far it read.

key.jwk             the private key, mode 0600
registration.jws    the request that the hub's operator puts in force
desk.json           desk, sources, hub, defaults
hub.json            the hub's public keys as they were at the first contact
outbox/<id>.jws     signed events
receipts/<id>.json  the receipt of each, and its name at the hub
feed.json           the proven cursor
checkpoint          the register's last checkpoint that was believed
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sightline.agency.check import Kept
from sightline.agency.client import HubClient, HubKeys, Sent, read_hub_keys
from sightline.agency.follow import write_whole
from sightline.agency.keys import load_key
from sightline.formats import strict_json
from sightline.formats.jwk import PrivateKey, public_jwk
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ids import DeskId


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskSettings:
    """What need not be said with every command."""

    desk: str
    sources: tuple[str, ...]
    types: tuple[str, ...]
    hub: str
    area: str
    purpose: str
    actor: str


class DeskFolder:
    """The folder of one desk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outbox = path / "outbox"
        self.receipts = path / "receipts"

    @property
    def settings(self) -> DeskSettings:
        """What `agency init` wrote. Raises Refused ``no_desk``."""
        try:
            found = strict_json.parse_object((self.path / "desk.json").read_bytes())
            return DeskSettings(**found | {"sources": tuple(found["sources"]), "types": tuple(found["types"])})
        except (FileNotFoundError, TypeError, KeyError):
            raise Refused("no_desk", "this is not a desk's folder: sightline agency init") from None

    @property
    def key(self) -> PrivateKey:
        """The desk's private key."""
        return load_key(self.path / "key.jwk")

    @property
    def desk(self) -> DeskId:
        """Its desk."""
        return DeskId(self.settings.desk)

    @property
    def cursor(self) -> Path:
        """File of the proven cursor."""
        return self.path / "feed.json"

    def begin(self, settings: DeskSettings, registration: bytes) -> None:
        """Write what a new desk's folder holds beside its key."""
        self.outbox.mkdir(exist_ok=True)
        self.receipts.mkdir(exist_ok=True)
        write_whole(self.path / "registration.jws", registration + b"\n")
        write_whole(self.path / "desk.json", json.dumps(asdict(settings), indent=1).encode() + b"\n")

    def hub_keys(self, client: HubClient) -> HubKeys:
        """The hub's keys as they were at the first contact, which this may be. Raises Corrupt when they changed since."""
        return self.meet(client.keys())

    def meet(self, now: HubKeys) -> HubKeys:
        """The same, for keys that came in whatever way."""
        file = self.path / "hub.json"
        if not file.exists():
            write_whole(file, json.dumps(_published(now), indent=1).encode() + b"\n")
            return now
        kept = self.known_hub()
        if kept != now:
            raise Corrupt("hub_keys_changed", "ask the hub why; if that is right, remove hub.json")
        return kept

    def known_hub(self) -> HubKeys:
        """The hub's keys as they were at the first contact. Raises Refused ``no_hub_keys`` where there was none yet."""
        file = self.path / "hub.json"
        if not file.exists():
            raise Refused("no_hub_keys", "the hub's keys are not known yet: --hub URL, or --hub-keys FILE")
        return read_hub_keys(strict_json.parse_object(file.read_bytes()))

    def add_event(self, name: str, compact: bytes) -> Path:
        """Keep a signed event to be sent. Raises Refused ``id_reused`` when one of that name holds other bytes."""
        path = self.outbox / f"{name}.jws"
        if path.exists() and path.read_bytes() != compact:
            raise Refused("id_reused", "an event of this id was signed before, with other content")
        write_whole(path, compact)
        return path

    def waiting(self) -> list[Path]:
        """Events without a receipt, by name: for names that are UUIDv7, in order of time."""
        return [path for path in sorted(self.outbox.glob("*.jws")) if not self._receipt(path).exists()]

    def add_receipt(self, event: Path, name: str, compact: bytes) -> None:
        """Keep the receipt of an event."""
        write_whole(
            self._receipt(event), json.dumps({"name": name, "receipt": compact.decode("ascii")}).encode() + b"\n"
        )

    def sent(self, event: Path, sent: Sent) -> None:
        """Keep what came back."""
        self.add_receipt(event, sent.name, sent.compact)

    def has(self, event: Path, receipt: bytes) -> bool:
        """Whether that very receipt of the event was kept before."""
        return self._receipt(event).exists() and self._kept(event).receipt == receipt

    def kept(self) -> list[Kept]:
        """Everything that was signed here, with its receipt if there is one."""
        return [self._kept(path) for path in sorted(self.outbox.glob("*.jws"))]

    def _kept(self, event: Path) -> Kept:
        file = self._receipt(event)
        found = strict_json.parse_object(file.read_bytes()) if file.exists() else {}
        receipt = str(found.get("receipt", "")).encode()
        return Kept(name=str(found.get("name", event.stem)), event=event.read_bytes(), receipt=receipt)

    def _receipt(self, event: Path) -> Path:
        return self.receipts / f"{event.stem}.json"


def _published(keys: HubKeys) -> Mapping[str, Any]:
    rows = [{"kid": kid, "alg": alg, **public_jwk(public)} for kid, (alg, public) in keys.receipt_keys.items()]
    return asdict(keys) | {"receipt_keys": rows}
