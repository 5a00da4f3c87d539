"""Whatever happened to whomever, folding the logs again leads to what stands: records joined and parted, items recalled."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.builders_hub import a_town, rows
from tests.builders_lives import Act, happens, lives
from tests.builders_rebuild import FOLDS, opened, rebuilds, standing

pytestmark = pytest.mark.slow


@settings(max_examples=8)
@given(lives(least=8, most=24, often=("rules", "reports", "informs")))
def test_a_life_rebuilt_is_the_life_that_stood(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = a_town(Path(folder) / "hub")
        happens(town, acts)
        for what in ("folds", "views"):
            found = rebuilds(town.hub.ledger, town.folder, what, check=True)
            assert found.is_equal, (what, found.tables)
        before = opened(standing(town.hub.database, *FOLDS), town.folder)
        for table in FOLDS:
            rows(town, f"DELETE FROM {table}")
        rebuilds(town.hub.ledger, town.folder, "folds")
        assert opened(standing(town.hub.database, *FOLDS), town.folder) == before
        town.hub.close()
