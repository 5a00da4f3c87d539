"""Which child a form speaks of: exact identifiers, bound by those with authority; names only ever raise a question.

Tokens are HMACs under the match key: the index beside the ledger holds neither identifiers nor names (design §5).
"""

import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.kernel.values import Desk
from sightline.protocol.authority import binds


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the match index knows of one ``child`` object."""

    ref: str
    """An opaque reference given earlier, or empty."""
    identifiers: tuple[bytes, ...]
    binding: tuple[bytes, ...]
    """Those of `identifiers` that the sender has authority for."""
    name: bytes
    """Token of name and birth date, or empty."""


class Matcher:
    """Makes tokens under one match key; rotating the key rebuilds the index."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def tokens(self, child: Mapping[str, Any], desk: Desk) -> Tokens:
        """The tokens of one ``child`` object as that desk sent it."""
        pairs = [(i["scheme"], self._identifier(i["scheme"], i["value"])) for i in child.get("identifiers", ())]
        return Tokens(
            ref=child.get("ref", ""),
            identifiers=tuple(token for _, token in pairs),
            binding=tuple(token for scheme, token in pairs if binds(scheme, desk)),
            name=self._name(child),
        )

    def _identifier(self, scheme: str, value: str) -> bytes:
        plain = "".join(value.split()).upper()
        return hmac.digest(self._key, f"identifier\0{scheme}\0{plain}".encode(), "sha256")

    def _name(self, child: Mapping[str, Any]) -> bytes:
        parts = [child.get("given_name", ""), child.get("family_name", ""), child.get("date_of_birth", "")]
        if not (parts[1] and parts[2]):
            return b""
        return hmac.digest(self._key, ("name\0" + "\0".join(_plain(p) for p in parts)).encode(), "sha256")


def _plain(text: str) -> str:
    """Letters and digits only, without case or accents, so that spelling habits do not hide a match."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if c.isalnum())
