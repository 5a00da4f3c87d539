"""A real broker keeps what the topic in memory promises."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sightline.agency.kafka import ReadTopic
from sightline.agency.messages import Topic
from tests.builders_kafka import Node
from tests.contracts.test_read_topic import ReadTopicContract

FEED = "sightline.feed.solent.reading"


@pytest.fixture(scope="module")
def node(kafka_server: Path) -> Node:
    node = Node(folder=kafka_server)
    node.has_topics()
    return node


@pytest.mark.slow
class TestOnKafka(ReadTopicContract):
    @pytest.fixture
    def put(self, node: Node) -> Callable[..., None]:
        def write(*values: bytes) -> None:
            with node.producer("hub.relay") as producer:
                for value in values:
                    producer.send(FEED, value, key=b"key").get(timeout=15)

        return write

    @pytest.fixture
    def opened(self, node: Node) -> Iterator[Callable[[], Topic]]:
        made: list[ReadTopic] = []

        def another() -> Topic:
            made.append(ReadTopic(node.access("agency.solent"), FEED, "agency.solent.reading"))
            return made[-1]

        yield another
        for one in made:
            one.close()
