from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders_hub import Town, copied


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A hub with the whole cast; closed at the end, whichever hub of its folder is open then."""
    made = copied(tmp_path / "hub")
    yield made
    made.hub.close()
