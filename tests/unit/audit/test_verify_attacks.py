"""What someone may do to a register, and the finding by which each is known. Numbers: audit-and-policy C11.

Where the attacker holds the log's key, the folder is made anew and signed: then only what the verifier remembers, or
what leaves say of one another, can tell.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.audit.verify import FAIL, INCOMPLETE, PASS, Finding, Report, verify_folder
from sightline.formats.bundle import pack, unpack
from sightline.formats.checkpoint import Checkpoint, parse_checkpoint
from sightline.formats.note import VerifierKey, encode_base64, sign_note
from tests.builders_register import (
    ORIGIN,
    a_checkpoint_key,
    a_decision_leaf,
    a_policy_leaf,
    a_recall_leaf,
    a_sealed_folder,
    leaf_bytes,
    some_leaves,
    write_checkpoint,
    write_file,
    write_folder,
)

VKEY = a_checkpoint_key().vkey
SIZE = 700
LAST_BUNDLE, LAST_TILE = "tile/entries/002.p/188", "tile/0/002.p/188"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real register of 700 leaves, sealed in four steps."""
    folder = tmp_path_factory.mktemp("sealed")
    with a_sealed_folder(folder, some_leaves(SIZE), steps=(100, 256, 600)):
        yield folder / "register"


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(sealed, tmp_path / "register"))


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def change(folder: Path, name: str, by: Callable[[bytes], bytes]) -> None:
    (folder / name).write_bytes(by((folder / name).read_bytes()))


def flip(at: int) -> Callable[[bytes], bytes]:
    """Flip one bit of the byte at that place."""
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def swap_first_two(data: bytes) -> bytes:
    first, second, *rest = unpack(data)
    return pack([second, first, *rest])


def test_an_unharmed_register_passes_with_every_level(folder: Path) -> None:
    report = verify_folder(folder, vkey=VKEY, remembered=(folder / "checkpoint").read_bytes())
    assert (report.ran, report.findings, report.size, report.exit_code) == ((0, 1, 2, 3), (), SIZE, PASS)


