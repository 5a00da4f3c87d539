"""Towns for journeys: embedded. That they come to the same distributed is shown by tests/distributed/test_scenarios_both.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders_hub import Town, copied, holds


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A hub with the whole cast; closed at the end, whichever hub of its folder is open then."""
    made = copied(tmp_path / "hub")
    yield made
    made.hub.close()


@pytest.fixture
def journey(town: Town) -> Iterator[Town]:
    """A town whose register must verify offline and replay leaf by leaf, whatever the test did."""
    yield town
    holds(town)
