"""`make demo-distributed`: the worked week through real services, which are gone afterwards however it ends."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.entrypoints.demo.tally import PROMISES
from tests.builders_kafka import ROOT
from tests.conftest import run, without

DEMO = ROOT / "infra" / "demo"
FOLDER = ROOT / ".services-demo"

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture(autouse=True)
def services() -> Iterator[None]:
    """They are installed; what a failing test left of them is stopped."""
    for service in ("kafka", "opa", "postgres"):
        found = run(f"infra/{service}/find")
        if found.returncode:
            without(found.stderr.strip())
    yield
    run("infra/down", "--throwaway", FOLDER)


def processes() -> list[str]:
    """Command lines of what a demo here has started and not stopped."""
    lines = run("ps", "-eww", "-o", "command=").stdout.splitlines()
    return [line for line in lines if str(FOLDER) in line or "sightline.entrypoints.demo.process" in line]


def test_the_week_holds_every_promise_through_real_services_and_leaves_nothing_behind() -> None:
    done = run(DEMO, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["failures"], found["exit_code"]) == ([], 0)
    assert found["promises"].keys() == PROMISES.keys()
    assert all(count["checks"] == count["held"] > 0 for count in found["promises"].values())
    assert found["verify"] == {"true_copy": 0, "tampered_copy": 1}
    assert found["replay"]["equal"] == found["replay"]["leaves"] == found["leaves"] > 100
    assert found["broker"]["submissions"] > found["submissions"], "the repeated one too, and those that were refused"
    assert found["broker"]["feed_entries"] > 100
    assert processes() == []
    assert not FOLDER.exists()


def test_ctrl_c_in_the_middle_of_the_week_leaves_nothing_behind() -> None:
    with subprocess.Popen(
        [DEMO], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "accepted, no. 1" in line:
                break
        assert len(processes()) > 6
        # As a terminal does: to all of the group.
        os.killpg(demo.pid, signal.SIGINT)
        demo.stdout.read()
    assert demo.returncode == 130
    waits_until_gone()
    assert not FOLDER.exists()


def waits_until_gone() -> None:
    deadline = time.monotonic() + 30
    while processes():
        assert time.monotonic() < deadline, processes()
        time.sleep(0.1)


def test_what_is_missing_is_said_before_anything_is_installed_or_started(tmp_path: Path) -> None:
    """Seen from a machine without Java, Maven and Go."""
    for name in ("bash", "dirname", "sed", "sha256sum", "sort", "ps", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    env = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([DEMO], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = dict(line.split(maxsplit=1) for line in done.stderr.splitlines())
    assert said["kafka"].startswith("missing: Java 17")
    assert "apt-get install" in said["kafka"]
    assert done.stdout == ""
    assert not FOLDER.exists()
