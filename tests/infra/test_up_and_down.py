"""`make infra-up`: three services at once, each with one line; what is missing is said with how to get it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sightline.adapters.opa_server import ServerEngine
from sightline.kernel.share import share
from tests.builders_kafka import ROOT, Node

# The fixtures say what is missing, if anything is.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("opa", "postgres_server", "kafka_server")]


def infra(program: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """One of infra's programs."""
    command: list[str | Path] = [ROOT / "infra" / program, *arguments]
    env = {**os.environ, **variables}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, env=env)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where services may be started; they are stopped in the end."""
    yield tmp_path / "services"
    infra("down", "--throwaway", tmp_path / "services")


def pids(folder: Path) -> dict[str, str]:
    """The numbers of the processes that were started there."""
    return {path.parent.name: path.read_text() for path in folder.glob("*/pid")}


def test_all_three_come_up_with_what_a_hub_needs_and_go_again(folder: Path) -> None:
    told = infra("up", folder)
    assert told.returncode == 0, told.stderr
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["kafka", "opa", "postgres", "where"]
    assert infra("status", folder).returncode == 0
    holds_what_a_hub_needs(folder)

    before = pids(folder)
    assert infra("up", folder).returncode == 0
    assert pids(folder) == before, "what runs is left alone"

    told = infra("down", folder)
    assert (told.returncode, told.stdout, told.stderr) == (0, "stopped\n", "")
    assert infra("status", folder).returncode == 3
    assert pids(folder) == {}


def holds_what_a_hub_needs(folder: Path) -> None:
    """Topics, the policy, tables; and where they are is told without a secret."""
    told = (folder / "services.env").read_text()
    found = dict(line.split("=", 1) for line in told.splitlines() if not line.startswith("#"))
    ServerEngine(found["SERVICES_OPA"], share("policies")).close()
    with psycopg.connect((Path(found["SERVICES_POSTGRES_SECRETS"]) / "hub.address").read_text().strip()) as hub:
        assert hub.execute("SELECT count(*) FROM ledger_events").fetchone() == (0,)
    node = Node(folder=folder / "kafka")
    assert node.address == found["SERVICES_KAFKA"]
    node.send("agency.hampshire-police", "sightline.submissions.hampshire-police")
    assert not [path for path in folder.rglob("*.password") if path.read_text().strip() in told]
    assert (folder / "services.env").stat().st_mode & 0o077 == 0


def test_what_is_missing_is_said_with_how_to_get_it(folder: Path, tmp_path: Path) -> None:
    """Seen from a machine where nothing is installed: no opa, no jars."""
    told = infra(
        "up",
        folder,
        XDG_CACHE_HOME=str(tmp_path),
        SIGHTLINE_OPA="",
        GOBIN=str(tmp_path),
        PATH="/usr/sbin:/usr/bin:/bin",
    )
    assert told.returncode == 1
    missing = [line for line in told.stderr.splitlines() if "to get" in line]
    assert {line.split()[0] for line in missing} >= {"kafka", "opa"}
    assert any("make infra-opa" in line for line in missing)
    assert any("make infra-kafka" in line or "openjdk-17" in line for line in missing)


def test_nothing_started_is_nothing_to_stop(tmp_path: Path) -> None:
    assert infra("down", tmp_path / "none").returncode == 0
    told = infra("status", tmp_path / "none")
    assert (told.returncode, told.stderr) == (3, "nothing was started: make infra-up\n")
