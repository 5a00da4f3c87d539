"""Which process runs which file, and in which order: so that two that run side by side also end together."""

from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it ships no types

BROKER = ("tests/distributed/", "tests/infra/test_kafka", "tests/infra/test_up_and", "tests/journeys/test_agency_kafka")
"""What asks for a broker. It mostly waits, so one process takes it all, and the brokers are started once."""


def shares_a_broker(nodeid: str) -> bool:
    """True for a test of the files named above."""
    return nodeid.startswith(BROKER)


def longest_first(items: list[pytest.Item]) -> None:
    """What shares a broker, then files that have slow tests, then the rest: each file whole, in the order it had."""
    slow: set[Path] = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not shares_a_broker(item.nodeid), item.path not in slow))


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """A file is run by one process, and all files that share a broker by the same."""

    def _split_scope(self, nodeid: str) -> str:
        return "broker" if shares_a_broker(nodeid) else super()._split_scope(nodeid)
