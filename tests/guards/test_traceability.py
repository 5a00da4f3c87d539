"""Every row of the catalogue lives somewhere and a test names it, or software has no part in it and it is said why."""

import json
from functools import cache

import pytest

from tests.conftest import COLLECTED
from tests.traceability.ids import ROOT, in_name, literal, no_part, rows, sections, spoken_of
from tests.traceability.page import BUILT, NO_PART, Row, open_rows, page, traced

OPEN = 0
"""How many rows may lack a place, or a test that names them. It may only fall."""


@cache
def found() -> dict[str, Row]:
    """Every row, looked for once."""
    return traced()


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "traceability.md").read_text(encoding="utf-8")
    assert written == page(found()), "python -m tests.traceability"


def test_no_row_is_without_a_place_or_without_a_test_that_names_it() -> None:
    lacking = [f"{row.id} lacks {row.lacks}" for row in open_rows(found())]
    assert len(lacking) <= OPEN, lacking


def test_only_rows_of_disclosure_may_wait_for_the_policy() -> None:
    assert {row.id[0] for row in found().values() if row.state == "policy"} <= {"D"}


def test_there_are_as_many_rows_as_in_the_catalogue_and_each_once() -> None:
    listed = [row for section in sections() for row in section["rows"]]
    assert len(listed) == len(set(listed)) == 952


def test_reasons_are_of_rows_that_there_are_and_one_a_line() -> None:
    assert no_part().keys() <= rows()
    text = (ROOT / "docs" / "no_part.json").read_text(encoding="utf-8")
    lines = [f"  {json.dumps(row)}: {json.dumps(why, ensure_ascii=False)}" for row, why in no_part().items()]
    assert text == "{\n" + ",\n".join(lines) + "\n}\n"
    assert all(len(why) > 30 for why in no_part().values())


def test_software_has_its_part_in_every_field_rule_of_disclosure_key_and_count() -> None:
    assert {row.id for row in found().values() if row.state == NO_PART and row.id[0] in "DFCXQ"} == set()


def test_the_tests_that_are_named_are_collected(request: pytest.FixtureRequest) -> None:
    """As far as this run has looked into their files; a run of everything looks into all."""
    collected = request.config.stash[COLLECTED]
    files = {name.partition("::")[0] for name in collected}
    named = {test for row in found().values() if row.state == BUILT for test in row.tests}
    assert sorted(one for one in named if one.partition("::")[0] in files and one not in collected) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("T-02, and N-31", {"T-02", "N-31"}, id="two rows"),
        pytest.param("t-02.fires.late", {"T-02"}, id="an example's name"),
        pytest.param("F-SER-V01", {"F-SER-V01"}, id="a field"),
        pytest.param("XT-02 T-021 NT-02-A SHA-256 T-2", set(), id="what is no row"),
        pytest.param("SE-01 to SE-03", {"SE-01", "SE-03"}, id="a range is two rows and no more"),
    ],
)
def test_a_test_names_what_stands_there_letter_by_letter(text: str, said: set[str]) -> None:
    assert literal(text) == said


def test_where_a_row_lives_may_be_said_of_a_range() -> None:
    assert spoken_of("catalogue SE-01 to SE-03, A-20–A-22") == {"SE-01", "SE-02", "SE-03", "A-20", "A-21", "A-22"}


def test_a_functions_name_names_rows() -> None:
    assert in_name("test_t_02_and_f_ser_v01_are_not_x_999") == {"T-02", "F-SER-V01"}
