"""How the week reaches a hub: through stages called one after the other here (`InOne`), or through workers (`AtWork`).

Both take the same turns, so that between any two of them it can be asked what a desk may read. Times are the story's.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sightline.adapters.clock import SetClock
from sightline.adapters.keyfile import load_or_create
from sightline.adapters.opa_wasm import WasmEngine
from sightline.adapters.vault import SqliteVault
from sightline.entrypoints.demo.tally import Tally
from sightline.entrypoints.demo.telling import Teller
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.ledger.sealing import KeyVault
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub
from sightline.runtime.stores import KEYS, WRAPPING


class Line(Protocol):
    """What the week asks of a hub, however that is run."""

    @property
    def hub(self) -> Hub:
        """What desks read from, and what auditors look into."""

    @property
    def clock(self) -> SetClock:
        """The story's time."""

    def introduce(self, tell: Teller) -> None:
        """Say what runs."""

    def begin(self, keys: dict[DeskId, PrivateKey]) -> None:
        """The desks are admitted: from now on things are sent."""

    def arrive(self) -> None:
        """It is now the clock's time for everybody, and what became due by then has been struck, or will be in turn."""

    def strike(self) -> bool:
        """Have the clocks struck that are due now; whether there was one."""

    def hour(self) -> None:
        """Note the hour in the ledger."""

    def submit(self, desk: DeskId, raw: bytes) -> Answer:
        """A desk sends something; what comes back."""

    def repeat(self, desk: DeskId, raw: bytes) -> Answer:
        """The desk had missed the answer, and sends the very same again."""

    def offer(self, raw: bytes) -> Answer:
        """Somebody who is no desk sends something."""

    def decide(self) -> None:
        """Decide until nothing is undecided."""

    def seal(self) -> None:
        """Seal until nothing is unsealed."""

    def tell(self) -> None:
        """Tell desks until nothing is untold."""

    def vault(self) -> AbstractContextManager[KeyVault]:
        """The children's keys, as an auditor opens them who was given the hub's."""

    def engine(self) -> AbstractContextManager[PolicyEngine]:
        """What evaluates the policy."""

    def evidence(self, tell: Teller, tally: Tally) -> dict[str, Any]:
        """What only this way of running has to show: said, checked, and given for the result."""

    def again(self, batch: Sequence[bytes]) -> list[Answer]:
        """Stop whatever takes submissions, start it anew, and send all of these once more."""

    def close(self) -> None:
        """Stop everything that was started."""


class InOne:
    """One process, one folder: the embedded hub."""

    def __init__(self, folder: Path, open_hub: Callable[[], Hub], clock: SetClock) -> None:
        self.clock = clock
        self.hub = open_hub()
        self._folder = folder
        self._open = open_hub

    def introduce(self, tell: Teller) -> None:
        """See `Line`."""
        tell.say(
            "Eight desks share what they know about two children, through one hub on this machine: no network, no server."
        )

    def begin(self, keys: dict[DeskId, PrivateKey]) -> None:
        """See `Line`: there is nobody to tell."""

    def arrive(self) -> None:
        """See `Line`: there is nobody to tell."""

    def strike(self) -> bool:
        """See `Line`."""
        return bool(self.hub.strike())

    def hour(self) -> None:
        """See `Line`."""
        self.hub.strike.hourly()

    def submit(self, desk: DeskId, raw: bytes) -> Answer:
        """See `Line`."""
        return self.hub.submit([raw])[0]

    def repeat(self, desk: DeskId, raw: bytes) -> Answer:
        """See `Line`."""
        return self.submit(desk, raw)

    def offer(self, raw: bytes) -> Answer:
        """See `Line`."""
        return self.hub.submit([raw])[0]

    def decide(self) -> None:
        """See `Line`."""
        while self.hub.strike() or self.hub.decide():
            pass

    def seal(self) -> None:
        """See `Line`."""
        while self.hub.register.seal().count:
            pass

    def tell(self) -> None:
        """See `Line`."""
        while self.hub.feed():
            pass

    @contextmanager
    def vault(self) -> Iterator[KeyVault]:
        """See `Line`."""
        keys = load_or_create(self._folder / KEYS, self.hub.origin)
        with closing(SqliteVault(self._folder / KEYS / "children.sqlite", {WRAPPING: keys.wrapping})) as vault:
            yield vault

    @contextmanager
    def engine(self) -> Iterator[PolicyEngine]:
        """See `Line`."""
        with closing(WasmEngine(share("policies"))) as engine:
            yield engine

    def evidence(self, tell: Teller, tally: Tally) -> dict[str, Any]:
        """See `Line`: the week has shown everything."""
        return {}

    def again(self, batch: Sequence[bytes]) -> list[Answer]:
        """See `Line`."""
        self.hub.close()
        self.hub = self._open()
        return self.hub.submit(batch)

    def close(self) -> None:
        """See `Line`."""
        self.hub.close()
