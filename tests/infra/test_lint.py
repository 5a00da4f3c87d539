"""`infra/lint`: what a container engine or a cluster would refuse is found without either."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders_kafka import ROOT

FAULTS = [
    pytest.param("compose/compose.yaml", "healthcheck:", "healthchek:", "healthchek", id="a member of compose"),
    pytest.param("compose/compose.yaml", "read_only: true", "read_only: [yes]", "read_only", id="a type in compose"),
    pytest.param("kubernetes/opa.yaml", "readinessProbe:", "readynessProbe:", "readynessProbe", id="a member"),
    pytest.param("kubernetes/serve.yaml", "replicas: 2", "replicas: two", "replicas", id="a type"),
    pytest.param("kubernetes/workers.yaml", "apiVersion: apps/v1", "apiVersion: apps/v7", "apps/v7", id="an API"),
    pytest.param("kubernetes/network.yaml", "kind: NetworkPolicy", "kind: NetworkPolice", "NetworkPolice", id="a kind"),
]

pytestmark = pytest.mark.slow


def lint(*folder: Path) -> subprocess.CompletedProcess[str]:
    """What it says."""
    return subprocess.run([ROOT / "infra/lint", *folder], capture_output=True, text=True, check=False, timeout=120)


def test_the_files_are_as_their_schemas_have_them() -> None:
    told = lint()
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """What is said of a copy with every one of the faults."""
    folder = tmp_path_factory.mktemp("infra")
    for name in ("compose", "kubernetes"):
        shutil.copytree(ROOT / "infra" / name, folder / name)
    for fault in FAULTS:
        file, right, wrong, _ = fault.values
        path = folder / str(file)
        assert str(right) in path.read_text()
        path.write_text(path.read_text().replace(str(right), str(wrong), 1))
    return lint(folder)


@pytest.mark.parametrize(("file", "right", "wrong", "named"), FAULTS)
def test_a_fault_ends_with_1_and_is_named_with_its_file(
    told: subprocess.CompletedProcess[str], file: str, right: str, wrong: str, named: str
) -> None:
    assert told.returncode == 1
    assert Path(file).name in told.stderr, (right, wrong)
    assert named in told.stderr
