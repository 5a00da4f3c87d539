"""A value → its one text (RFC 8785), in a profile so narrow that every JSON library writes it alike.

The profile: objects with ASCII names, arrays, ASCII strings, integers within plus or minus 2^53 - 1, true and false. No
fraction, no null, no other character: those are what canonicalisers differ in.
"""

from typing import Any

import orjson

from sightline.kernel.errors import Refused

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_PLAIN = frozenset({str, int, bool})


def canonical(value: Any) -> bytes:
    """The bytes that RFC 8785 gives this value. Raises Refused (``not_in_profile``) for a value outside the profile."""
    _check(value)
    try:
        written = orjson.dumps(value, option=_OPTIONS)
    except (TypeError, RecursionError):
        # A number that is too large, a name that is no string, or nesting without end.
        raise Refused("not_in_profile", "not JSON of the narrow profile") from None
    if not written.isascii():
        raise Refused("not_in_profile", "a string is not ASCII")
    return written


def _check(value: Any) -> None:
    # By exact type: orjson would also write dates, UUIDs, enums and dataclasses, each in a way of its own.
    level = [value]
    while level:
        one = level.pop()
        kind = type(one)
        if kind in _PLAIN:
            continue
        if kind is dict:
            level.extend(one.values())
        elif kind in {list, tuple}:
            level.extend(one)
        else:
            raise Refused("not_in_profile", f"a {kind.__name__} is outside the profile")
