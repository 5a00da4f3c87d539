"""An operator who suspects damage: `sightline admin rebuild`, beside a hub that has its folder open."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from tests.builders_hub import HEALTH, POLICE, Town, a_child, a_missing, a_town, feed, holds, rows, sends

pytestmark = pytest.mark.slow


def rebuild(town: Town, what: str, *options: str) -> tuple[int, Any, str]:
    """Exit code, result and what was said besides."""
    done = CliRunner().invoke(app, ["admin", "rebuild", what, "--data", str(town.folder), "--json", *options])
    return done.exit_code, json.loads(done.stdout or "null"), done.stderr


@pytest.mark.parametrize(
    ("what", "table", "damage"),
    [
        ("folds", "item_folds", "DELETE FROM item_folds WHERE position = (SELECT MIN(position) FROM item_folds)"),
        ("views", "feed", "DELETE FROM feed WHERE seq = 1"),
    ],
)
def test_damage_is_found_by_a_check_mended_by_a_rebuild_and_gone_afterwards(
    tmp_path: Path, what: str, table: str, damage: str
) -> None:
    town = a_town(tmp_path / "hub")
    item = sends(town, POLICE, "missing.reported", a_missing()).item
    code, said, _ = rebuild(town, what, "--check")
    assert (code, said["equal"], said["mended"]) == (0, True, False)
    count = len(rows(town, f"SELECT * FROM {table}"))
    rows(town, damage)
    code, said, _ = rebuild(town, what, "--check")
    assert (code, said["equal"], said["mended"]) == (1, False, False)
    lost = said["tables"][table]["missing"]
    assert lost > 0
    assert len(rows(town, f"SELECT * FROM {table}")) == count - lost
    code, said, progress = rebuild(town, what)
    assert (code, said["equal"], said["mended"]) == (0, False, True)
    assert f"{table}: {count} of {count}" in progress
    code, said, _ = rebuild(town, what)
    assert (code, said["equal"], said["mended"]) == (0, True, False)
    assert town.hub.view.item(POLICE, item).state == "disclosed"
    assert [entry.seq for entry in feed(town, POLICE)] == [1]
    town.hub.close()


def test_a_folder_without_the_wrapping_key_can_have_its_views_rebuilt_and_not_its_folds(tmp_path: Path) -> None:
    town = a_town(tmp_path / "hub")
    sends(town, HEALTH, "missing.reported", a_missing(a_child(2)))
    (town.folder / "keys" / "wrapping.key").rename(tmp_path / "elsewhere")
    code, _, why = rebuild(town, "folds", "--check")
    assert (code, "no_keys" in why) == (5, True)
    assert rebuild(town, "views", "--check")[0] == 0
    holds(town)
    town.hub.close()


def test_where_there_is_no_hub_nothing_is_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["admin", "rebuild", "views", "--data", str(tmp_path / "none")])
    assert done.exit_code == 5
    assert not (tmp_path / "none").exists()
