"""JSON bytes → value, where every text has one meaning (RFC 8259 narrowed by RFC 7493, I-JSON).

Refused: ``not_utf8``, ``not_json``, ``duplicate_key``, ``too_deep``, ``too_many``, ``number_not_allowed``. A parser that
takes the last of two equal keys would let a sender show one value to us and another to whoever reads the signed bytes.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from sightline.kernel.errors import Refused

MAX_DEPTH = 12
"""Objects and arrays inside one another, the outermost included. The deepest form needs six."""

MAX_MEMBERS = 400
"""Members of one object. The largest form has under 200 fields."""

MAX_ITEMS = 1_000
"""Items of one array."""

MAX_INTEGER = 2**53 - 1
"""Beyond this, integers are read differently by different platforms (RFC 7493 §2.2)."""

_CONTAINERS = frozenset({dict, list})
_MAX_INTEGER_LETTERS = len(str(-MAX_INTEGER))
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(raw: bytes) -> Any:
    """The value of these bytes. Raises Refused, whose detail holds nothing of them."""
    value = _decode(_text(raw))
    _check_bounds(value)
    if _ESCAPED_SURROGATE.search(raw):
        _check_unicode(value)
    return value


def parse_object(raw: bytes) -> dict[str, Any]:
    """As `parse`; anything but an object is refused too."""
    value = parse(raw)
    if type(value) is not dict:
        raise Refused("not_json", "not a JSON object")
    return value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # `from None` here and below: the foreign error carries the sender's bytes.
        raise Refused("not_utf8", "the bytes are not UTF-8") from None


def _decode(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise Refused("too_deep", f"nested more than {MAX_DEPTH} deep") from None
    except ValueError:
        raise Refused("not_json", "the text is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("duplicate_key", "an object has two members of one name")
    return members


def _integer(letters: str) -> int:
    # The length first: converting a very long number costs its square.
    if len(letters) <= _MAX_INTEGER_LETTERS and abs(value := int(letters)) <= MAX_INTEGER:
        return value
    raise Refused("number_not_allowed", "an integer is outside plus or minus 2^53 - 1")


def _fraction(letters: str) -> float:
    value = float(letters)
    if value in (float("inf"), float("-inf")):
        raise Refused("number_not_allowed", "a number is too large")
    return value


def _constant(_name: str) -> Any:
    raise Refused("number_not_allowed", "NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
"""The standard library's C scanner: with the hook it is as fast as without, so no second, unchecked parser is needed."""


def _check_bounds(value: Any) -> None:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [inner for container in level for inner in _members(container) if type(inner) in _CONTAINERS]
    if level:
        raise Refused("too_deep", f"nested more than {MAX_DEPTH} deep")


def _members(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    if type(container) is dict:
        if len(container) > MAX_MEMBERS:
            raise Refused("too_many", f"an object has more than {MAX_MEMBERS} members")
        return container.values()
    if len(container) > MAX_ITEMS:
        raise Refused("too_many", f"an array has more than {MAX_ITEMS} items")
    return container


def _check_unicode(value: Any) -> None:
    # Half of a surrogate pair has no UTF-8 form: it would fail later, wherever the text is next written.
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("not_json", "half of a surrogate pair is not a character") from None
