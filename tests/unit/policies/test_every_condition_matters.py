"""Take each condition, and each rule, out of the Rego in turn: some test must fail, or it did not matter."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.policies.mutants import (
    POLICIES,
    Mutant,
    production_files,
    rego_tests,
    survives,
    without_each_condition,
    without_each_rule,
)

files = pytest.mark.parametrize("path", production_files(), ids=lambda path: str(path.parent.name))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policy that may be spoilt."""
    for part in ("sightline", "data"):
        shutil.copytree(POLICIES / part, tmp_path / part)
    return tmp_path


def survivors(opa: Path, copy: Path, path: Path, mutants: Iterable[Mutant]) -> list[str]:
    return [mutant.name for mutant in mutants if survives(opa, copy, path, mutant)]


@pytest.mark.slow
@files
def test_no_condition_can_be_left_out_unnoticed(opa: Path, copy: Path, path: Path) -> None:
    assert survivors(opa, copy, path, without_each_condition(path.read_text())) == []


@pytest.mark.slow
@files
def test_no_rule_can_be_left_out_unnoticed(opa: Path, copy: Path, path: Path) -> None:
    assert survivors(opa, copy, path, without_each_rule(path.read_text())) == []


@pytest.mark.slow
def test_what_is_asked_of_a_mutant_is_every_test_that_opa_runs(opa: Path, copy: Path) -> None:
    command: list[str | Path] = [opa, "test", "--format", "json", "sightline", "data"]
    ran = json.loads(subprocess.run(command, cwd=copy, check=True, capture_output=True).stdout)
    assert sorted(rego_tests()) == sorted(f"{one['package']}.{one['name']}" for one in ran)


def test_what_changes_nothing_survives_and_what_is_noticed_does_not(opa: Path, copy: Path) -> None:
    path = POLICIES / "sightline" / "hub" / "hub.rego"
    text = path.read_text()
    assert survives(opa, copy, path, Mutant(name="as it is", text=text))
    assert not survives(opa, copy, path, next(without_each_rule(text)))
    with pytest.raises(AssertionError, match="rego_parse_error"):
        survives(opa, copy, path, Mutant(name="no Rego", text=text + "}"))


def test_a_condition_is_found_on_its_own_line_and_after_if() -> None:
    found = list(
        without_each_condition('a if b == 1\n\nc contains d if {\n\tsome d in e\n\tf\n}\n\ng := {\n\t"h": 1,\n}\n')
    )
    assert [mutant.name for mutant in found] == ["line 1: a if b == 1", "line 4: some d in e", "line 5: f"]
    assert found[0].text.startswith("a if true\n")
    assert "\n\ttrue\n\tf\n" in found[1].text
