"""One broker, one OPA server and one PostgreSQL cluster for all that is tested here; a hub for each file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.kernel.ids import DeskId
from tests.builders_distributed import STAGES, Works, databases, has_topics_of, works
from tests.builders_hub import CAST
from tests.builders_kafka import Node
from tests.faults.load import DESKS

CAMPAIGNS = {"test_kills.py", "test_late_and_twice.py", "test_services_fail.py"}
"""Minutes each, most of which is waiting: run by `make faults-ci`, beside the embedded hub's kills, and not by `make test`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """None of it is fast."""
    for item in items:
        if "tests/distributed/" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)
            if item.path.name in CAMPAIGNS:
                item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def node(kafka_server_of_a_hub: Path) -> Node:
    """The broker, with the cast's topics and users."""
    made = Node(folder=kafka_server_of_a_hub)
    has_topics_of(made, list(CAST))
    return made


@pytest.fixture(scope="session")
def node_of_all(kafka_server_of_a_hub: Path) -> Node:
    """The same broker, with the load's desks besides."""
    made = Node(folder=kafka_server_of_a_hub)
    has_topics_of(made, [*CAST, *map(DeskId, DESKS)])
    return made


@pytest.fixture(scope="module")
def area(
    node: Node, opa_server: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Works]:
    """A hub with all its workers running."""
    folder = tmp_path_factory.mktemp("area")
    with databases(postgres_server, folder) as addresses, works(node, opa_server, addresses, folder) as made:
        made.start_all({stage: stage for stage in STAGES})
        yield made
