"""A database of its own for each test of the register."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.kernel.ports import Database
from tests.builders_register import an_sqlite_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with an_sqlite_database(tmp_path) as database:
        yield database
