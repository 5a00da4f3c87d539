"""The same town in distributed mode: PostgreSQL, an OPA server, and a broker by which every submission enters.

Its stages are `runtime.distributed`'s, called one after the other as in the embedded mode, so that the clock can be set.
What is sent goes sealed over the broker to the record worker's own subscription. And: what came of two towns, compared.
"""

import asyncio
import queue
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson
import psycopg
from faststream import FastStream

from sightline.adapters.clock import SetClock
from sightline.adapters.opa_server import ServerEngine
from sightline.entrypoints.workers import record
from sightline.entrypoints.workers.broker import Voice, broker_for
from sightline.formats import base64url, jwe
from sightline.formats.topic_names import submissions_topic
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.record.stage import Answer
from sightline.runtime.distributed import distributed
from sightline.runtime.hub import Hub
from sightline.runtime.loop import Said
from sightline.runtime.recorder import Recorder
from sightline.runtime.settings import Settings
from tests.builders_hub import CAST, ORIGIN, START, Town, admits, feed, leaves, rows, sees
from tests.builders_kafka import Node
from tests.builders_stages import TABLES, view_of
from tests.conftest import run

SENDER = "agency.solent"
"""Who logs in at the broker for all desks of a town: signatures say who sent what, and the broker does not care."""
TOPIC = submissions_topic(AgencyId("solent"))
PATIENCE_S = 60.0

Take = Callable[[Sequence[bytes]], list[Answer]]


# ------------------------------------------------------------------------------------------------------- the border


class Border:
    """The way in: a producer, the broker, and the record worker's subscription in a thread. One town's at a time."""

    def __init__(self, node: Node, producer: Any) -> None:
        self._node = node
        self._producer = producer
        self._answers: queue.Queue[Answer | BaseException] = queue.Queue()
        self._take: Take | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._subscribed(),), daemon=True)

    def open(self) -> None:
        """Subscribe. Returns when it is connected."""
        self._thread.start()
        assert self._ready.wait(PATIENCE_S), "the record worker's subscription did not start"

    def close(self) -> None:
        """Leave the broker."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def post(self, events: Sequence[bytes], take: Take, key: dict[str, str]) -> list[Answer]:
        """Send them sealed; the answers of `take`, which records them in the subscription's own thread.

        What comes from one source stays in order and may share a batch; between sources the broker knows no order, so
        they are sent one after the other.
        """
        self._take = take
        sources = [source_in(event) for event in events]
        if len(set(sources)) == 1:
            return self._post(list(zip(sources, events, strict=True)), key)
        return [self._post([one], key)[0] for one in zip(sources, events, strict=True)]

    def _post(self, messages: Sequence[tuple[bytes, bytes]], key: dict[str, str]) -> list[Answer]:
        for source, event in messages:
            self._producer.send(TOPIC, jwe.seal(event, key), key=source)
        self._producer.flush(PATIENCE_S)
        return [self._answer() for _ in messages]

    def _answer(self) -> Answer:
        answer = self._answers.get(timeout=PATIENCE_S)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _recorded(self, batch: Sequence[bytes]) -> None:
        assert self._take is not None
        try:
            answers: Sequence[Answer | BaseException] = self._take(batch)
        except Exception as exc:  # noqa: BLE001 - whatever it was, it is the test's that sent it
            answers = [exc] * len(batch)
        for answer in answers:
            self._answers.put(answer)

    async def _subscribed(self) -> None:
        password = self._node.folder / "secrets" / "hub.record.password"
        settings = Settings(kafka=self._node.address, kafka_ca=self._node.folder / "ca.pem", kafka_password=password)
        broker = broker_for(settings, "record", publishes=False)
        record.attach(broker, self._recorded, Said())
        app = FastStream(broker, logger=Voice())
        await app.start()
        self._ready.set()
        await self._stop.wait()
        await app.stop()


def source_in(event: bytes) -> bytes:
    """The source that a signed event names; some word for what is none."""
    payload = event.split(b".")[1] if event.count(b".") > 1 else b""
    try:
        found = re.search(rb'"source":"([^"]+)"', base64url.decode(payload))
    except (Refused, ValueError):
        found = None
    return found[1] if found else b"nobody"


# -------------------------------------------------------------------------------------------------------- the town


@dataclass(frozen=True, kw_only=True)
class ByBroker(Hub):
    """A hub whose submissions come over the broker."""

    border: Border

    def submit(self, batch: Sequence[bytes]) -> list[Answer]:
        """As a partner sends it, and as the record worker records it."""
        return self.border.post(batch, Recorder(self.intake, self.ledger, Said()), self.intake_key)


@dataclass(frozen=True, kw_only=True)
class Area:
    """Services of a test run. Towns use its database one after the other: to empty one is cheaper than to make one."""

    admin: psycopg.Connection[Any]
    """The database's administrator, whom no trigger stops."""
    vault_admin: psycopg.Connection[Any]
    opa: str
    engine: PolicyEngine
    """One connection for all towns: it keeps nothing between questions."""
    border: Border
    secrets: Path

    @contextmanager
    def town(self, folder: Path) -> Iterator[Town]:
        """A hub with the whole cast, on an empty database."""
        self._lets_in()
        empty(self.admin)
        empty(self.vault_admin)
        clock = SetClock(START)
        made = self._town(folder, clock)
        try:
            for desk, (sector, role) in CAST.items():
                admits(made, desk, sector, role)
            yield made
        finally:
            made.hub.close()

    def _town(self, folder: Path, clock: SetClock) -> Town:
        settings = Settings(
            database=self.secrets / "hub.address",
            vault=self.secrets / "vault.address",
            opa_url=self.opa,
            data=folder,
            origin=ORIGIN,
        )

        def opens(engine: Callable[[PolicyEngine], PolicyEngine] = lambda engine: engine) -> Hub:
            hub = distributed(settings, clock=clock, engine=engine(self.engine))
            return ByBroker(**{one.name: getattr(hub, one.name) for one in fields(hub)}, border=self.border)

        return Town(hub=opens(), clock=clock, folder=folder, opens=opens)

    def _lets_in(self) -> None:
        """Roles are the cluster's: whoever prepared another database there since has given them other passwords."""
        for role in ("hub", "vault"):
            password = (self.secrets / f"{role}.password").read_text()
            self.admin.execute(f"ALTER ROLE sightline_{role} PASSWORD '{password}'".encode())


