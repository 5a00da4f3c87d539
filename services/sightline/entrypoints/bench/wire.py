"""The same bytes for every row: what one row sent is kept in a file, with the keys that verify it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sightline.formats import base64url
from sightline.formats.jwk import PrivateKey

_LENGTH = 4


def keep_keys(path: Path, keys: Sequence[PrivateKey]) -> None:
    """Write the public keys."""
    rows = {key.kid: [key.alg, base64url.text(key.public)] for key in keys}
    path.write_text(json.dumps(rows), encoding="ascii")


def read_keys(path: Path) -> dict[str, tuple[str, bytes]]:
    """Key id to algorithm and public key."""
    rows = json.loads(path.read_text(encoding="ascii"))
    return {kid: (alg, base64url.decode(public.encode("ascii"))) for kid, (alg, public) in rows.items()}


def keep(path: Path, submissions: Sequence[bytes]) -> None:
    """Add submissions, each behind its length."""
    with path.open("ab") as file:
        file.writelines(len(one).to_bytes(_LENGTH, "big") + one for one in submissions)


def read_batches(path: Path, size: int) -> Iterator[list[bytes]]:
    """The submissions in order, in batches."""
    batch: list[bytes] = []
    with path.open("rb") as file:
        while length := file.read(_LENGTH):
            batch.append(file.read(int.from_bytes(length, "big")))
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch
