"""The week in distributed mode: workers and `serve` as processes, partners on Kafka, on PostgreSQL and an OPA server.

The decider and the sealer are held still except in their turns, so that between two turns every desk can be asked for
what it may not have yet. The demo itself is the area's operator: it founds the hub, hands out keys, admits desks, starts
and stops processes; and at the end the auditor.
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.table import Table

from sightline.adapters import keyparts
from sightline.adapters.clock import SetClock
from sightline.agency.client import HubClient
from sightline.entrypoints.demo import broker_files, tables
from sightline.entrypoints.demo.cast import CAST
from sightline.entrypoints.demo.partners import Border, Partner, knock, quiet
from sightline.entrypoints.demo.process import SERVE
from sightline.entrypoints.demo.services import STAGES, TIMED, Services
from sightline.entrypoints.demo.staff import Staff
from sightline.entrypoints.demo.tally import Tally
from sightline.entrypoints.demo.telling import Teller
from sightline.entrypoints.demo.week import StoryStopped
from sightline.formats.jwk import PrivateKey
from sightline.kernel.errors import SightlineError
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.ledger.policy import POLICY_STREAM
from sightline.ledger.positions import position
from sightline.ledger.sealing import KeyVault
from sightline.record.stage import Answer
from sightline.runtime.distributed import distributed, engine_of, ledger_of, vault_of
from sightline.runtime.hub import Hub
from sightline.runtime.outbox import Outbox
from sightline.runtime.settings import Settings

PATIENCE_S = 60.0
LOOK_S = 0.01


class AtWork:
    """Fits `line.Line`."""

    def __init__(self, folder: Path, services: Services, settings: Settings, hub: Hub, clock: SetClock) -> None:
        self.hub = hub
        self.clock = clock
        self._folder = folder
        self._services = services
        self._settings = settings
        self._staff = Staff({stage: services.environment(settings, stage) for stage in STAGES}, folder)
        self._outbox = Outbox(database=hub.database, directory=hub.directory)
        self._partners: dict[DeskId, Partner] = {}
        self._border = Border(
            bootstrap=services.kafka,
            ca=services.authority,
            secrets=services.passwords,
            url=self._served(),
            clock=clock,
            known=self._known(),
        )

    # ----------------------------------------------------------------------------------------------------- processes

    def introduce(self, tell: Teller) -> None:
        """See `Line`."""
        tell.say(
            "Eight desks share what they know about two children, through one hub on this machine, run as an area would"
            " run it. Partners seal what they send and put it on Kafka; they read their receipts and feeds there."
        )
        tell.show(_what_runs(self._services, self._border.url))
        tell.say(
            "A week passes in the story, so these processes have its clock in place of the machine's; else they are what"
            " `sightline serve` and `sightline worker` run."
        )

    def begin(self, keys: dict[DeskId, PrivateKey]) -> None:
        """See `Line`."""
        self.hub.directory.refresh()
        folder = self._folder / "desks"
        self._partners = {a.id: Partner(a, keys[a.id], folder, self._border) for a in CAST}
        for stage in ("decide", "seal"):
            self._staff[stage].hold()

    def arrive(self) -> None:
        """See `Line`. The decider hears the time first, when nobody has anything for it."""
        now = self.clock.now()
        decider = self._staff["decide"]
        decider.let_go()
        decider.tell(now)
        decider.has_heard()
        decider.hold()
        for stage in TIMED:
            self._staff[stage].tell(now)
        for stage in TIMED:
            self._staff[stage].has_heard()
        self._until(self._is_struck, "the clock worker struck what was due")

    def strike(self) -> bool:
        """See `Line`. Where nothing is due nobody needs to be told the time."""
        if not self._due():
            return False
        self.arrive()
        return True

    def hour(self) -> None:
        """See `Line`: the clock worker does so whenever it is told of a new one."""
        self.arrive()

    def decide(self) -> None:
        """See `Line`."""
        self._turn("decide", self._is_decided, "the decider decided everything")

    def seal(self) -> None:
        """See `Line`. The sealer tells as well, and the relay publishes."""
        self._turn("seal", self._is_told, "everything was sealed, told and published")

    def tell(self) -> None:
        """See `Line`: done with sealing."""

    # ------------------------------------------------------------------------------------------------------ the border

    def submit(self, desk: DeskId, raw: bytes) -> Answer:
        """See `Line`: over Kafka."""
        return self._named(desk, self._partners[desk].submit(raw))

    def repeat(self, desk: DeskId, raw: bytes) -> Answer:
        """See `Line`: over Kafka."""
        return self._named(desk, self._partners[desk].repeat(raw))

    def offer(self, raw: bytes) -> Answer:
        """See `Line`: over HTTP, for whoever has no log-in cannot write to the broker."""
        return knock(self._border, raw)

    def again(self, batch: Sequence[bytes]) -> list[Answer]:
        """See `Line`: `serve` is stopped and started, and gets everything once more over HTTP."""
        self._staff.stop([SERVE])
        url = self._served()
        return [knock(self._border.at(url), raw) for raw in batch]

    def evidence(self, tell: Teller, tally: Tally) -> dict[str, Any]:
        """See `Line`: what partners got, and what the broker and the logs hold."""
        entries = sum(self._followed(partner, tally) for partner in self._partners.values())
        sent = sum(partner.sent for partner in self._partners.values())
        files = broker_files.look(self._services.folder / "kafka" / "data", self._folder, tally)
        tell.say(
            f"On the broker: {sent} sealed events in; receipts and {entries} feed entries out, each read by its desk with"
            " its agency's log-in, and each entry compared with what the hub signs for over HTTP."
        )
        tell.say(f"In {files} files of the broker's and of the processes' logs: no child's name, and no identifier.")
        return {"broker": {"submissions": sent, "feed_entries": entries}}

    # -------------------------------------------------------------------------------------------------------- auditing

    @contextmanager
    def vault(self) -> Iterator[KeyVault]:
        """See `Line`."""
        keys = keyparts.hub_keys(self._settings.keys, self.hub.origin)
        with closing(vault_of(self._settings, keys.wrapping)) as vault:
            yield vault

    @contextmanager
    def engine(self) -> Iterator[PolicyEngine]:
        """See `Line`."""
        with closing(engine_of(self._settings)) as engine:
            yield engine

    def close(self) -> None:
        """See `Line`. Services stay up: whoever started them stops them."""
        with ExitStack() as stack:
            stack.callback(self.hub.close)
            stack.callback(self._staff.stop)
            for partner in self._partners.values():
                stack.callback(partner.close)

    # ---------------------------------------------------------------------------------------------------- looking on

    def start(self) -> None:
        """Start the workers."""
        self._staff.start([stage for stage in STAGES if stage != SERVE], self.clock.now())

    def _served(self) -> str:
        self._staff.start([SERVE], self.clock.now())
        return self._staff[SERVE].url

    def _known(self) -> Any:
        with HubClient(self._staff[SERVE].url, key=None, clock=self.clock) as client:
            return client.keys()

    def _turn(self, stage: str, is_over: Callable[[], bool], what: str) -> None:
        self._staff[stage].let_go()
        self._until(is_over, what)
        self._staff[stage].hold()

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            self._staff.check()
            if time.monotonic() > deadline:
                raise StoryStopped(f"it took too long until {what}")
            time.sleep(LOOK_S)

    def _due(self) -> bool:
        with self.hub.database.reading() as session:
            due = (int(self.clock.now().timestamp()),)
            return bool(session.execute("SELECT 1 FROM clocks WHERE struck = 0 AND due <= ? LIMIT 1", due))

    def _is_struck(self) -> bool:
        """Whether the clock worker has been here: it notes the hour last."""
        policy = self.hub.ledger.load([POLICY_STREAM])[POLICY_STREAM]
        return not self._due() and getattr(policy, "hour", 0) >= int(self.clock.now().timestamp()) // 3600

    def _is_decided(self) -> bool:
        with self.hub.database.reading() as session:
            return position(session, "decide") == self.hub.ledger.head()

    def _is_told(self) -> bool:
        with self.hub.database.reading() as session:
            leaves = session.execute("SELECT COUNT(*) FROM leaves")[0][0]
            told = position(session, "feed")
        return bool(leaves == told) and not self._outbox.lag()

    def _named(self, desk: DeskId, answer: Answer) -> Answer:
        """With the name that the hub gave the receipt, which is not on the broker: notices speak of it."""
        with self.hub.database.reading() as session:
            rows = session.execute("SELECT id FROM receipts WHERE desk = ? AND body = ?", (desk, answer.receipt))
        name = str(rows[0][0]) if rows else ""
        return Answer(outcome=answer.outcome, receipt=answer.receipt, receipt_id=name, refusal=answer.refusal)

    def _followed(self, partner: Partner, tally: Tally) -> int:
        """P10 and P7 once more, through the partner's own eyes; how many entries there were."""
        try:
            found = partner.follow()
        except SightlineError as exc:
            tally.check("P10", False, f"{partner.desk} could not follow its feed over the broker: {exc.code}")
            return 0
        told = self.hub.feeds.page(partner.desk, after=0, limit=len(found) + 1).entries
        tally.check(
            "P10", [entry for entry, _ in found] == list(told), f"{partner.desk} got another feed than was told"
        )
        views = {view.ref: view for view in self.hub.view.items(partner.desk)}
        for item in (item for _, item in found if item.get("ref") in views):
            same = item.get("body", {}) == dict(views[str(item["ref"])].body)
            tally.check("P7", same, f"{partner.desk} got something else over HTTP than what it may see")
        return len(found)


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """While this holds, SIGTERM ends the demo as Ctrl-C does: in order."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def opened(folder: Path, services: Path, *, origin: str, clock: SetClock) -> AtWork:
    """A new hub on those services with its processes running; to be closed. Raises `StoryStopped`."""
    quiet()
    found = Services(services.resolve())
    settings = found.settings(folder / "hub", origin)
    with closing(ledger_of(settings)) as ledger:
        if ledger.head():
            raise StoryStopped("these services hold a hub already: the demo needs some of its own (infra/demo)")
    with ExitStack() as stack:
        hub = distributed(settings, clock=clock)
        stack.callback(hub.close)
        for stage in keyparts.STAGES:
            keyparts.hand_out(settings.keys, stage, folder / f"keys-{stage}")
        made = AtWork(folder, found, settings, hub, clock)
        stack.callback(made.close)
        made.start()
        stack.pop_all()
    return made


def _what_runs(services: Services, url: str) -> Table:
    table = tables.plain("What runs", ("", 16), ("Where", 24), ("What for", 0))
    for row in (
        ("Kafka", services.kafka, "what partners send; their receipts and feeds"),
        ("PostgreSQL", services.postgres, "ledger, register and views; the children's keys in a database of their own"),
        ("OPA", services.opa, "the policy, in a signed bundle"),
        ("serve", url, "HTTP: reading, streams, submissions"),
        ("worker record", "", "submissions from Kafka into the ledger"),
        ("worker decide", "", "ledger entries into decisions"),
        ("worker seal", "", "decisions under a signed checkpoint, and into the feeds"),
        ("worker relay", "", "receipts and feed entries out to Kafka"),
        ("worker clock", "", "deadlines that ran out, into the ledger"),
    ):
        table.add_row(*row)
    return table
