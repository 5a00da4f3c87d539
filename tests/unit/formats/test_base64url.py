"""Base64url has one spelling for each byte string."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.formats import base64url


@given(st.binary(max_size=200))
def test_what_is_encoded_is_decoded(raw: bytes) -> None:
    letters = base64url.encode(raw)
    assert letters == base64.urlsafe_b64encode(raw).rstrip(b"=")
    assert base64url.decode(letters) == raw


@given(st.text(alphabet="ABgQwxyz019-_+/=\n ", max_size=9).map(str.encode))
def test_whatever_is_decoded_is_the_one_spelling(letters: bytes) -> None:
    try:
        raw = base64url.decode(letters)
    except ValueError:
        return
    assert base64url.encode(raw) == letters


@pytest.mark.parametrize("letters", [b"QQ==", b"QR", b"Q", b"QUJ", b"Q+8", b"Q/8", b"QQ\n", b" QQ", b"Q\xff", b"QQ!Q"])
def test_other_spellings_are_refused(letters: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url.decode(letters)
