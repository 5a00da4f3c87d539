import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.formats.policy_digest import policy_data, policy_digest, policy_sources
from sightline.kernel.errors import Refused
from sightline.kernel.share import share


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(share("policies"), tmp_path / "policies"))


def test_the_digest_is_what_anyone_can_compute_with_sha256_and_json(folder: Path) -> None:
    def letters(raw: bytes) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")

    files = [*folder.glob("sightline/**/*.rego"), *folder.glob("data/*.json")]
    names = sorted(path.relative_to(folder).as_posix() for path in files if not path.name.endswith("_test.rego"))
    listed = [{"path": name, "sha256": letters((folder / name).read_bytes())} for name in names]
    expected = "sha256:" + letters(json.dumps(listed, separators=(",", ":"), sort_keys=True).encode())
    assert policy_digest(folder) == expected
    assert re.fullmatch(r"sha256:[A-Za-z0-9_-]{43}", expected)


def spoil_rego(folder: Path) -> None:
    path = folder / "sightline" / "duties" / "duties.rego"
    path.write_text(path.read_text() + "\n")


def spoil_data(folder: Path) -> None:
    path = folder / "data" / "remits.json"
    path.write_text(path.read_text() + " ")


def add_rego(folder: Path) -> None:
    (folder / "sightline" / "more.rego").write_text("package sightline.more\n")


def rename_rego(folder: Path) -> None:
    (folder / "sightline" / "hub" / "hub.rego").rename(folder / "sightline" / "hub" / "other.rego")


@pytest.mark.parametrize("change", [spoil_rego, spoil_data, add_rego, rename_rego])
def test_any_change_to_a_source_is_another_policy(folder: Path, change: Callable[[Path], None]) -> None:
    before = policy_digest(folder)
    change(folder)
    assert policy_digest(folder) != before


def test_tests_documents_and_the_compiled_policy_are_no_part_of_it(folder: Path) -> None:
    before = policy_digest(folder)
    (folder / "sightline" / "duties" / "more_test.rego").write_text("package sightline.more_test\n")
    (folder / "README.md").write_text("words")
    (folder / "build" / "policy.wasm").write_bytes(b"")
    assert policy_digest(folder) == before


def test_a_folder_without_rego_has_no_identity(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        policy_sources(tmp_path)
    assert refused.value.code == "policy_missing"


def test_the_data_is_the_members_of_all_files(folder: Path) -> None:
    data = policy_data(folder)
    assert {"areas", "bases", "duty_types", "needs", "remits", "rows", "senders"} <= data.keys()
    assert data == json.loads((folder / "build" / "data.json").read_bytes())


def test_two_files_with_a_member_of_one_name_are_refused(folder: Path) -> None:
    (folder / "data" / "zz.json").write_text('{"needs": {}}')
    with pytest.raises(Refused) as refused:
        policy_data(folder)
    assert refused.value.code == "policy_data_clash"
