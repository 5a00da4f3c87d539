"""The same town in distributed mode: PostgreSQL, an OPA server, and a broker by which every submission enters.

Its stages are `runtime.distributed`'s, called one after the other as in the embedded mode, so that the clock can be set.
What is sent goes sealed over the broker to the record worker's own subscription. And: what came of two towns, compared.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg

from sightline.adapters.clock import SetClock
from sightline.adapters.opa_server import ServerEngine
from sightline.formats.topic_names import agency_user, submissions_topic
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.record.stage import Answer
from sightline.runtime.distributed import distributed
from sightline.runtime.hub import Hub
from sightline.runtime.loop import Said
from sightline.runtime.recorder import Recorder
from sightline.runtime.settings import Settings
from tests.builders_border import Border
from tests.builders_distributed import databases
from tests.builders_hub import CAST, MASH, ORIGIN, START, Town, admits, feed, leaves, rows, sees
from tests.builders_kafka import Node
from tests.builders_stages import TABLES, view_of

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
    addresses: tuple[Path, Path]
    """Files with those of the ledger's and the vault's database, as the hub's own roles."""

    @contextmanager
    def town(self, folder: Path) -> Iterator[Town]:
        """A hub with the whole cast, on an empty database."""
        with self.empty_town(folder) as made:
            for desk, (sector, role) in CAST.items():
                admits(made, desk, sector, role)
            yield made

    @contextmanager
    def empty_town(self, folder: Path, begins: datetime = START) -> Iterator[Town]:
        """A hub without any desk, on an empty database; `begins`: what time it is there."""
        empty(self.admin)
        empty(self.vault_admin)
        made = self._town(folder, SetClock(begins))
        try:
            yield made
        finally:
            made.hub.close()

    def settings(self, folder: Path) -> Settings:
        """Of the hub whose keys and register are in that folder."""
        return Settings(
            database=self.addresses[0],
            vault=self.addresses[1],
            opa_url=self.opa,
            data=folder,
            origin=ORIGIN,
        )

    def _town(self, folder: Path, clock: SetClock) -> Town:
        settings = self.settings(folder)

        def opens(engine: Callable[[PolicyEngine], PolicyEngine] = lambda engine: engine) -> Hub:
            hub = distributed(settings, clock=clock, engine=engine(self.engine))
            return ByBroker(**{one.name: getattr(hub, one.name) for one in fields(hub)}, border=self.border)

        return Town(hub=opens(), clock=clock, folder=folder, opens=opens)


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
    """The services put together: a database with roles, tables and rights, and the way in.

    For all desks one agency logs in at the broker: signatures say who sent what, and the broker does not care.
    """
    sender, password = agency_of(MASH), node.folder / "secrets" / "hub.record.password"
    login = {"kafka": node.address, "kafka_ca": str(node.folder / "ca.pem"), "kafka_password": str(password)}
    with ExitStack() as opened:
        addresses = opened.enter_context(databases(server, folder))
        names = [file.read_text().strip().rpartition("/")[2] for file in addresses]
        admin, vault = (
            opened.enter_context(psycopg.connect(re.sub(r"/[^/]*$", f"/{name}", server), autocommit=True))
            for name in names
        )
        producer = opened.enter_context(node.producer(agency_user(sender)))
        border = opened.enter_context(closing(Border(login, producer, submissions_topic(sender))))
        border.open()
        engine = opened.enter_context(closing(ServerEngine(opa, share("policies"))))
        yield Area(admin=admin, vault_admin=vault, opa=opa, engine=engine, border=border, addresses=addresses)


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
