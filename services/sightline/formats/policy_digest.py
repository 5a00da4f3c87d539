"""What makes a policy that policy: the bytes of its Rego and data sources (design §6).

Not the compiled module and not an archive: those vary with the compiler while the rules stay the same.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.formats import base64url
from sightline.formats.canonical import canonical
from sightline.kernel.errors import Refused


def digest(raw: bytes) -> str:
    """``sha256:`` and the SHA-256 of these bytes in base64url without padding."""
    return "sha256:" + base64url.text(hashlib.sha256(raw).digest())


def policy_digest(folder: Path) -> str:
    """The identity of the policy in this folder: the digest of the RFC 8785 list of {path, sha256} of its sources."""
    listed = [
        {"path": path, "sha256": base64url.text(hashlib.sha256(raw).digest())}
        for path, raw in sorted(policy_sources(folder).items())
    ]
    return digest(canonical(listed))


def policy_sources(folder: Path) -> dict[str, bytes]:
    """Path within the folder → bytes: ``sightline/**/*.rego`` without tests, and ``data/*.json``.

    Raises Refused (``policy_missing``) where there is no Rego: an empty policy must not have an identity.
    """
    rego = [path for path in (folder / "sightline").rglob("*.rego") if not path.name.endswith("_test.rego")]
    if not rego:
        raise Refused("policy_missing", "the folder holds no Rego")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in [*rego, *(folder / "data").glob("*.json")]
    }


def policy_data(folder: Path) -> Mapping[str, Any]:
    """The data document that the rules see: the members of all files of ``data/`` together.

    Raises Refused (``policy_data_clash``) where two files have a member of one name.
    """
    merged: dict[str, Any] = {}
    for path in sorted((folder / "data").glob("*.json")):
        members = json.loads(path.read_bytes())
        if merged.keys() & members.keys():
            raise Refused("policy_data_clash", f"{path.name} repeats a member of another file")
        merged |= members
    return merged
