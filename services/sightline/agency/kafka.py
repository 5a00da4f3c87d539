"""Kafka as a partner's system meets it, by kafka-python: topics that it reads, and the one that it writes.

A client is made once and never in a loop: where the library does not get in, it tries until its time is up, says only
that it did not, and leaves its sockets behind. So the address and the certificates are tried beforehand without it
(`reach`), and what it cannot do after that is the log-in. Raised: Unavailable ``broker_unavailable``, Refused ``broker_refused``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from sightline.agency.messages import Message
from sightline.agency.reach import REACH_S, reach
from sightline.formats.broker_access import Access
from sightline.kernel.errors import Refused, Unavailable

LOGIN_S = 8.0
"""How long the log-in may take: a broker that has just started may not have read its passwords yet."""
ANSWER_S = 15.0
"""How long one request may take."""
DELIVERY_S = 30.0
"""How long the library may try to hand over one message."""
RETRIES = 100
"""How often, a tenth of a second apart at least: enough for a broker that is elected anew, and bounded."""

_ALL = 0
"""The one partition of a topic whose order matters."""


class ReadTopic:
    """One topic of one partition. Fits `messages.Topic`; to be closed."""

    def __init__(self, access: Access, topic: str, group: str) -> None:
        """`group` is only the name under which the broker remembers how far was read: nobody is assigned anything."""
        settings = {
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "allow_auto_create_topics": False,
            "bootstrap_timeout_ms": _ms(LOGIN_S),
            "request_timeout_ms": _ms(ANSWER_S),
            "metrics_enabled": False,
        }
        self._where = TopicPartition(topic, _ALL)
        self._consumer = _logged_in(lambda: KafkaConsumer(**access.settings, **settings), access)
        with _answering():
            self._consumer.assign([self._where])

    def close(self) -> None:
        """Close the connections. How far was read is not remembered by this."""
        self._consumer.close(autocommit=False, timeout_ms=_ms(REACH_S))

    def kept(self) -> tuple[int, str] | None:
        """See `messages.Topic`."""
        with _answering():
            found = self._consumer.committed(self._where, metadata=True, timeout_ms=_ms(ANSWER_S))
        return None if found is None or found.offset < 0 else (found.offset, found.metadata or "")

    def keep(self, note: str = "") -> None:
        """See `messages.Topic`."""
        here = OffsetAndMetadata(self.position(), note, -1)
        with _answering():
            self._consumer.commit({self._where: here}, timeout_ms=_ms(ANSWER_S))

    def end(self) -> int:
        """See `messages.Topic`."""
        with _answering():
            return int(self._consumer.end_offsets([self._where], timeout_ms=_ms(ANSWER_S))[self._where])

    def position(self) -> int:
        """See `messages.Topic`."""
        with _answering():
            return int(self._consumer.position(self._where, timeout_ms=_ms(ANSWER_S)))

    def seek(self, offset: int | None) -> None:
        """See `messages.Topic`."""
        with _answering():
            if offset is None:
                self._consumer.seek_to_beginning(self._where)
            else:
                self._consumer.seek(self._where, offset)

    def poll(self, timeout_s: float) -> Sequence[Message]:
        """See `messages.Topic`."""
        with _answering():
            found = self._consumer.poll(timeout_ms=_ms(timeout_s)).get(self._where, ())
        return [Message(offset=one.offset, key=one.key or b"", value=one.value or b"") for one in found]


class WriteTopic:
    """One topic to write to; to be closed."""

    def __init__(self, access: Access, topic: str) -> None:
        settings = {
            # The broker has it, on every replica that is in step, once, and one source's in the order they were sent.
            "acks": "all",
            "enable_idempotence": True,
            "retries": RETRIES,
            "delivery_timeout_ms": _ms(DELIVERY_S),
            "allow_auto_create_topics": False,
            "bootstrap_timeout_ms": _ms(LOGIN_S),
            "request_timeout_ms": _ms(ANSWER_S),
            "max_block_ms": _ms(ANSWER_S),
            "metrics_enabled": False,
        }
        self._topic = topic
        self._producer = _logged_in(lambda: KafkaProducer(**access.settings, **settings), access)

    def close(self) -> None:
        """Close the connections; what the broker has not confirmed by then is given up."""
        self._producer.close(timeout=REACH_S)

    def send(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        """Hand over keys and values; returns when the broker has all of them. Raises for the first that it has not."""
        with _answering():
            sent = [self._producer.send(self._topic, key=key, value=value) for key, value in messages]
            for one in sent:
                one.get(timeout=DELIVERY_S + ANSWER_S)


def _logged_in(make: Callable[[], Any], access: Access) -> Any:
    """A client, made once."""
    reach(access)
    try:
        return make()
    except KafkaError as exc:
        why = f"the broker did not accept the log-in of {access.who}, or does not answer it ({type(exc).__name__})"
        raise Unavailable("broker_unavailable", why) from None


@contextmanager
def _answering() -> Iterator[None]:
    """Every fault of the library as one of ours; its words, which may quote what was sent, are left out."""
    try:
        yield
    except OSError as exc:
        raise Unavailable("broker_unavailable", type(exc).__name__) from None
    except KafkaError as exc:
        if exc.retriable:
            raise Unavailable("broker_unavailable", type(exc).__name__) from None
        raise Refused("broker_refused", type(exc).__name__) from None


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
