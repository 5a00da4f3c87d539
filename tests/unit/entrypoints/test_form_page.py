"""The forms in words: on the command line and in docs/forms.md, which is made from the schemas."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sightline.entrypoints import form_page
from sightline.entrypoints.cli_schema import schema
from sightline.formats.form_rows import COMMON
from tests.builders import the_schemas

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = the_schemas()


def run(*words: str) -> Result:
    """A command, on a terminal wide enough for every word."""
    return CliRunner().invoke(schema, words, env={"COLUMNS": "400"})


def test_the_page_that_is_checked_in_is_current() -> None:
    """If not: sightline schema forms > docs/forms.md"""
    assert (ROOT / "docs" / "forms.md").read_text(encoding="utf-8") == form_page.page(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS.types())
def test_every_leaf_of_a_form_is_a_row_with_its_class(name: str) -> None:
    root = SCHEMAS.form(name, 1).root
    own = [node for member, below in root.members.items() if member not in COMMON for node in below.walk()]
    told = [row.cls for row in SCHEMAS.rows(name, 1) if row.cls]
    assert told == [node.cls for node in own if node.cls and not (node.item or node.members)]


def test_a_form_is_shown_as_a_table_of_fields() -> None:
    said = run("show", "return_interview.held").output
    for words in ("held_at *", "companions[].name", "third_party", "F-RI-04", "list of code of V-09, up to 5"):
        assert words in said


def test_json_shows_the_schema_as_published() -> None:
    assert json.loads(run("show", "nrm.referred", "--json").stdout)["$id"] == "sightline:/schemas/nrm.referred/1"


def test_a_type_that_does_not_exist_is_refused() -> None:
    assert run("show", "child.praised").exit_code == 4


def test_the_list_says_who_may_send_what() -> None:
    listed = {one["type"]: one for one in json.loads(run("list", "--json").stdout)}
    assert listed.keys() == set(SCHEMAS.types())
    assert listed["alert.ppn1_due"]["sent_by"] == "the hub"
    assert listed["referral.made"] == {"type": "referral.made", "title": "Safeguarding referral", "sent_by": "any desk"}
    assert listed["bureau.notified"]["sent_by"] == "any police desk"


def test_the_page_is_what_the_command_prints() -> None:
    assert run("forms").stdout == form_page.page(SCHEMAS)
