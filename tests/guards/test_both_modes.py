"""No journey is left out of the comparison of the two modes without a reason, and CI cannot leave out the comparison."""

import re

import pytest

from tests.builders_scenarios import EMBEDDED_ONLY, is_plotted, is_told, journeys, stories
from tests.conftest import ROOT
from tests.distributed.conftest import CAMPAIGNS

pytestmark = pytest.mark.slow

COMPARED = "tests/distributed/test_scenarios_both.py"


def test_every_journey_is_told_in_both_modes_or_it_is_said_why_not() -> None:
    left = [
        f"{file}::{function.__name__}"
        for file, function in journeys()
        if not (is_told(file, function) or is_plotted(file))
        and not EMBEDDED_ONLY.keys() & {file, f"{file}::{function.__name__}"}
    ]
    assert not left, "ask for `town` or `journey` alone, give the file a `lent`, or say why in EMBEDDED_ONLY"


def test_what_is_left_out_is_a_journey_and_there_is_a_reason() -> None:
    known = {name for file, function in journeys() for name in (file, f"{file}::{function.__name__}")}
    assert EMBEDDED_ONLY.keys() <= known
    assert all(EMBEDDED_ONLY.values())
    assert len(stories()) > 250


def test_ci_runs_the_comparison_with_its_services_required() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    assert "\nexport SIGHTLINE_REQUIRE_SERVICES=1\n" in ci
    assert ci.endswith("\nmake test\n")
    (recipe,) = re.findall(
        r"^test: .*\n(?:\t.*\n)*?\t@\$\(PYTEST\) (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert recipe.endswith('-m "not faults"')
    assert (ROOT / COMPARED).exists()
    assert COMPARED.rpartition("/")[2] not in CAMPAIGNS


def test_ci_runs_the_faults_that_make_test_leaves_out() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "make faults-ci\n" in (ROOT / ".ci" / "run").read_text()
    (recipe,) = re.findall(r"^faults-ci: .*\n\t(.*)$", makefile, re.MULTILINE)
    assert recipe.split()[-2:] == ["faults", "faults-workers"]
    assert "-m faults -s -v tests/distributed\n" in makefile
    assert all((ROOT / "tests" / "distributed" / name).exists() for name in CAMPAIGNS)