def empty(admin: psycopg.Connection[Any]) -> None:
    """Delete every row, and begin to count anew. What refuses that is set aside meanwhile, which only an owner can."""
    tables = [one for (one,) in admin.execute(_TABLES).fetchall()]
    refusing = admin.execute(_REFUSING).fetchall()
    counters = [one for (one,) in admin.execute(_COUNTERS).fetchall()]
    steps = [
        *(f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in refusing),
        *(f"DELETE FROM {table}" for table in tables),
        *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for table, name in refusing),
        *(f"ALTER SEQUENCE {counter} RESTART" for counter in counters),
    ]
    # One text is one transaction.
    admin.execute(";".join(steps).encode())


_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
_REFUSING = (
    "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
)
_COUNTERS = "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences"


@contextmanager
def an_area(server: str, opa: str, node: Node, folder: Path) -> Iterator[Area]:
    """The services put together: a database with roles, tables and rights, and the way in."""
    name = f"t_{secrets.token_hex(8)}"
    (folder / "address").write_text(server)
    done = run("infra/postgres/secure", "--name", name, folder)
    assert done.returncode == 0, done.stderr
    node.has_topics()
    with ExitStack() as opened:
        admin, vault = (
            opened.enter_context(psycopg.connect(re.sub(r"/[^/]*$", f"/{one}", server), autocommit=True))
            for one in (name, f"{name}_vault")
        )
        border = Border(node, opened.enter_context(node.producer(SENDER)))
        border.open()
        opened.callback(border.close)
        engine = opened.enter_context(closing(ServerEngine(opa, share("policies"))))
        yield Area(admin=admin, vault_admin=vault, opa=opa, engine=engine, border=border, secrets=folder / "secrets")


# -------------------------------------------------------------------------------------------- what came of two towns


SAID = (
    "ts",
    "desk",
    "typ",
    "eff",
    "classes",
    "withheld",
    "told",
    "rules",
    "basis",
    "obl",
    "pur",
    "pol",
    "edn",
    "kind",
    "by",
)
"""What a leaf says; not the engine, for each mode has its own."""
COUNTED = "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in TABLES)
Result = dict[str, list[str]]
_REF = re.compile(r"\b[cil]-[0-9a-f]{32}\b")


def result(town: Town) -> Result:
    """All that was recorded, decided, told and can be read, as texts; without names, for those are drawn by chance.

    Sorted: clocks that are due at one instant strike in the order of such names. Times are within.
    """
    hub, desks = town.hub, sorted(town.keys)
    return {
        "entries": sorted(
            f"{placed.entry.timestamp} {type(placed.entry).__qualname__}" for placed in hub.ledger.read(0, 100_000)
        ),
        "leaves": sorted(text({name: leaf[name] for name in SAID if name in leaf}) for leaf in leaves(town)),
        "views": seen(desks, lambda desk: [view_of(view) for view in sees(town, desk).values()]),
        "feeds": seen(desks, lambda desk: [entry.kind for entry in feed(town, desk)]),
        "notices": seen(desks, lambda desk: [(n.code, n.type, n.sender, n.recorded) for n in hub.notices.of(desk)]),
        "counts": [text(rows(town, COUNTED)[0])],
    }


def seen(desks: Sequence[DeskId], ask: Callable[[DeskId], list[Any]]) -> list[str]:
    """What each desk is answered, row by row; or why it is answered nothing."""
    found = []
    for desk in desks:
        try:
            found += [f"{desk} {text(row)}" for row in ask(desk)]
        except Refused as refused:
            found.append(f"{desk} {refused.code}")
    return sorted(found)


def text(value: Any) -> str:
    """The value as JSON, with every name that was drawn by chance made alike."""
    return _REF.sub(lambda name: name[0][:2], orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode())


def assert_equal(ours: Result, theirs: Result) -> None:
    """The same, part by part; what one has and the other has not is shown."""
    for part in ours:
        only, lacking = Counter(ours[part]), Counter(theirs[part])
        assert (part, list((only - lacking).elements())) == (part, list((lacking - only).elements()))
