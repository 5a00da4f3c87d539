"""Base64url without padding, exact in both directions (RFC 4648 §5, RFC 7515 §2): one text for each byte string."""

import binascii

_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
"""Letters of the URL alphabet become standard ones; standard-only letters and padding become one that is refused."""

_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")

_CANONICAL_LAST = {2: frozenset(b"AQgw"), 3: frozenset(b"AEIMQUYcgkosw048")}
"""By length modulo 4: the last letters whose unused bits are zero. Any other letter is a second spelling."""


def encode(raw: bytes) -> bytes:
    """The one text of these bytes, ASCII, without padding."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_FROM_STANDARD)


def text(raw: bytes) -> str:
    """As `encode`, as a string."""
    return encode(raw).decode("ascii")


def decode(letters: bytes) -> bytes:
    """The bytes of exactly this text. Raises ValueError for padding, other letters, or unused bits that are not zero.

    The standard library's URL-safe decoder skips what it does not know, so that two texts would give one value.
    """
    tail = len(letters) & 3
    if tail == 1 or (tail and letters[-1] not in _CANONICAL_LAST[tail]):
        raise ValueError("not canonical base64url")
    standard = letters.translate(_TO_STANDARD)
    return binascii.a2b_base64(standard + b"=" * (-tail & 3), strict_mode=True)
