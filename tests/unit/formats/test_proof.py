"""C2SP tlog-proof: one leaf's place under a checkpoint, in one file."""

from dataclasses import replace

import pytest

from sightline.formats.checkpoint import Checkpoint, sign_checkpoint
from sightline.formats.merkle import inclusion_proof, leaf_hashes, perfect_root, tree_root
from sightline.formats.note import VerifierKey, encode_base64
from sightline.formats.proof import Proof, check_proof, parse_proof
from sightline.kernel.errors import Refused
from tests.builders_register import ORIGIN, a_checkpoint_key

ENTRIES = [b"leaf %d" % n for n in range(6)]
HASHES = leaf_hashes(ENTRIES)
SIGNER = a_checkpoint_key()
KEY = VerifierKey(ORIGIN, SIGNER.public)


def a_proof(index: int = 4) -> Proof:
    steps = inclusion_proof(index, 6, lambda level, at: perfect_root(HASHES[at << level : at + 1 << level]))
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=6, root=tree_root(HASHES)), SIGNER)
    return Proof(index=index, hashes=tuple(steps), checkpoint=note)


def test_the_file_is_written_as_specified() -> None:
    proof = replace(a_proof(), extra=b"hello")
    lines = ["c2sp.org/tlog-proof@v1", "extra aGVsbG8=", "index 4", *map(encode_base64, proof.hashes), "", ""]
    assert proof.text() == "\n".join(lines).encode() + proof.checkpoint
    assert parse_proof(proof.text()) == proof


@pytest.mark.parametrize("index", range(6))
def test_every_leaf_is_proved_offline(index: int) -> None:
    assert check_proof(a_proof(index).text(), ENTRIES[index], KEY).size == 6


def test_a_proof_without_hashes_holds_in_a_tree_of_one() -> None:
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=1, root=HASHES[0]), SIGNER)
    text = Proof(index=0, hashes=(), checkpoint=note).text()
    assert text.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + ORIGIN.encode())
    assert check_proof(text, ENTRIES[0], KEY).size == 1


@pytest.mark.parametrize(
    ("proof", "entry", "code"),
    [
        pytest.param(a_proof(4), ENTRIES[3], "inclusion_not_proved", id="another leaf"),
        pytest.param(replace(a_proof(4), index=5), ENTRIES[4], "inclusion_not_proved", id="another index"),
        pytest.param(replace(a_proof(4), index=6), ENTRIES[4], "index_outside_tree", id="an index outside"),
        pytest.param(replace(a_proof(4), hashes=()), ENTRIES[4], "proof_length", id="no hashes"),
        pytest.param(
            replace(a_proof(4), checkpoint=a_proof(4).checkpoint.replace(b"\n6\n", b"\n7\n")),
            ENTRIES[4],
            "note_signature",
            id="an altered checkpoint",
        ),
    ],
)
def test_what_does_not_lead_to_the_signed_root_is_refused(proof: Proof, entry: bytes, code: str) -> None:
    with pytest.raises(Refused, match=code):
        check_proof(proof.text(), entry, KEY)


GOOD = a_proof().text()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GOOD.replace(b"@v1", b"@v2"), id="another version"),
        pytest.param(GOOD.replace(b"index 4", b"index 04"), id="a leading zero"),
        pytest.param(GOOD.replace(b"index 4", b"index +4"), id="a sign"),
        pytest.param(GOOD.replace(b"index 4\n", b""), id="no index"),
        pytest.param(GOOD.replace(b"index 4", b"extra AA==\nextra AA==\nindex 4"), id="two extra lines"),
        pytest.param(GOOD.replace(b"index 4", b"index 4\nAAAA"), id="a hash of three bytes"),
        pytest.param(GOOD.replace(b"index 4", b"index 4" + (b"\n" + b"A" * 43 + b"=") * 64), id="too many hashes"),
        pytest.param(GOOD.replace(b"index 4", "index 4é".encode()), id="not ASCII"),
        pytest.param(GOOD.partition(b"\n\n")[0], id="no checkpoint"),
    ],
)
def test_a_malformed_proof_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match="proof_malformed"):
        parse_proof(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(GOOD.replace(b"index 4\n", b"index 4\nAB==\n"), id="base64 with unused bits"),
        pytest.param(GOOD.replace(b"index 4", b"extra A\nindex 4"), id="extra that is not base64"),
    ],
)
def test_junk_in_a_proof_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match=r"proof_malformed|base64"):
        parse_proof(text)
