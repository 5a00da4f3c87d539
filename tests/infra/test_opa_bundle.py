"""The OPA server of infra/opa/up: it serves the signed policy, takes no other, and does not answer with a bad one."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sightline.adapters.opa_server import ServerEngine
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.share import share

ROOT = Path(__file__).resolve().parents[2]
Served = tuple[Path, str]


def runs(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """One of infra/opa's programs."""
    command: list[str | Path] = [ROOT / "infra" / "opa" / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def served(opa: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server's folder and address. The pinned opa is found by the program itself."""
    assert opa.is_file()
    folder = tmp_path_factory.mktemp("opa")
    started = runs("up", folder)
    assert started.returncode == 0, started.stderr
    yield folder, started.stdout.strip()
    runs("down", "--throwaway", folder)


def test_the_server_holds_exactly_the_policys_sources(served: Served) -> None:
    engine = ServerEngine(served[1], share("policies"))
    assert engine.policy == policy_digest(share("policies"))
    engine.close()


def test_it_answers_on_loopback_and_a_second_start_finds_it(served: Served) -> None:
    assert served[1].startswith("http://127.0.0.1:")
    assert runs("up", served[0]).stdout.strip() == served[1]


@pytest.mark.parametrize("path", ["policies/another", "data/areas", "data/new"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_nobody_changes_the_policy_or_its_data_over_http(served: Served, path: str, method: str) -> None:
    body = b"package another" if path.startswith("policies") else b"{}"
    request = urllib.request.Request(f"{served[1]}/v1/{path}", data=body, method=method)
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(request, timeout=5)
    with told.value as answer:
        assert answer.code in {400, 404}
    ServerEngine(served[1], share("policies")).close()


def test_what_is_asked_is_in_no_log(served: Served) -> None:
    for body in (b'{"input": {"canary": "wren-in-the-hedge"}}', b'{"input": wren-in-the-hedge}'):
        request = urllib.request.Request(f"{served[1]}/v1/data/sightline/disclosure/decision", data=body, method="POST")
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except urllib.error.HTTPError as exc:
            exc.close()
    for path in served[0].rglob("*"):
        assert not path.is_file() or b"wren-in-the-hedge" not in path.read_bytes(), path


def test_the_key_can_be_read_by_its_owner_alone(served: Served) -> None:
    assert (served[0] / "signing.pem").stat().st_mode & 0o077 == 0
    assert served[0].stat().st_mode & 0o022 == 0


def test_the_bundle_holds_no_test(served: Served) -> None:
    with tarfile.open(served[0] / "bundle.tar.gz") as bundle:
        names = [member.name for member in bundle]
    assert "/.signatures.json" in names
    assert not [name for name in names if name.endswith("_test.rego")]


# ------------------------------------------------------------------------------------- a bundle that does not verify


def rewritten(bundle: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Put other contents into the bundle; None leaves a member out."""
    with tarfile.open(bundle) as before:
        members = {m.name: opened.read() for m in before if (opened := before.extractfile(m))}
    with tarfile.open(bundle, "w:gz") as after:
        for name, content in members.items():
            if (new := change(name, content)) is not None:
                member = tarfile.TarInfo(name)
                member.size = len(new)
                after.addfile(member, io.BytesIO(new))


def data_changed(name: str, content: bytes) -> bytes:
    """One letter of the data."""
    return content.replace(b"hampshire", b"hampshirf", 1) if name == "/data.json" else content


def rule_changed(name: str, content: bytes) -> bytes:
    """A rule that lets everything pass."""
    return content + b"\noutcome := 1 if true\n" if name.endswith("disclosure.rego") else content


def unsigned(name: str, content: bytes) -> bytes | None:
    """No signature."""
    return None if name == "/.signatures.json" else content


def signed_by_nobody(name: str, content: bytes) -> bytes:
    """The algorithm that needs no key (RFC 7518 §3.6)."""
    if name != "/.signatures.json":
        return content
    payload = json.loads(content)["signatures"][0].split(".")[1]
    return json.dumps({"signatures": [f"eyJhbGciOiJub25lIn0.{payload}."]}).encode()


@pytest.fixture
def copied(served: Served, tmp_path: Path) -> Path:
    """A folder of its own with the same bundle and key."""
    for name in ("bundle.tar.gz", "verification.pem"):
        shutil.copy(served[0] / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("change", [data_changed, rule_changed, unsigned, signed_by_nobody])
def test_a_bundle_that_does_not_verify_is_not_served(
    copied: Path, change: Callable[[str, bytes], bytes | None]
) -> None:
    rewritten(copied / "bundle.tar.gz", change)
    told = runs("up", "--as-it-is", copied)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("OPA did not come up:")
    assert not (copied / "address").exists()
    assert not (copied / "pid").exists()


def test_a_bundle_signed_under_another_key_is_not_served(
    copied: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    subprocess.run([ROOT / ".venv/bin/python", ROOT / "infra/opa/signing_key.py", other], check=True)
    assert runs("bundle", other / "signing.pem", copied / "bundle.tar.gz").returncode == 0
    told = runs("up", "--as-it-is", copied)
    assert told.returncode == 1
    assert "failed to verify" in told.stderr


def test_the_same_bundle_unchanged_is_served(copied: Path) -> None:
    told = runs("up", "--as-it-is", copied)
    assert told.returncode == 0, told.stderr
    pid = int((copied / "pid").read_text())
    runs("down", copied)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
