"""C2SP signed note with Ed25519 keys."""

import pytest

from sightline.formats.note import (
    Ed25519Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    is_key_name,
    open_note,
    parse_vkey,
    sign_note,
)
from sightline.kernel.errors import Refused
from tests.builders_register import a_checkpoint_key

NAME = "log.example/a"
TEXT = b"log.example/a\n1\nroot\n"

# The key and the signature of the note package's own documentation (golang.org/x/mod/sumdb/note).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


def a_signer(seed: str = "a", name: str = NAME) -> Ed25519Signer:
    return a_checkpoint_key(seed, name)


def a_key(signer: Ed25519Signer) -> VerifierKey:
    return VerifierKey(signer.name, signer.public)


def a_line(signer: Ed25519Signer, text: bytes = TEXT, *, key_id: bytes | None = None) -> str:
    """A signature line, if need be under another key's id."""
    return f"— {signer.name} {encode_base64((key_id or a_key(signer).id) + signer.sign(text))}\n"


def a_note(*lines: str, text: bytes = TEXT) -> bytes:
    return text + b"\n" + "".join(lines).encode()


def test_the_published_example_verifies() -> None:
    key = parse_vkey(PETER)
    assert key.name == "PeterNeumann"
    assert str(key) == PETER
    assert open_note(PETER_NOTE, [key]).startswith(b"If you think")


def test_a_signed_note_gives_back_its_text() -> None:
    signer = a_signer()
    note = sign_note(TEXT, signer)
    assert note == a_note(a_line(signer))
    assert open_note(note, [parse_vkey(signer.vkey)]) == TEXT


def test_a_text_may_hold_blank_lines_and_is_split_at_the_last() -> None:
    signer, text = a_signer(), b"one\n\n\ntwo\n"
    assert open_note(sign_note(text, signer), [a_key(signer)]) == text


def test_a_vkey_whose_base64_holds_a_plus_is_read_from_the_left() -> None:
    for seed in range(1000):
        signer = a_signer(f"plus {seed}")
        if "+" in signer.vkey.split("+", 2)[2]:
            assert parse_vkey(signer.vkey) == a_key(signer)
            return
    pytest.fail("no key has a plus in its base64")


def vkey_of(name: str, public: bytes, kind: bytes = b"\x01") -> str:
    key = VerifierKey(name, public)
    return f"{name}+{key.id.hex()}+{encode_base64(kind + public)}"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("", "vkey_malformed", id="nothing"),
        pytest.param(a_signer().vkey.replace("+", " "), "vkey_malformed", id="no plus"),
        pytest.param("+" + a_signer().vkey.split("+", 1)[1], "vkey_malformed", id="no name"),
        pytest.param(a_signer().vkey.upper(), "vkey_malformed", id="upper-case id"),
        pytest.param(a_signer("a").vkey.replace(NAME, "log.example/b"), "vkey_malformed", id="another name's id"),
        pytest.param(a_signer().vkey[:-1], "base64", id="padding cut"),
        pytest.param(a_signer().vkey + "\n", "base64", id="newline"),
        pytest.param(vkey_of(NAME, bytes(32), b"\x04"), "vkey_algorithm", id="a witness's algorithm"),
    ],
)
def test_a_malformed_vkey_is_refused(line: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        parse_vkey(line)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(Refused, match="vkey_malformed"):
        VerifierKey(NAME, bytes(31))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\tb", "a\x00b", " a", "a\n"])
def test_a_key_name_has_no_space_plus_or_control(name: str) -> None:
    assert not is_key_name(name)


def test_another_key_with_the_same_name_and_a_colliding_id_is_refused() -> None:
    trusted, other = a_signer("trusted"), a_signer("other")
    forged = a_note(a_line(other, key_id=a_key(trusted).id))
    with pytest.raises(Refused, match="note_signature"):
        open_note(forged, [a_key(trusted)])


def test_a_known_keys_bad_signature_spoils_a_note_that_another_signed_well() -> None:
    good, bad = a_signer("good"), a_signer("bad", "other.example")
    note = a_note(a_line(good), a_line(bad, b"another text\n"))
    assert open_note(note, [a_key(good)]) == TEXT
    with pytest.raises(Refused, match="note_signature"):
        open_note(note, [a_key(good), a_key(bad)])


def test_the_same_id_under_another_name_is_ignored() -> None:
    signer = a_signer()
    note = a_note(a_line(signer).replace(NAME, "log.example/b"))
    with pytest.raises(Refused, match="note_unsigned"):
        open_note(note, [a_key(signer)])


def test_no_known_key_is_not_enough() -> None:
    note = sign_note(TEXT, a_signer("stranger"))
    with pytest.raises(Refused, match="note_unsigned"):
        open_note(note, [a_key(a_signer("trusted"))])
    with pytest.raises(Refused, match="note_unsigned"):
        open_note(note, [])


def test_16_signatures_are_read_and_17_refused() -> None:
    signer = a_signer()
    strangers = [a_line(a_signer(str(n), f"witness.example/{n}")) for n in range(16)]
    assert open_note(a_note(*strangers[:15], a_line(signer)), [a_key(signer)]) == TEXT
    with pytest.raises(Refused, match="note_malformed"):
        open_note(a_note(*strangers, a_line(signer)), [a_key(signer)])


GOOD = a_note(a_line(a_signer()))


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(TEXT, id="no signature"),
        pytest.param(TEXT + b"\n", id="a blank line and no signature"),
        pytest.param(GOOD[:-1], id="no last newline"),
        pytest.param(GOOD + b"\n", id="a blank line at the end"),
        pytest.param(GOOD.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(GOOD.replace(b"\n\n", b"\n\n\t", 1), id="a tab"),
        pytest.param(GOOD.replace("—".encode(), b"-"), id="a hyphen for the dash"),
        pytest.param(GOOD.replace("— ".encode(), "—  ".encode()), id="two spaces"),
        pytest.param(GOOD.replace(b"log.example/a\n1", b"log.example/\xff\n1"), id="not UTF-8"),
        pytest.param(b"\n" + GOOD[len(TEXT) :], id="an empty text"),
        pytest.param(GOOD + b"no signature\n", id="a line that is none"),
        pytest.param(GOOD + "— other.example AAAA\n".encode(), id="a signature of three bytes"),
        pytest.param(b"x" * 1_000_001, id="too large"),
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(Refused, match="note_malformed"):
        open_note(note, [a_key(a_signer())])


@pytest.mark.parametrize("text", ["AB==", "AAA", "AA==\n", "AA-_", "A A=", "=", "AAAA=", "ÄAAA", "AA=A"])
def test_junk_and_second_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="base64"):
        decode_base64(text)


@pytest.mark.parametrize("text", [b"", b"\n", b"no newline", b"a\x01\n", b"a\r\n"])
def test_a_text_that_a_note_cannot_hold_is_not_signed(text: bytes) -> None:
    with pytest.raises(Refused, match="note_malformed"):
        sign_note(text, a_signer())
