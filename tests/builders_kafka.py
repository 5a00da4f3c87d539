"""A broker as a test sees it: who logs in, what they send and what they get to read."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from sightline.adapters.kafka_admin import BrokerAdmin
from sightline.formats.broker_access import Access, Certificate

ROOT = Path(__file__).resolve().parent.parent

AGENCIES = """
agencies:
  kent: [missing, bureau]
  kent-council: [duty]
  solent: [sending, following, proving, reading]
  purbeck: [duty]
"""
"""Two agencies, of which one's name is the beginning of the other's; one whose desks' systems talk to a hub; and one that
shows certificates."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One broker, by its folder."""

    folder: Path

    @property
    def address(self) -> str:
        """``host:port``."""
        return (self.folder / "address").read_text().strip()

    def access(self, user: str, *, password: str | None = None) -> Access:
        """How that user reaches it; with another password than theirs if one is given."""
        known = self.folder / "secrets" / f"{user}.password"
        return Access(
            bootstrap=self.address,
            ca=self.folder / "ca.pem",
            user=user,
            password=known.read_text() if password is None else password,
        )

    def certified(self, agency: str) -> Access:
        """How that agency reaches it by a certificate: made now, if there is none yet."""
        file = self.folder / "certificates" / f"{agency}.pem"
        if not file.exists():
            program: list[str | Path] = [ROOT / "infra/kafka/certify", "--services", self.folder, agency]
            subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
        return self.showing(Certificate(chain=file, key=file.with_suffix(".key")))

    def showing(self, certificate: Certificate) -> Access:
        """How one reaches it with that certificate."""
        where = (self.folder / "agencies.address").read_text().strip()
        return Access(bootstrap=where, ca=self.folder / "ca.pem", certificate=certificate)

    def admin(self) -> BrokerAdmin:
        """The administrator's connection, to be closed."""
        return BrokerAdmin(self.access("admin"))

    def topics(self, what: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
        """Run infra/kafka/topics for the two agencies."""
        agencies = self.folder / "agencies.yaml"
        if not agencies.exists():
            agencies.write_text(AGENCIES)
        program: list[str | Path] = [ROOT / "infra/kafka/topics", what, "--services", self.folder]
        return subprocess.run(
            [*program, "--agencies", agencies, *options], capture_output=True, text=True, check=False, timeout=120
        )

    def has_topics(self) -> None:
        """See to it that the agencies' topics and rights are there, beside whatever other tests declared."""
        file = self.folder / "agencies.yaml"
        others = yaml.safe_load(file.read_text())["agencies"] if file.exists() else {}
        file.write_text(yaml.safe_dump({"agencies": others | yaml.safe_load(AGENCIES)["agencies"]}))
        applied = self.topics("apply")
        assert applied.returncode in {0, 2}, applied.stderr

    def send(self, user: str | Access, topic: str, value: bytes = b"sealed") -> None:
        """Send one entry as that user (or as this access has it) and wait until the broker has it. Raises what the broker answers."""
        with self.producer(user) as producer:
            producer.send(topic, value).get(timeout=15)

    def read(self, user: str | Access, topic: str, *, group: str | None = None, partition: int = 0) -> list[bytes]:
        """All entries of one of the topic's partitions, as that user gets them. Raises what the broker answers."""
        settings: dict[str, Any] = {"group_id": group, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
        with self.consumer(user, **settings) as consumer:
            where = TopicPartition(topic, partition)
            consumer.assign([where])
            # Asked for once at least: who may only write can see where the end is, and be refused only now.
            end, found = consumer.end_offsets([where])[where], _polled(consumer)
            while consumer.position(where) < end:
                found += _polled(consumer)
            if group is not None:
                consumer.commit()
            return found

    @contextmanager
    def consumer(self, user: str | Access, **settings: Any) -> Iterator[Any]:
        """A consumer of that user's, to whom nothing is assigned."""
        consumer = KafkaConsumer(**self._as(user).settings, **settings, **_SOON)
        try:
            yield consumer
        finally:
            consumer.close()

    @contextmanager
    def producer(self, user: str | Access) -> Iterator[Any]:
        """A producer of that user's."""
        producer = KafkaProducer(**self._as(user).settings, **_SOON, max_block_ms=8000)
        try:
            yield producer
        finally:
            producer.close(timeout=5)

    def _as(self, user: str | Access) -> Access:
        return self.access(user) if isinstance(user, str) else user


def _polled(consumer: Any) -> list[bytes]:
    return [record.value for records in consumer.poll(timeout_ms=500).values() for record in records]


_SOON = {"bootstrap_timeout_ms": 8000, "request_timeout_ms": 8000}
