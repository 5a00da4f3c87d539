"""Which alerts a desk that joins may be asked about: those open in its areas, in order, at most a slice of them at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.decide.folds import TableFolds
from tests.builders_hub import Town, a_town, rows
from tests.builders_rebuild import keys_of

OPEN = {1: "hampshire", 2: "portsmouth", 4: "isle_of_wight", 5: "hampshire", 7: "hampshire", 9: "isle_of_wight"}
AREAS = ["hampshire", "isle_of_wight"]


@pytest.fixture
def folds(tmp_path: Path) -> Iterator[TableFolds]:
    town: Town = a_town(tmp_path / "hub", cast={})
    for position, area in OPEN.items():
        rows(town, "INSERT INTO open_alerts VALUES (?,?)", position, area)
    with keys_of(town.folder) as vault:
        yield TableFolds(town.hub.database, vault)
    town.hub.close()


@pytest.mark.parametrize(
    ("after", "upto", "limit", "found"),
    [
        pytest.param(0, 9, 500, [1, 4, 5, 7, 9], id="all"),
        pytest.param(0, 9, 2, [1, 4], id="the first two, of whichever area"),
        pytest.param(4, 9, 2, [5, 7], id="the next two"),
        pytest.param(7, 8, 2, [], id="none within the range"),
        pytest.param(7, 9, 2, [9], id="the end of the range is within"),
    ],
)
def test_open_alerts_are_found_in_order_over_areas(
    folds: TableFolds, after: int, upto: int, limit: int, found: list[int]
) -> None:
    assert folds.asking(after, upto, AREAS, limit) == found
