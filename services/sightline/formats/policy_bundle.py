"""A policy in one piece: its sources and what they were compiled to, as they are kept beside what they decided.

The bundle has no identity of its own. Who opens one asks `policy_digest` of the sources whether it is the policy that
it is kept as.
"""

import re
import zlib
from pathlib import Path

import msgspec

from sightline.formats.policy_digest import policy_sources
from sightline.kernel.errors import Refused

_COMPILED = ("build/policy.wasm", "build/data.json")
_PATH = re.compile(r"(?:[a-z0-9_]+/)+[a-z0-9_]+\.(?:rego|json|wasm)")
_LARGEST = 32 * 1024 * 1024
"""Bytes of all files together: fifty times what ours has."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def packed(folder: Path) -> bytes:
    """The policy of that folder: zlib (RFC 1950) over a MessagePack map of path → bytes, sorted by path.

    Raises Refused (``policy_missing``) where there is no Rego.
    """
    files = policy_sources(folder)
    files |= {name: (folder / name).read_bytes() for name in _COMPILED if (folder / name).is_file()}
    return zlib.compress(_encode(dict(sorted(files.items()))), level=9)


def unpack_into(bundle: bytes, folder: Path) -> None:
    """Write the files that `packed` was given below an empty folder. Raises Refused (``policy_damaged``)."""
    for name, raw in _files(bundle).items():
        if not _PATH.fullmatch(name):
            raise Refused("policy_damaged", "a kept policy names a file outside its folder")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def _files(bundle: bytes) -> dict[str, bytes]:
    inflating = zlib.decompressobj()
    try:
        raw = inflating.decompress(bundle, _LARGEST)
        if not inflating.eof:
            raise Refused("policy_damaged", "a kept policy is cut short, or too large")
        return _decode(raw)
    except (zlib.error, msgspec.DecodeError) as exc:
        raise Refused("policy_damaged", "a kept policy cannot be read") from exc
