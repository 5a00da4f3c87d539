"""A hub's data folder opened beside a running hub, or without one. Opening founds nothing and activates nothing."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.adapters.clock import SystemClock
from sightline.kernel.errors import Unavailable
from sightline.ledger.directory import Directory
from sightline.ledger.store import Ledger
from sightline.record.admin import Admin
from sightline.register.reading import RegisterReader
from sightline.runtime.embedded import embedded
from sightline.runtime.settings import Settings
from sightline.runtime.stores import KEYS, LEDGER, ledger_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What can be asked of a folder without the hub's keys."""

    path: Path
    origin: str
    ledger: Ledger
    directory: Directory
    register: RegisterReader
    admin: Admin


def origin_of(path: Path, otherwise: str) -> str:
    """The origin of the log in that folder; `otherwise` for a folder that is not a hub's yet."""
    file = path / KEYS / "origin"
    return urlsafe_b64decode(file.read_bytes()).decode() if file.exists() else otherwise


def settled(settings: Settings) -> Settings:
    """The settings, with the folder's own origin unless one was asked for by name."""
    if "origin" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"origin": origin_of(settings.data, settings.origin)})


def found(settings: Settings) -> None:
    """Make the folder a hub's if it is not yet: ledger, keys, policy in force."""
    if not (settings.data / LEDGER).exists():
        embedded(settings.data, origin=settled(settings).origin).close()


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The folder, closed again at the end. Raises Unavailable ``no_hub`` where there is none."""
    if not (path / LEDGER).exists():
        raise Unavailable("no_hub", "this folder holds no hub's data")
    ledger = ledger_of(path)
    try:
        origin = origin_of(path, "")
        directory = Directory(ledger)
        directory.refresh()
        yield Folder(
            path=path,
            origin=origin,
            ledger=ledger,
            directory=directory,
            register=RegisterReader(database=ledger.database, origin=origin),
            admin=Admin(ledger=ledger, clock=SystemClock()),
        )
    finally:
        ledger.close()
