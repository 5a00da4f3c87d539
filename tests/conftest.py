"""What every test may ask for: a PostgreSQL database and an OPA server of its own, on loopback, gone afterwards.

A service that is not installed skips its tests, and the end of the run says so in one line with how to get it. Where
SIGHTLINE_REQUIRE_SERVICES=1 (CI) it fails them.
"""

import gc
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from tests.scheduling import ByFile, longest_first

ROOT = Path(__file__).resolve().parent.parent
SERVICES_REQUIRED = os.environ.get("SIGHTLINE_REQUIRE_SERVICES") == "1"
POLICIES = ("policies/sightline", "policies/data")

# No deadline: two people share the cores. `SIGHTLINE_EXAMPLES=thorough` looks further than `make test` does, `few` (what
# `make check` sets) less far.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.register_profile("few", parent=settings.get_profile("default"), max_examples=20)
settings.load_profile(os.environ.get("SIGHTLINE_EXAMPLES", "default"))


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks that are set below."""
    config.addinivalue_line(
        "markers", "kafka: needs Java and Kafka's jars (set on every test that asks for the fixture)"
    )


COLLECTED = pytest.StashKey[frozenset[str]]()
"""Names of the tests that this run found in the files it looked into, without their parameters."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test that asks for a service, so that `-m "not postgres"` needs no care from its author; order them."""
    config.stash[COLLECTED] = frozenset(item.nodeid.partition("[")[0] for item in items)
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "postgres_server" in fixtures:
            item.add_marker("postgres")
        if "opa_server" in fixtures or "opa" in fixtures:
            item.add_marker("opa")
        if "kafka_server" in fixtures or "kafka_server_of_a_hub" in fixtures:
            item.add_marker("kafka")
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """Ours in place of the one it derives from."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Look no more for garbage in what stays to the end: thousands of collected tests, walked through again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason to skip: how many tests it cost and, for a service, how to get it."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped ({count}): {reason}")


def without(advice: str) -> NoReturn:
    """End a test whose service is not there: a skip on a laptop, a failure in CI."""
    if SERVICES_REQUIRED:
        pytest.fail(f"required here: {advice}", pytrace=False)
    pytest.skip(advice)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of infra's programs and keep what it said."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a throwaway PostgreSQL cluster. Ask for `postgres_dsn` unless you need the server itself."""
    found = run("infra/postgres/find")
    if found.returncode:
        without(found.stderr.strip())
    folder = Path(tempfile.mkdtemp(prefix="sightline-postgres-"))
    try:
        started = run("infra/postgres/up", "--throwaway", folder)
        assert started.returncode == 0, started.stderr
        yield started.stdout.strip()
    finally:
        run("infra/postgres/down", "--throwaway", folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_dsn(postgres_server: str) -> Iterator[str]:
    """The address of an empty database that only this test has: ``postgresql://user:password@127.0.0.1:port/name``."""
    name = f"t_{secrets.token_hex(8)}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        try:
            yield re.sub(r"/[^/]*$", f"/{name}", postgres_server)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def opa() -> Path:
    """The path of the pinned opa."""
    found = run("infra/opa/find")
    if found.returncode:
        without(found.stderr.strip())
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def opa_server(opa: Path) -> Iterator[str]:
    """The address of an OPA server that holds policies/, e.g. ``http://127.0.0.1:18181``."""
    port = a_free_port()
    address = f"127.0.0.1:{port}"
    command = [str(opa), "run", "--server", "--addr", address, "--log-level", "error", "--skip-version-check"]
    loaded = ["--ignore", "*_test.rego", *POLICIES]
    with subprocess.Popen([*command, *loaded], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            wait_until_it_answers(server, f"http://{address}/health")
            yield f"http://{address}"
        finally:
            server.terminate()


@contextmanager
def a_broker() -> Iterator[Path]:
    """The folder of a throwaway Kafka node that holds nothing: address, ca.pem, secrets/admin.password."""
    found = run("infra/kafka/find")
    if found.returncode:
        without(found.stderr.strip())
    folder = Path(tempfile.mkdtemp(prefix="sightline-kafka-"))
    try:
        started = run("infra/kafka/up", "--throwaway", folder)
        assert started.returncode == 0, started.stderr
        yield folder
    finally:
        run("infra/kafka/down", "--throwaway", folder)


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[Path]:
    """A broker for all tests that declare what they need beside what others declared."""
    with a_broker() as folder:
        yield folder


@pytest.fixture(scope="session")
def kafka_server_of_a_hub() -> Iterator[Path]:
    """Another, for a hub with its whole cast: what it declares is all that there is."""
    with a_broker() as folder:
        yield folder


def wait_until_it_answers(server: subprocess.Popen[bytes], url: str, seconds: float = 30) -> None:
    """Return when `url` answers 200; fail with the server's own words when it ended, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            pytest.fail(f"opa ended: {server.stdout.read().decode() if server.stdout else ''}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
    pytest.fail(f"nothing answered at {url} within {seconds} s")


def a_free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
