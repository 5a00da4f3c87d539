"""A hub's data opened beside a running hub, or without one: its folder, or in distributed mode its database.

Opening founds nothing and activates nothing.
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.adapters.clock import SystemClock
from sightline.adapters.keyparts import is_founded
from sightline.kernel.errors import Unavailable
from sightline.ledger.directory import Directory
from sightline.ledger.store import Ledger
from sightline.record.admin import Admin
from sightline.register.reading import RegisterReader
from sightline.runtime.distributed import distributed
from sightline.runtime.distributed import ledger_of as distributed_ledger
from sightline.runtime.distributed import origin_of as distributed_origin
from sightline.runtime.embedded import embedded
from sightline.runtime.settings import Settings
from sightline.runtime.stores import KEYS, LEDGER, ledger_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """What can be asked of a hub's data without its keys."""

    path: Path
    settings: Settings | None = None
    """Of the distributed mode, where the data are not in the folder."""
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
    if settings.is_distributed or "origin" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"origin": origin_of(settings.data, settings.origin)})


def found(settings: Settings) -> None:
    """Make the folder, or the database, a hub's if it is not yet: ledger, keys, policy in force."""
    if settings.is_distributed:
        if not is_founded(settings.keys):
            distributed(settings).close()
    elif not (settings.data / LEDGER).exists():
        embedded(settings.data, origin=settled(settings).origin).close()


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The folder, closed again at the end. Raises Unavailable ``no_hub`` where there is none."""
    if not (path / LEDGER).exists():
        raise Unavailable("no_hub", "this folder holds no hub's data")
    with closing(ledger_of(path)) as ledger:
        yield _opened(path, ledger, origin_of(path, ""))


@contextmanager
def opened_for(settings: Settings) -> Iterator[Folder]:
    """The hub that the settings name, closed again at the end. Raises Unavailable ``no_hub``."""
    if not settings.is_distributed:
        with opened(settings.data) as folder:
            yield folder
        return
    with closing(distributed_ledger(settings)) as ledger:
        yield _opened(settings.data, ledger, distributed_origin(settings), settings)


def _opened(path: Path, ledger: Ledger, origin: str, settings: Settings | None = None) -> Folder:
    directory = Directory(ledger)
    directory.refresh()
    return Folder(
        path=path,
        settings=settings,
        origin=origin,
        ledger=ledger,
        directory=directory,
        register=RegisterReader(database=ledger.database, origin=origin),
        admin=Admin(ledger=ledger, clock=SystemClock()),
    )
