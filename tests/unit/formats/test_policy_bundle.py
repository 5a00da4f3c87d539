"""A policy in one piece comes out as it went in; anything else is refused, and nothing is written outside its folder."""

import zlib
from pathlib import Path

import msgspec
import pytest

from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.policy_bundle import packed, unpack_into
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.errors import Refused
from sightline.kernel.share import share

POLICIES = share("policies")


def a_bundle(files: dict[str, bytes]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(files))


def test_what_is_unpacked_is_the_same_policy_and_decides_by_the_same_engine(tmp_path: Path) -> None:
    unpack_into(packed(POLICIES), tmp_path)
    assert policy_digest(tmp_path) == policy_digest(POLICIES)
    with_sources, unpacked = WasmEngine(POLICIES, late=True), WasmEngine(tmp_path)
    assert (unpacked.policy, unpacked.engine) == (with_sources.policy, with_sources.engine)
    unpacked.close()


def test_the_same_policy_is_always_the_same_bytes() -> None:
    assert packed(POLICIES) == packed(POLICIES)


def test_tests_and_readmes_are_no_part_of_it(tmp_path: Path) -> None:
    unpack_into(packed(POLICIES), tmp_path)
    assert not list(tmp_path.rglob("*_test.rego"))
    assert not list(tmp_path.rglob("*.md"))


@pytest.mark.parametrize(
    "name",
    [
        "../a/b.json",
        "/a/b.json",
        "a/../../b.json",
        "a//b.json",
        "a.json",
        "a/b.py",
        "A/b.json",
        "a/b.json\n",
        "a/b.wasm/",
    ],
)
def test_a_file_outside_the_folder_or_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    with pytest.raises(Refused) as refused:
        unpack_into(a_bundle({name: b"{}"}), folder)
    assert refused.value.code == "policy_damaged"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "bundle",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not compressed", id="not compressed"),
        pytest.param(packed(POLICIES)[:-1], id="cut short"),
        pytest.param(zlib.compress(b"not a map"), id="no map"),
        pytest.param(zlib.compress(msgspec.msgpack.encode({"data/a.json": 1})), id="no bytes"),
        pytest.param(zlib.compress(bytes(40 * 1024 * 1024)), id="too large"),
    ],
)
def test_what_is_no_bundle_is_refused(tmp_path: Path, bundle: bytes) -> None:
    with pytest.raises(Refused) as refused:
        unpack_into(bundle, tmp_path)
    assert refused.value.code == "policy_damaged"
