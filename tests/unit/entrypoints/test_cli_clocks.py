"""`sightline policy clocks`: what an operator sees of the procedures' rules."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.entrypoints.cli import app


def said(*arguments: str) -> Any:
    ran = CliRunner().invoke(app, ["policy", "clocks", *arguments, "--json"])
    assert ran.exit_code == 0, ran.output
    return {row["rule"]: row for row in json.loads(ran.stdout)}


def test_an_area_shows_its_own_limits() -> None:
    review = said("--area", "hampshire")["circumstances_review"]
    assert (review["due"], review["owner"]) == ("6 hours, late after 8", "police_missing_persons")
    assert "T-02" in review["rows"]


@pytest.mark.parametrize("area", ["hertfordshire", "lincolnshire"])
def test_what_an_edition_is_silent_about_is_not_in_force_there(area: str) -> None:
    assert "bureau_notification" not in said("--area", area)


def test_another_edition_can_be_looked_at() -> None:
    assert "circumstances_review_absent" in said("--area", "hampshire", "--edition", "4lscb_2013")
    assert "circumstances_review_absent" not in said("--area", "hampshire")


def test_without_an_area_limits_that_are_the_areas_are_named() -> None:
    assert said()["bureau_notification"]["due"] == "bureau_hours of the area"


def test_an_area_that_nobody_knows_is_refused() -> None:
    ran = CliRunner().invoke(app, ["policy", "clocks", "--area", "atlantis"])
    assert ran.exit_code == 4
