"""A broker under load, as who measures it sees it: sends without waiting for each answer, and watches many topics at once.

By kafka-python. Raised: Unavailable ``broker_unavailable``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from sightline.formats.broker_access import Access
from sightline.kernel.errors import Unavailable

_TIME = {"bootstrap_timeout_ms": 20_000, "request_timeout_ms": 20_000, "metrics_enabled": False}


class Sending:
    """A producer as a partner has it (acknowledged by all replicas, idempotent); to be closed."""

    def __init__(self, access: Access) -> None:
        self._failed: list[BaseException] = []
        with _answering():
            self._producer = KafkaProducer(**access.settings, **_TIME, acks="all", enable_idempotence=True, linger_ms=2)

    def send(self, topic: str, key: bytes, value: bytes) -> None:
        """Hand it over; waits only while too much is under way."""
        with _answering():
            self._producer.send(topic, key=key, value=value).add_errback(self._failed.append)

    def flush(self) -> None:
        """Return when the broker has all that was sent."""
        with _answering():
            self._producer.flush(timeout=120)
            if self._failed:
                raise self._failed[0]

    def close(self) -> None:
        """Close the connections."""
        self._producer.close(timeout=5)


class Watching:
    """Topics of one partition, from where they end now; to be closed."""

    def __init__(self, access: Access, topics: Sequence[str]) -> None:
        parts = [TopicPartition(topic, 0) for topic in topics]
        with _answering():
            self._consumer = KafkaConsumer(**access.settings, **_TIME, group_id=None, enable_auto_commit=False)
            self._consumer.assign(parts)
            for where, end in self._consumer.end_offsets(parts).items():
                self._consumer.seek(where, end)

    def poll(self, timeout_s: float) -> Iterator[tuple[str, bytes]]:
        """What has come, with its topic: each topic's in order."""
        with _answering():
            polled: dict[Any, list[Any]] = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        for where, records in polled.items():
            for record in records:
                yield where.topic, record.value or b""

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close(autocommit=False)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as exc:
        raise Unavailable("broker_unavailable", type(exc).__name__) from exc
