"""A hub in distributed mode as a test runs it: its services, its workers as processes, its partners on the broker."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import yaml
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError

from sightline.adapters.clock import SystemClock
from sightline.adapters.keyparts import STAGES as HOLDERS
from sightline.adapters.keyparts import hand_out
from sightline.agency.keys import generate, make_registration
from sightline.agency.sign import sign_event
from sightline.formats import jwe, jws, strict_json
from sightline.formats.event import read_envelope
from sightline.formats.feed import FeedEntry
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import Receipt, read_receipt
from sightline.formats.topic_names import feed_topic, receipts_topic, submissions_topic
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import AgencyId, DeskId, agency_of
from sightline.kernel.ports import Clock
from sightline.kernel.values import Desk
from sightline.runtime.distributed import distributed
from sightline.runtime.hub import Hub
from sightline.runtime.settings import Settings
from tests.builders_hub import AREA, CAST, ORIGIN, RESPONSE, source_of
from tests.builders_kafka import ROOT, Node

STAGES = ("record", "relay", "decide", "seal", "clock")
PATIENCE_S = 60.0
SIGHTLINE = Path(sys.executable).parent / "sightline"


@dataclass(kw_only=True)
class Worker:
    """One process of a worker."""

    process: subprocess.Popen[str]
    health: str
    log: Path

    def kill(self) -> None:
        """Without warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """As an operator does; how it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@dataclass(kw_only=True)
class Works:
    """One distributed hub. Its `hub` is what `serve` would hold: it records and reads, and decides nothing here."""

    node: Node
    folder: Path
    settings: Settings
    hub: Hub = field(repr=False)
    keys: dict[DeskId, PrivateKey] = field(default_factory=dict, repr=False)
    workers: dict[str, Worker] = field(default_factory=dict, repr=False)
    began: dict[str, int] = field(default_factory=dict)
    """Where each topic's end was when this hub began: what comes after it is this hub's."""
    open: ExitStack = field(default_factory=ExitStack, repr=False)
    """Connections to the broker, kept: a new one takes half a second."""
    producers: dict[str, Any] = field(default_factory=dict, repr=False)
    consumers: dict[str, Any] = field(default_factory=dict, repr=False)

    # ------------------------------------------------------------------------------------------------------ processes

    def start(self, stage: str, name: str = "") -> Worker:
        """A worker, ready; under another name for a second one of its kind."""
        (made,) = self.start_all({name or stage: stage})
        return made

    def start_all(self, stages: Mapping[str, str]) -> list[Worker]:
        """Several, by name, begun at once; ready when this returns."""
        begun = {
            name: self.begin(name, "worker", stage, "--port", "0", settings=self.environment(stage))
            for name, stage in stages.items()
        }
        for name, process in begun.items():
            self.workers[name] = Worker(
                process=process, health=said(process)["health"], log=self.folder / f"{name}.log"
            )
        return [self.workers[name] for name in stages]

    def serve(self) -> tuple[Worker, str]:
        """The hub over HTTP, and where it is."""
        process = self.begin("serve", "serve", "--port", "0", settings=self.environment("serve"))
        url = said(process)["url"]
        self.workers["serve"] = Worker(process=process, health=url, log=self.folder / "serve.log")
        return self.workers["serve"], url

    def runs(self, *command: str, stage: str = "serve", **changes: Path | None) -> subprocess.CompletedProcess[str]:
        """One command of the hub's operators or auditors, with the settings of that stage, some of them changed."""
        changed = {f"SIGHTLINE_{name.upper()}": str(value) for name, value in changes.items()}
        return subprocess.run(
            [SIGHTLINE, *command],
            env={"PATH": os.environ["PATH"], **self.environment(stage), **changed},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def environment(self, stage: str) -> dict[str, str]:
        """The settings of a process that runs that stage."""
        return environment(self.settings, self.node, self.folder, stage)

    def begin(self, name: str, *command: str, settings: Mapping[str, str]) -> subprocess.Popen[str]:
        """A process of the hub's; it may not be ready yet."""
        with (self.folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(
                [SIGHTLINE, *command, "--json"],
                env={"PATH": os.environ["PATH"], **settings},
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def stop(self) -> dict[str, int]:
        """All workers, one after the other; how each ended."""
        ended = {name: worker.stop() for name, worker in self.workers.items() if worker.process.poll() is None}
        self.workers.clear()
        return ended

    def logs(self) -> str:
        """All that workers said."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    # -------------------------------------------------------------------------------------------------------- partners

    def signs(self, desk: DeskId, type: str, data: Mapping[str, Any], **envelope: Any) -> bytes:
        """The signed event of that desk, now."""
        attributes: dict[str, Any] = {
            "source": source_of(desk),
            "area": AREA,
            "purpose": RESPONSE,
            "actor": "s-4711:duty_officer",
            "time": datetime.now(UTC),
        }
        return sign_event(self.keys[desk], type=type, data=data, **(attributes | envelope))

    def posts(self, desk: DeskId, *values: bytes, sealed: bool = True) -> None:
        """Send events to the broker as that desk's agency, in order; by default sealed to the hub's key."""
        user = f"agency.{agency_of(desk)}"
        if user not in self.producers:
            self.producers[user] = self.open.enter_context(self.node.producer(user))
        for value in values:
            body = jwe.seal(value, self.hub.intake_key) if sealed else value
            self.producers[user].send(submissions_topic(agency_of(desk)), body, key=source_of(desk).encode()).get(
                timeout=15
            )

    def receipts(self, agency: str) -> list[Receipt]:
        """The agency's receipts on the broker, checked."""
        user = f"agency.{agency}"
        found = self.read(user, receipts_topic(AgencyId(agency)))
        return [read_receipt(value, self.hub.hub_keys) for _, value in found]

    def feed(self, desk: DeskId) -> list[dict[str, Any]]:
        """The desk's entries on the broker."""
        return [orjson.loads(value) for _, value in self.read(f"agency.{agency_of(desk)}", feed_topic(desk))]

    def read(self, user: str, topic: str) -> list[tuple[bytes, bytes]]:
        """What is on the topic since this hub began: key and value.

        A client whose broker was away waits longer and longer before it looks again, also when the broker has long been
        back: one that gets no answer is given up for a new one.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._read(user, topic)
            except KafkaTimeoutError:
                assert time.monotonic() < deadline, "the broker did not answer in time"
                self.consumers.pop(user).close()

    def _read(self, user: str, topic: str) -> list[tuple[bytes, bytes]]:
        if user not in self.consumers:
            self.consumers[user] = self.open.enter_context(consuming(self.node, user))
        consumer, where = self.consumers[user], TopicPartition(topic, 0)
        consumer.assign([where])
        end = consumer.end_offsets([where])[where]
        consumer.seek(where, self.began.get(topic, 0))
        found: list[tuple[bytes, bytes]] = []
        while consumer.position(where) < end:
            polled = consumer.poll(timeout_ms=500)
            found += [(record.key, record.value) for records in polled.values() for record in records]
        return found

    def makes_anew(self, topic: str) -> None:
        """Delete that topic, with all that is on it, and make it again as it was declared."""
        with self.node.admin() as admin:
            change = next(t for name, t in admin.found().topics.items() if name == topic)
            admin._client.delete_topics([topic])  # noqa: SLF001 - nothing of ours deletes a topic
            waits_for(lambda: topic not in admin.found().topics)
            admin._client.create_topics(  # noqa: SLF001 - as above
                {topic: {"num_partitions": 1, "replication_factor": 1, "configs": dict(change.settings)}}
            )
        self.began[topic] = 0

    def told(self, desk: DeskId) -> list[FeedEntry]:
        """The desk's whole feed, as the hub keeps it."""
        found: list[FeedEntry] = []
        while page := self.hub.feeds.page(desk, after=len(found)).entries:
            found += page
        return found

    # ----------------------------------------------------------------------------------------------------------- waiting

    def settles(self) -> None:
        """Wait until everything that is recorded is decided, sealed, told and published."""
        waits_for(self.is_settled)

    def is_settled(self) -> bool:
        """Whether nothing is left to do but what is still on the broker."""
        with self.hub.database.reading() as session:
            at = {name: int(n) for name, n in session.execute("SELECT name, position FROM positions")}
            heads = {str(desk): int(seq) for desk, seq in session.execute("SELECT desk, seq FROM feed_heads")}
            numbers = {
                str(a): int(n) for a, n in session.execute("SELECT agency, MAX(number) FROM receipts GROUP BY agency")
            }
            leaves = session.execute("SELECT COUNT(*) FROM leaves")[0][0]
            sealed = session.execute("SELECT size, checkpoint FROM register_head")
        return (
            at.get("decide", 0) == self.hub.ledger.head()
            and bool(sealed)
            and sealed[0][0] == leaves == at.get("feed", 0)
            and published(self.settings.export) == sealed[0][1]
            and all(at.get(f"relay:feed:{desk}", 0) == seq for desk, seq in heads.items())
            and all(at.get(f"relay:receipts:{agency}", 0) == last for agency, last in numbers.items())
        )

    def answers(self, *events: bytes, within_s: float = PATIENCE_S) -> None:
        """Wait until each of these events has a receipt."""
        wanted = {(envelope.source, envelope.id) for envelope in map(envelope_of, events)}

        def are_there() -> bool:
            with self.hub.database.reading() as session:
                claimed = {(source, name) for source, name in session.execute("SELECT source, event_id FROM claims")}
                noted = {name for (name,) in session.execute("SELECT reference FROM notices")}
            return all(one in claimed or one[1] in noted for one in wanted)

        waits_for(are_there, within_s)
        self.settles()


def published(export: Path) -> str:
    """The checkpoint in the folder; empty while there is none."""
    file = export / "checkpoint"
    return file.read_text() if file.exists() else ""


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a process says of itself once it is ready."""
    assert process.stdout
    with process.stdout:
        line = process.stdout.readline()
    assert line, "it ended before it was ready: see its log"
    found: dict[str, Any] = json.loads(line)
    return found


def envelope_of(event: bytes) -> Any:
    """The envelope within a signed event."""
    return read_envelope(strict_json.parse_object(jws.parse(event, jws.EVENT).payload))


def waits_for(holds: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Until it holds. What does not answer now is asked again."""
    deadline = time.monotonic() + within_s
    while True:
        with suppress(Unavailable):
            if holds():
                return
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


@contextmanager
def consuming(node: Node, user: str, *, group: str | None = None) -> Iterator[Any]:
    """A consumer of that user's, which subscribes to nothing."""
    consumer = KafkaConsumer(
        **node.access(user).settings,
        group_id=group,
        enable_auto_commit=False,
        bootstrap_timeout_ms=8000,
        request_timeout_ms=8000,
    )
    try:
        yield consumer
    finally:
        consumer.close()


# ------------------------------------------------------------------------------------------------------------- services


def environment(settings: Settings, node: Node, folder: Path, stage: str) -> dict[str, str]:
    """A worker's settings as its machine would give them: its own keys, its own user, and nothing else."""
    found = {
        "DATABASE": settings.database,
        "VAULT": settings.vault,
        "OPA_URL": settings.opa_url,
        "KEYS_FOLDER": folder / f"keys-{stage}",
        "REGISTER_FOLDER": settings.export,
        "DATABASE_TIMEOUT_S": settings.database_timeout_s,
        "KAFKA": node.address,
        "KAFKA_CA": node.folder / "ca.pem",
        "KAFKA_PASSWORD": node.folder / "secrets" / f"hub.{stage}.password",
    }
    if stage == "relay":
        del found["VAULT"], found["KEYS_FOLDER"], found["OPA_URL"]
    if stage not in {"record", "relay"}:
        found = {name: value for name, value in found.items() if not name.startswith("KAFKA")}
    return {f"SIGHTLINE_{name}": str(value) for name, value in found.items()}


def has_topics_of(node: Node, desks: Sequence[DeskId]) -> None:
    """Give the node the topics, users and rights of those desks and their agencies, beside what it was given before."""
    declared = node.folder / "agencies.yaml"
    agencies: dict[str, list[str]] = yaml.safe_load(declared.read_text())["agencies"] if declared.exists() else {}
    for desk in desks:
        names = agencies.setdefault(agency_of(desk), [])
        names += {desk.partition("/")[2]} - {*names}
    declared.write_text(yaml.safe_dump({"agencies": agencies}))
    done = node.topics("apply")
    assert done.returncode == 0, done.stderr


@contextmanager
def databases(server: str, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Files with the addresses of a ledger's and a vault's database, as their own roles; gone afterwards."""
    name = f"t_{secrets.token_hex(8)}"
    (folder / "address").write_text(server)
    done = subprocess.run(
        [ROOT / "infra/postgres/secure", "--name", name, folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    try:
        yield folder / "secrets" / "hub.address", folder / "secrets" / "vault.address"
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            for one in (name, f"{name}_vault"):
                admin.execute(f"DROP DATABASE {one} WITH (FORCE)".encode())


def has_cast(made: Works) -> None:
    """Admit the whole cast."""
    for desk in CAST:
        admits(made, desk)


@contextmanager
def works(
    node: Node,
    opa: str,
    addresses: tuple[Path, Path],
    folder: Path,
    *,
    clock: Clock | None = None,
    admit: Callable[[Works], None] = has_cast,
    **more: Any,
) -> Iterator[Works]:
    """A founded hub with its cast admitted, and no worker running yet. `more`: further settings."""
    database, vault = addresses
    settings = Settings(database=database, vault=vault, opa_url=opa, data=folder, origin=ORIGIN, **more)
    hub = distributed(settings, clock=clock)
    made = Works(node=node, folder=folder, settings=settings, hub=hub)
    try:
        for stage in HOLDERS:
            hand_out(settings.keys, stage, folder / f"keys-{stage}")
        admit(made)
        made.began = ends(node)
        yield made
    finally:
        made.stop()
        made.open.close()
        hub.close()


def admits(made: Works, desk: DeskId) -> None:
    """Open a desk of the cast and register a new key of its own."""
    made.keys[desk] = generate(desk)
    admits_as(made.hub, desk, made.keys[desk])


def admits_as(hub: Hub, desk: DeskId, key: PrivateKey) -> None:
    """Open a desk of the cast with that key."""
    sector, role = CAST[desk]
    hub.admin.open_desk(
        Desk(id=desk, agency=agency_of(desk), sector=sector, roles=frozenset({role}), areas=frozenset({AREA}))
    )
    now = SystemClock().now()
    hub.admin.register_key(make_registration(key, sources=[source_of(desk)], types=["*"], now=now))


def ends(node: Node) -> dict[str, int]:
    """Where the first partition of each of our topics ends."""
    with consuming(node, "admin") as consumer:
        topics = [topic for topic in consumer.topics() if re.match(r"sightline\.(receipts|feed)\.", topic)]
        found = consumer.end_offsets([TopicPartition(topic, 0) for topic in topics])
        return {where.topic: end for where, end in found.items()}