HARM: dict[str, tuple[Callable[[Path], Any], set[str]]] = {
    "4 one bit of an entry": (
        lambda f: change(f, "tile/entries/001", flip(5000)),
        {"tile_differs", "root_differs"},
    ),
    "4 one bit of the last, partial bundle": (lambda f: change(f, LAST_BUNDLE, flip(50)), {"tile_differs"}),
    "4 one bit of a full tile": (lambda f: change(f, "tile/0/001", flip(100)), {"tile_differs"}),
    "4 one bit of a partial tile": (lambda f: change(f, LAST_TILE, flip(0)), {"tile_differs"}),
    "4 one bit of an upper tile": (lambda f: change(f, "tile/1/000.p/2", flip(63)), {"tile_differs"}),
    "4 one bit of the root": (
        lambda f: change(f, "checkpoint", lambda note: note.replace(b"=\n\n", b"A\n\n", 1)),
        {"note_signature"},
    ),
    "6 a record less in the last bundle": (
        lambda f: change(f, LAST_BUNDLE, lambda data: pack(unpack(data)[:-1])),
        {"bundle_width"},
    ),
    "6 a bundle cut inside a record": (lambda f: change(f, LAST_BUNDLE, lambda data: data[:-1]), {"bundle_malformed"}),
    "6 a byte after the last record": (
        lambda f: change(f, LAST_BUNDLE, lambda data: data + b"\0"),
        {"bundle_malformed"},
    ),
    "6 a record more": (lambda f: change(f, LAST_BUNDLE, lambda data: data + b"\0\0"), {"bundle_width"}),
    "6 an empty bundle": (lambda f: change(f, LAST_BUNDLE, lambda _: b""), {"bundle_malformed"}),
    "6 a hash less in a partial tile": (lambda f: change(f, LAST_TILE, lambda data: data[:-32]), {"tile_width"}),
    "6 a hash less in a full tile": (lambda f: change(f, "tile/0/000", lambda data: data[:-32]), {"tile_width"}),
    "6 a hash more in a full tile": (lambda f: change(f, "tile/0/000", lambda data: data + bytes(32)), {"tile_width"}),
    "6 half a hash more": (lambda f: change(f, LAST_TILE, lambda data: data + bytes(16)), {"tile_width"}),
    "6 a full name over a partial tile": (
        lambda f: shutil.copy(f / LAST_TILE, f / "tile/0/002"),
        {"tile_width"},
    ),
    "6 a full name over a partial bundle": (
        lambda f: shutil.copy(f / LAST_BUNDLE, f / "tile/entries/002"),
        {"bundle_width"},
    ),
    "6 no last bundle": (lambda f: (f / LAST_BUNDLE).unlink(), {"missing_file"}),
    "6 no first bundle": (lambda f: (f / "tile/entries/000").unlink(), {"missing_file"}),
    "6 no tile": (lambda f: (f / "tile/0/001").unlink(), {"missing_file"}),
    "6 no upper tile": (lambda f: (f / "tile/1/000.p/2").unlink(), {"missing_file"}),
    "6 no checkpoint": (lambda f: (f / "checkpoint").unlink(), {"missing_file"}),
    "6 nothing": (shutil.rmtree, {"missing_file"}),
    "7 two records exchanged, tiles left": (
        lambda f: change(f, "tile/entries/000", swap_first_two),
        {"tile_differs", "root_differs", "leaf_order", "policy_unannounced"},
    ),
    "an earlier partial tile that did not become the full one": (
        lambda f: write_file(f, "tile/0/000.p/3", bytes(96)),
        {"partial_differs"},
    ),
    "an earlier partial bundle that did not become the full one": (
        lambda f: write_file(f, "tile/entries/000.p/1", b"\0\x02{}"),
        {"partial_differs"},
    ),
    "a later partial tile that does not continue this one": (
        lambda f: write_file(f, "tile/0/002.p/200", bytes(200 * 32)),
        {"partial_differs"},
    ),
    "a file that is no tile": (lambda f: write_file(f, "tile/0/notes.txt", b"x"), {"stray_file"}),
    "a tile under a second spelling": (lambda f: write_file(f, "tile/00/000", bytes(32)), {"stray_file"}),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_to_the_files_is_found_and_fails(name: str, folder: Path) -> None:
    harm, expected = HARM[name]
    harm(folder)
    report = verify_folder(folder, vkey=VKEY)
    assert expected <= codes(report)
    assert report.exit_code == FAIL
    assert report.progress is None


def test_a_difference_names_the_leaf_that_it_concerns(folder: Path) -> None:
    change(folder, "tile/0/001", flip(32 * 7))
    assert [finding.index for finding in verify_folder(folder, vkey=VKEY).findings] == [256 + 7]


@pytest.mark.parametrize("levels", [{2}, {3}, {0, 2}, {0, 2, 3}, {0, 1, 2, 3}, None])
def test_20_every_way_of_running_answers_a_corrupt_tile_with_1(folder: Path, levels: set[int] | None) -> None:
    remembered = (folder / "checkpoint").read_bytes()
    change(folder, "tile/0/001", flip(0))
    assert verify_folder(folder, vkey=VKEY, levels=levels, remembered=remembered).exit_code == FAIL


# ---------------------------------------------------------------------------------- 2, 3, 7: what is remembered


def test_2_an_older_checkpoint_of_the_same_log_is_a_rollback(tmp_path: Path, folder: Path) -> None:
    remembered = (folder / "checkpoint").read_bytes()
    write_folder(tmp_path / "old", [leaf_bytes(leaf) for leaf in some_leaves(600)])
    assert verify_folder(tmp_path / "old", vkey=VKEY).exit_code == PASS
    report = verify_folder(tmp_path / "old", vkey=VKEY, remembered=remembered)
    assert codes(report) == {"checkpoint_smaller"}
    assert report.exit_code == FAIL


def rewritten(count: int) -> list[bytes]:
    """The log with one decision turned round, as its own operator could write and sign it."""
    leaves = some_leaves(count)
    leaves[300] = {**leaves[300], "eff": "withhold", "classes": [], "told": "nothing"}
    return [leaf_bytes(leaf) for leaf in leaves]


@pytest.mark.parametrize("count", [700, 701, 1024, 2000])
def test_3_a_rewritten_leaf_under_a_new_signature_is_known_by_what_is_remembered(
    tmp_path: Path, folder: Path, count: int
) -> None:
    before = verify_folder(folder, vkey=VKEY)
    write_folder(tmp_path / "new", rewritten(count))
    assert verify_folder(tmp_path / "new", vkey=VKEY).exit_code == PASS  # why the remembered checkpoint is needed
    report = verify_folder(tmp_path / "new", vkey=VKEY, remembered=before.checkpoint)
    assert (codes(report), report.exit_code) == ({"consistency_not_proved"}, FAIL)
    report = verify_folder(tmp_path / "new", vkey=VKEY, since=before.progress)
    assert "since_differs" in codes(report)
    assert report.exit_code == FAIL


def test_3_a_cut_log_is_smaller_than_what_was_checked(tmp_path: Path, folder: Path) -> None:
    before = verify_folder(folder, vkey=VKEY)
    write_folder(tmp_path / "cut", [leaf_bytes(leaf) for leaf in some_leaves(699)])
    report = verify_folder(tmp_path / "cut", vkey=VKEY, since=before.progress)
    assert (codes(report), report.exit_code) == ({"checkpoint_smaller"}, FAIL)


# ------------------------------------------------------------------------------------------ 5, 19: the checkpoint


def test_5_a_forged_checkpoint_with_a_colliding_key_id_is_refused(folder: Path) -> None:
    text = (folder / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n"
    true, forger = a_checkpoint_key(), a_checkpoint_key("forger")
    blob = encode_base64(VerifierKey(ORIGIN, true.public).id + forger.sign(text))
    write_file(folder, "checkpoint", text + f"\n— {ORIGIN} {blob}\n".encode())
    report = verify_folder(folder, vkey=VKEY)
    assert (codes(report), report.ran, report.size, report.exit_code) == ({"note_signature"}, (), None, FAIL)


def test_5_a_checkpoint_of_another_key_or_another_log_is_refused(folder: Path) -> None:
    state = parse_checkpoint((folder / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n")
    write_checkpoint(folder, state, a_checkpoint_key("forger"))
    assert codes(verify_folder(folder, vkey=VKEY)) == {"note_unsigned"}
    other = Checkpoint(origin="hub.example/other", size=state.size, root=state.root)
    write_file(folder, "checkpoint", sign_note(other.text(), a_checkpoint_key()))
    assert codes(verify_folder(folder, vkey=VKEY)) == {"checkpoint_origin"}


@pytest.mark.parametrize(
    "trick",
    [
        pytest.param(lambda text: text.replace(b"\n700\n", b"\n0700\n"), id="a leading zero"),
        pytest.param(lambda text: text.replace(b"\n700\n", b"\n+700\n"), id="a sign"),
        pytest.param(lambda text: text.replace(b"\n700\n", b"\n\n700\n"), id="a blank line"),
        pytest.param(lambda text: text + b"extension\n", id="an extension line"),
        pytest.param(lambda text: text.replace(b"=\n", b"= \n"), id="a space after the root"),
    ],
)
def test_19_tricks_on_the_parser_are_refused_even_when_signed(folder: Path, trick: Callable[[bytes], bytes]) -> None:
    text = (folder / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n"
    write_file(folder, "checkpoint", sign_note(trick(text), a_checkpoint_key()))
    report = verify_folder(folder, vkey=VKEY)
    assert (codes(report), report.exit_code) == ({"checkpoint_malformed"}, FAIL)


@pytest.mark.parametrize(
    "trick",
    [
        pytest.param(lambda note: note.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda note: note + note.split(b"\n\n")[1] * 16, id="17 signatures"),
        pytest.param(lambda note: note + b"\n", id="a blank line at the end"),
        pytest.param(lambda note: b"x" * 2_000_000 + note, id="a huge note"),
    ],
)
def test_19_tricks_on_the_note_are_refused(folder: Path, trick: Callable[[bytes], bytes]) -> None:
    change(folder, "checkpoint", trick)
    report = verify_folder(folder, vkey=VKEY)
    assert (codes(report), report.exit_code) == ({"note_malformed"}, FAIL)


def test_19_a_huge_size_costs_no_more_than_the_first_missing_bundle(folder: Path) -> None:
    write_checkpoint(folder, Checkpoint(origin=ORIGIN, size=2**62, root=bytes(32)))
    report = verify_folder(folder, vkey=VKEY)
    assert "missing_file" in codes(report)
    assert report.exit_code == FAIL


# ------------------------------------------------------------------------- 7, 8, 15, 17: what leaves say of one another

POLICY = a_policy_leaf()
FIRST = a_decision_leaf(2)
SECOND = a_decision_leaf(2, "hampshire-police/zeta")
AGAIN = a_decision_leaf(3, item=2, id=FIRST["id"] + "x", sup=FIRST["id"])
GOOD: list[Any] = [POLICY, FIRST, SECOND, AGAIN, a_recall_leaf(3, FIRST)]

OTHER_POLICY = a_policy_leaf(9, pol=POLICY["eng"], eng=POLICY["pol"])

LIES: dict[str, tuple[list[Any], set[str]]] = {
    "7 records exchanged and signed": ([POLICY, SECOND, FIRST], {"leaf_order"}),
    "7 a leaf twice": ([POLICY, FIRST, FIRST], {"leaf_order", "leaf_id_repeated", "sup_not_latest"}),
    "7 a later cause at an earlier time": ([POLICY, FIRST, {**AGAIN, "ts": FIRST["ts"] - 1}], {"leaf_time"}),
    "7 two times for one cause": ([POLICY, FIRST, {**SECOND, "ts": FIRST["ts"] + 1}], {"leaf_time"}),
    "8 a policy that nobody announced": ([FIRST], {"policy_unannounced"}),
    "8 a policy announced later": ([FIRST, a_policy_leaf(3, ts=FIRST["ts"] + 1)], {"policy_unannounced"}),
    "8 a policy announced with another engine": (
        [POLICY, OTHER_POLICY, a_decision_leaf(10, pol=OTHER_POLICY["pol"])],
        {"policy_unannounced"},
    ),
    "15 a repeated key": ([POLICY, leaf_bytes(FIRST)[:-1] + b',"v":1}'], {"leaf_not_canonical"}),
    "15 a space": ([POLICY, leaf_bytes(FIRST).replace(b",", b", ", 1)], {"leaf_not_canonical"}),
    "15 a fraction": ([POLICY, {**FIRST, "cause": 2.0}], {"leaf_schema"}),
    "15 a lone surrogate": ([POLICY, leaf_bytes(FIRST).replace(b"D-01", b"\\ud800")], {"leaf_not_canonical"}),
    "15 an unknown field": ([POLICY, {**FIRST, "extra": 1}], {"leaf_schema"}),
    "15 a leaf that is no JSON": ([POLICY, b"\x00"], {"leaf_not_canonical"}),
    "15 a leaf too large": ([POLICY, {**FIRST, "sup": "x" * 5000}], {"leaf_too_large"}),
    "17 one id for two disclosures": ([POLICY, FIRST, {**SECOND, "id": FIRST["id"]}], {"leaf_id_repeated"}),
    "17 a second decision beside the first": ([POLICY, FIRST, a_decision_leaf(3, item=2)], {"sup_not_latest"}),
    "a first decision that supersedes": ([POLICY, {**FIRST, "sup": "l-nothing-at-all"}], {"sup_unknown"}),
    "a decision that supersedes another desk's": (
        [POLICY, FIRST, SECOND, {**AGAIN, "sup": SECOND["id"]}],
        {"sup_elsewhere", "sup_not_latest"},
    ),
    "a decision that supersedes one already superseded": (
        [POLICY, FIRST, AGAIN, a_decision_leaf(4, item=2, sup=FIRST["id"])],
        {"sup_not_latest"},
    ),
    "a recall of nothing": ([POLICY, a_recall_leaf(3, FIRST)], {"recall_unknown"}),
    "a recall at another desk": (
        [*GOOD[:4], a_recall_leaf(3, {**FIRST, "desk": SECOND["desk"]})],
        {"recall_elsewhere"},
    ),
    "a recall of a recall": ([*GOOD, a_recall_leaf(4, {**FIRST, "id": GOOD[4]["id"]})], {"recall_elsewhere"}),
    "a class shown and withheld": ([POLICY, {**FIRST, "withheld": ["identity:D-05"]}], {"classes_overlap"}),
}


def signed(folder: Path, leaves: list[Any]) -> Path:
    """A folder of exactly these leaves, well made and signed."""
    write_folder(folder, [leaf if isinstance(leaf, bytes) else leaf_bytes(leaf) for leaf in leaves])
    return folder


def test_leaves_that_may_stand_together_pass(tmp_path: Path) -> None:
    assert verify_folder(signed(tmp_path, GOOD), vkey=VKEY).findings == ()


@pytest.mark.parametrize("name", LIES)
def test_a_lie_of_the_leaves_is_found_although_all_is_signed(name: str, tmp_path: Path) -> None:
    leaves, expected = LIES[name]
    report = verify_folder(signed(tmp_path, leaves), vkey=VKEY)
    assert expected <= codes(report)
    assert {finding.level for finding in report.findings} == {3}
    assert report.exit_code == FAIL
    assert verify_folder(tmp_path, vkey=VKEY, levels={0, 2}).exit_code == PASS


@pytest.mark.parametrize("unknown", [{"typ": "ruling"}, {"v": 2}], ids=["type", "version"])
def test_an_unknown_leaf_is_neither_good_nor_bad(tmp_path: Path, unknown: dict[str, Any]) -> None:
    report = verify_folder(signed(tmp_path, [POLICY, {**FIRST, **unknown}, SECOND]), vkey=VKEY)
    [finding] = report.findings
    assert (finding.code, finding.index, finding.incomplete) == ("leaf_unknown", 1, True)
    assert report.exit_code == INCOMPLETE


def test_a_thousand_doubts_do_not_hide_one_failure(tmp_path: Path) -> None:
    unknown = [{**POLICY, "v": 2, "cause": 2 + n} for n in range(1200)]
    report = verify_folder(signed(tmp_path, [*unknown, b"no leaf"]), vkey=VKEY)
    assert len(report.findings) == 1001
    assert report.findings[-1] == Finding(code="leaf_not_canonical", level=3, index=1200, detail="not JSON, or nested")
    assert report.exit_code == FAIL
