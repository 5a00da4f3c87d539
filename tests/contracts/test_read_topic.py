"""What a partner's system may rely on when it reads a topic: kept by the tests' topic in memory, as by a broker.

The broker's own run of it is in tests/journeys/test_agency_kafka_topic.py.
"""

from collections.abc import Callable

import pytest

from sightline.agency.messages import Message, Topic
from tests.builders_agency import MemoryTopic


def read(topic: Topic, until: int) -> list[Message]:
    """Everything up to that place."""
    found: list[Message] = []
    while topic.position() < until:
        found += topic.poll(2.0)
    return found


class ReadTopicContract:
    """The tests of every `Topic`. `put` writes values; `opened` gives the topic as a new process finds it."""

    @pytest.fixture
    def put(self) -> Callable[..., None]:
        raise NotImplementedError

    @pytest.fixture
    def opened(self) -> Callable[[], Topic]:
        raise NotImplementedError

    def test_messages_come_in_order_from_the_oldest_or_from_a_place(
        self, put: Callable[..., None], opened: Callable[[], Topic]
    ) -> None:
        topic = opened()
        began = topic.end()
        put(b"one", b"two", b"three", b"four")
        assert topic.end() == began + 4
        topic.seek(None)
        whole = read(topic, topic.end())
        assert [one.value for one in whole][-4:] == [b"one", b"two", b"three", b"four"]
        assert [one.key for one in whole][-4:] == [b"key"] * 4
        topic.seek(began + 2)
        assert [one.value for one in read(topic, topic.end())] == [b"three", b"four"]
        assert topic.poll(0.2) == []

    def test_a_place_is_kept_over_processes_only_when_it_is_said(
        self, put: Callable[..., None], opened: Callable[[], Topic]
    ) -> None:
        topic = opened()
        put(b"five", b"six")
        topic.seek(topic.end() - 2)
        topic.keep("a note")
        read(topic, topic.end())
        place = topic.end() - 2
        assert opened().kept() == (place, "a note")
        topic.keep()
        assert opened().kept() == (place + 2, "")

    def test_beyond_the_end_reading_goes_on_at_the_oldest(
        self, put: Callable[..., None], opened: Callable[[], Topic]
    ) -> None:
        topic = opened()
        put(b"seven")
        topic.seek(topic.end() + 1000)
        again: list[Message] = []
        while not again:
            again += topic.poll(1.0)
        fresh = opened()
        fresh.seek(None)
        assert again[0] == fresh.poll(2.0)[0]


class TestInMemory(ReadTopicContract):
    @pytest.fixture
    def kept(self) -> MemoryTopic:
        return MemoryTopic()

    @pytest.fixture
    def put(self, kept: MemoryTopic) -> Callable[..., None]:
        return lambda *values: kept.put(*values, key=b"key")

    @pytest.fixture
    def opened(self, kept: MemoryTopic) -> Callable[[], Topic]:
        return kept.again
