"""A register read by a program that shares nothing with this one: golang.org/x/mod/sumdb (tests/go/logcheck)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.builders_register import a_checkpoint_key, a_sealed_folder, some_leaves

VKEY = a_checkpoint_key().vkey
PROGRAM = Path(__file__).resolve().parents[1] / "go" / "logcheck"


@pytest.fixture(scope="session")
def logcheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built program. Its tests run wherever Go 1.23 or later is installed."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed: install Go 1.23 or later to have a second program read the register")
    program = tmp_path_factory.mktemp("logcheck") / "logcheck"
    command = [go, "build", "-o", str(program), "."]
    # The toolchain at hand, not one it would fetch; the module's hash is in go.sum.
    built = subprocess.run(
        command,
        cwd=PROGRAM,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"},
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode and os.environ.get("SIGHTLINE_REQUIRE_SERVICES") != "1":
        pytest.skip("the Go module golang.org/x/mod is not at hand: go build could not fetch it")
    assert built.returncode == 0, built.stderr
    return program


def read(program: Path, folder: Path, number: int, proof: Path, vkey: str = VKEY) -> subprocess.CompletedProcess[str]:
    """Have the other program read the register."""
    command = [program, folder, vkey, str(number), proof]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("size", "numbers"), [(1, [0]), (256, [0, 255]), (700, [0, 255, 256, 699])])
def test_another_program_accepts_checkpoint_tiles_and_proofs(
    logcheck: Path, tmp_path: Path, size: int, numbers: list[int]
) -> None:
    with a_sealed_folder(tmp_path, some_leaves(size), steps=(size // 2,)) as register:
        for number in numbers:
            (tmp_path / "proof").write_text(register.reader.prove(number))
            answer = read(logcheck, tmp_path / "register", number, tmp_path / "proof")
            assert (answer.returncode, answer.stderr) == (0, "")
            assert answer.stdout.startswith(f"{size} ")


def test_another_program_refuses_what_we_refuse(logcheck: Path, tmp_path: Path) -> None:
    with a_sealed_folder(tmp_path, some_leaves(300)) as register:
        (tmp_path / "proof").write_text(register.reader.prove(7))
        (tmp_path / "other").write_text(register.reader.prove(8))
    folder = tmp_path / "register"
    assert read(logcheck, folder, 7, tmp_path / "other").returncode == 1
    assert read(logcheck, folder, 7, tmp_path / "proof", a_checkpoint_key("other").vkey).returncode == 1
    (folder / "tile/0/000").write_bytes(bytes(8192))
    assert read(logcheck, folder, 7, tmp_path / "proof").returncode == 1
