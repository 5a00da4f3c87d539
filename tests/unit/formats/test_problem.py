"""Problems: one table of stable codes, RFC 9457 on the wire."""

import re
from pathlib import Path

import pytest

from sightline.formats.problem import PROBLEMS, problem, refusal_of
from sightline.kernel.errors import Refused
from sightline.kernel.values import Refusal

ROOT = Path(__file__).resolve().parents[3]


def test_a_problem_has_the_members_of_the_standard() -> None:
    assert problem(Refusal(code="time_in_future", pointer="/time")) == {
        "type": "urn:sightline:problem:time_in_future",
        "title": PROBLEMS["time_in_future"].title,
        "status": 422,
        "code": "time_in_future",
        "pointer": "/time",
    }


def test_an_error_becomes_its_refusal() -> None:
    assert refusal_of(Refused("not_json", "why")) == Refusal(code="not_json", detail="why")


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_code_is_well_formed_and_documented(code: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]+", code)
    assert 400 <= PROBLEMS[code].status < 500 or code in {"unavailable", "internal_error"}
    row = f"| `{code}` | {PROBLEMS[code].status} | {PROBLEMS[code].title} |"
    assert row in (ROOT / "docs" / "wire.md").read_text(), f"docs/wire.md lacks the row: {row}"
