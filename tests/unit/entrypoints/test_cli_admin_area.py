"""``sightline admin area``: what an operator enters and what comes back."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from sightline.runtime.embedded import embedded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub that nobody runs."""
    made = tmp_path_factory.mktemp("area") / "hub"
    embedded(made, origin="sightline.example/area").close()
    return made


def area(folder: Path, *words: str) -> tuple[int, Any]:
    """Run ``admin area`` on that folder: how it ended, and its JSON."""
    done = CliRunner().invoke(app, ["admin", "area", *words, "--data", str(folder), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else None


def test_an_operator_chooses_an_edition_and_sees_what_is_in_force_and_what_comes(folder: Path) -> None:
    assert area(folder, "choose", "isle_of_wight", "4lscb_2013")[0] == 0
    code, chosen = area(folder, "choose", "southampton", "4lscb_2013", "--from", "2199-07-01")
    assert (code, chosen["from"]) == (0, "2199-06-30T23:00:00+00:00")
    _, rows = area(folder, "list")
    found = {row["area"]: (row["edition"], row["chosen"], row["next"]) for row in rows}
    assert found["isle_of_wight"] == ("4lscb_2013", True, None)
    assert found["southampton"] == ("4lscb_guide", False, "4lscb_2013")
    assert found["lincolnshire"] == ("lincolnshire", False, None)


def test_an_operator_sees_every_key_with_its_source_and_what_is_proposed(folder: Path) -> None:
    """C-10, C-38."""
    _, rows = area(folder, "show", "hampshire")
    keys = {row["key"]: row for row in rows}
    assert (keys["lac_return_interview_hours"]["value"], keys["lac_return_interview_hours"]["source"]) == (
        72,
        "guide §47",
    )
    assert (keys["working_day_calendar"]["rows"], keys["working_day_calendar"]["proposed"]) == (["C-38"], True)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["choose", "hampshire", "lincolnshire"], id="another area's edition"),
        pytest.param(["choose", "atlantis", "4lscb_guide"], id="no area"),
        pytest.param(["choose", "hampshire", "4lscb-guide"], id="no edition"),
        pytest.param(["show", "atlantis"], id="nothing to show"),
    ],
)
def test_what_is_no_area_or_not_its_edition_is_refused(folder: Path, words: list[str]) -> None:
    """C-01."""
    assert area(folder, *words)[0] == 4
