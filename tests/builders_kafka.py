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
from sightline.formats.broker_access import Access

ROOT = Path(__file__).resolve().parent.parent

AGENCIES = """
agencies:
  kent: [missing, bureau]
  kent-council: [duty]
  solent: [sending, following, proving, reading]
"""
"""Two agencies, of which one's name is the beginning of the other's; and one whose desks' systems talk to a hub."""


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

    def send(self, user: str, topic: str, value: bytes = b"sealed") -> None:
        """Send one entry as that user and wait until the broker has it. Raises what the broker answers."""
        with self.producer(user) as producer:
            producer.send(topic, value).get(timeout=15)

    def read(self, user: str, topic: str, *, group: str | None = None, partition: int = 0) -> list[bytes]:
        """All entries of one of the topic's partitions, as that user gets them. Raises what the broker answers."""
        settings: dict[str, Any] = {"group_id": group, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
        consumer = KafkaConsumer(**self.access(user).settings, **settings, **_SOON)
        try:
            where = TopicPartition(topic, partition)
            consumer.assign([where])
            # Asked for once at least: who may only write can see where the end is, and be refused only now.
            end, found = consumer.end_offsets([where])[where], _polled(consumer)
            while consumer.position(where) < end:
                found += _polled(consumer)
            if group is not None:
                consumer.commit()
            return found
        finally:
            consumer.close()

    @contextmanager
    def producer(self, user: str) -> Iterator[Any]:
        """A producer of that user's."""
        producer = KafkaProducer(**self.access(user).settings, **_SOON, max_block_ms=8000)
        try:
            yield producer
        finally:
            producer.close(timeout=5)


def _polled(consumer: Any) -> list[bytes]:
    return [record.value for records in consumer.poll(timeout_ms=500).values() for record in records]


_SOON = {"bootstrap_timeout_ms": 8000, "request_timeout_ms": 8000}
