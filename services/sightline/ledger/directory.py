"""Agencies, desks, keys and the areas' editions as the ledger holds them now: followed, never asked one by one."""

import threading
from collections.abc import Mapping
from typing import Any

from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.values import Desk, SigningKey
from sightline.ledger.agency import Agency
from sightline.ledger.policy import Policy
from sightline.ledger.store import Ledger

TOPICS = tuple(
    kind.TOPIC
    for kind in (
        Agency.Registered,
        Agency.DeskOpened,
        Agency.DeskStandingChanged,
        Agency.KeyRegistered,
        Agency.KeyRevoked,
        Policy.EditionBegan,
    )
)
_PAGE = 1000


class Directory:
    """Every desk and key, and every edition chosen. `refresh` reads on from where the last call stopped."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._position = 0
        self._agencies: dict[Any, Agency] = {}
        self._desks: Mapping[DeskId, Desk] = {}
        self._keys: Mapping[KeyId, SigningKey] = {}
        self._editions: Mapping[str, str] = {}
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Take in what was registered, changed, revoked or chosen since."""
        with self._lock:
            head = self._ledger.head()
            if head == self._position:
                return
            changed = False
            while placed := self._ledger.read(self._position, _PAGE, TOPICS):
                for one in placed:
                    self._fold(one.entry)
                self._position = placed[-1].position
                changed = True
            self._position = max(self._position, head)
            if changed:
                self._desks = {d: desk for a in self._agencies.values() for d, desk in a.desks.items()}
                self._keys = {k: key for a in self._agencies.values() for k, key in a.keys.items()}

    def _fold(self, event: Any) -> None:
        if isinstance(event, Policy.EditionBegan):
            self._editions = {**self._editions, event.area: event.edition}
        else:
            self._agencies[event.originator_id] = event.mutate(self._skipping(event))

    def edition(self, area: str, /) -> str | None:
        """The edition that the area has chosen and that has begun; None where it has chosen none."""
        return self._editions.get(area)

    def find(self, kid: KeyId, /) -> SigningKey | None:
        """The key registered under this id."""
        return self._keys.get(kid)

    def desk(self, desk: DeskId, /) -> Desk | None:
        """The desk of this id."""
        return self._desks.get(desk)

    def desks(self) -> list[Desk]:
        """Every desk, by id."""
        return sorted(self._desks.values(), key=lambda d: d.id)

    def keys(self) -> list[SigningKey]:
        """Every key, by id."""
        return sorted(self._keys.values(), key=lambda k: k.kid)

    def _skipping(self, event: Any) -> Agency | None:
        """The agency as of just before the event: refusals on its stream change nothing here and are not read."""
        agency = self._agencies.get(event.originator_id)
        if agency is not None:
            agency.version = event.originator_version - 1
        return agency


class PresentDesks:
    """Desks as they stand at this very moment: for reads, which a suspension stops at once."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def desk(self, desk: DeskId, /) -> Desk | None:
        """The desk of this id."""
        self._directory.refresh()
        return self._directory.desk(desk)


class SendersByRole:
    """Who may send which type (``policies/data/senders.json``). Types of the hub's own are nobody's to send."""

    def __init__(self, senders: Mapping[str, Mapping[str, list[str]]]) -> None:
        self._senders = senders

    def may_send(self, desk: Desk, event_type: str, /) -> bool:
        """Whether one of the desk's roles, or its sector, may send events of this type."""
        who = self._senders.get(event_type)
        if who is None:
            return False
        return "*" in who["roles"] or bool(desk.roles & set(who["roles"])) or desk.sector in who["sectors"]
