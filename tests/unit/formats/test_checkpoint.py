"""C2SP tlog-checkpoint: three lines, one spelling."""

import pytest

from sightline.formats.checkpoint import (
    Checkpoint,
    check_extends,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from sightline.formats.merkle import EMPTY_ROOT
from sightline.formats.note import VerifierKey, sign_note
from sightline.kernel.errors import Refused
from tests.builders_register import a_checkpoint_key

ORIGIN = "example.com/behind-the-sofa"
ROOT = b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = b"example.com/behind-the-sofa\n20852163\n" + ROOT + b"\n"


def a_state(size: int = 3, origin: str = ORIGIN, root: bytes = bytes(32)) -> Checkpoint:
    return Checkpoint(origin=origin, size=size, root=root)


def test_the_published_example_is_read_and_written() -> None:
    read = parse_checkpoint(TEXT)
    assert (read.origin, read.size, len(read.root)) == (ORIGIN, 20_852_163, 32)
    assert read.text() == TEXT


@pytest.mark.parametrize(
    "size",
    [b"007", b"+7", b"-7", b"1_0", b"7 ", b" 7", b"", b"0x7", b"7.0", b"1e3", "٧".encode(), b"9" * 19, b"1" * 30],
)
def test_a_size_has_one_spelling(size: bytes) -> None:
    with pytest.raises(Refused, match="checkpoint_malformed"):
        parse_checkpoint(TEXT.replace(b"20852163", size))


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(ROOT[:-1], id="padding cut"),
        pytest.param(ROOT[:-2] + b"J=", id="unused bits set"),
        pytest.param(b"AAAA", id="three bytes"),
        pytest.param(ROOT[:10] + b"!" + ROOT[10:], id="junk inside"),
        pytest.param(b" " + ROOT, id="a space"),
        pytest.param(ROOT + b"\r", id="CRLF"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 44, id="not ASCII"),
    ],
)
def test_a_root_has_one_spelling(root: bytes) -> None:
    with pytest.raises(Refused, match="checkpoint_malformed"):
        parse_checkpoint(TEXT.replace(ROOT, root))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT[:-1], id="no last newline"),
        pytest.param(TEXT + b"\n", id="a blank line"),
        pytest.param(TEXT + b"extension\n", id="an extension line"),
        pytest.param(TEXT.replace(b"\n", b"\n\n", 1), id="a blank line inside"),
        pytest.param(TEXT.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(TEXT.partition(b"\n")[2], id="no origin line"),
        pytest.param(b"\n" + TEXT.partition(b"\n")[2], id="an empty origin"),
        pytest.param(b"a b\n" + TEXT.partition(b"\n")[2], id="a space in the origin"),
        pytest.param(b"a+b\n" + TEXT.partition(b"\n")[2], id="a plus in the origin"),
        pytest.param(b"\xff\n" + TEXT.partition(b"\n")[2], id="an origin that is not UTF-8"),
    ],
)
def test_any_other_text_is_refused(text: bytes) -> None:
    with pytest.raises(Refused, match="checkpoint_malformed"):
        parse_checkpoint(text)


def test_the_empty_tree_has_one_root() -> None:
    assert parse_checkpoint(a_state(0, root=EMPTY_ROOT).text()).size == 0
    with pytest.raises(Refused, match="checkpoint_malformed"):
        a_state(0)


def test_a_signed_checkpoint_is_opened_by_its_logs_key() -> None:
    signer, state = a_checkpoint_key(origin=ORIGIN), a_state()
    assert open_checkpoint(sign_checkpoint(state, signer), VerifierKey(ORIGIN, signer.public)) == state


def test_a_key_signs_its_own_log_only() -> None:
    signer = a_checkpoint_key(origin="example.com/other")
    with pytest.raises(Refused, match="checkpoint_origin"):
        sign_checkpoint(a_state(), signer)
    note = sign_note(a_state().text(), signer)
    with pytest.raises(Refused, match="checkpoint_origin"):
        open_checkpoint(note, VerifierKey(signer.name, signer.public))


def test_every_tree_extends_the_empty_one_and_needs_no_proof() -> None:
    empty = a_state(0, root=EMPTY_ROOT)
    check_extends(empty, a_state(), [])
    with pytest.raises(Refused, match="proof_length"):
        check_extends(empty, a_state(), [bytes(32)])


def test_a_smaller_tree_another_log_and_another_root_extend_nothing() -> None:
    with pytest.raises(Refused, match="checkpoint_smaller"):
        check_extends(a_state(3), a_state(2), [])
    with pytest.raises(Refused, match="checkpoint_origin"):
        check_extends(a_state(), a_state(origin="example.com/other"), [])
    with pytest.raises(Refused, match="consistency_not_proved"):
        check_extends(a_state(), a_state(root=bytes(31) + b"x"), [])
