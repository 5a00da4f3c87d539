"""The register: checkpoint, tiles and consistency for whoever watches it; proofs and decisions for the desk concerned.

Checkpoint and tiles hold hashes only and are open. Entry bundles hold every desk's leaves: they are for auditors, who
take them from the exported folder, and are not served here.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sightline.entrypoints.api.answers import json_response, text_response
from sightline.entrypoints.api.parts import PartsOf, ReaderOf
from sightline.formats.tile import ENTRIES, parse_path
from sightline.kernel.errors import Refused, Unavailable

router = APIRouter(prefix="/v1", tags=["register"], default_response_class=Response)

Size = Annotated[int, Path(ge=0, le=2**53)]
Leaf = Annotated[str, Path(max_length=64)]


@router.get("/checkpoint", summary="The last signed checkpoint")
def checkpoint(parts: PartsOf) -> Response:
    """A C2SP signed note."""
    note = parts.hub.register.reader.checkpoint()
    if note is None:
        raise Unavailable("not_sealed", "nothing is sealed yet")
    return text_response(note)


@router.get("/tile/{path:path}", summary="A tile of the register's tree")
def tile(parts: PartsOf, path: Annotated[str, Path(max_length=80)]) -> Response:
    """C2SP tlog-tiles, without entry bundles."""
    name = f"tile/{path}"
    if parse_path(name).level == ENTRIES:
        raise Refused("not_found")
    found = parts.hub.register.reader.tile(name)
    if found is None:
        raise Refused("not_found")
    return Response(found, media_type="application/octet-stream")


@router.get("/consistency/{old}/{new}", summary="That one tree extends another")
def consistency(parts: PartsOf, old: Size, new: Size) -> Response:
    """Base64, a hash a line (RFC 6962 §2.1.2)."""
    return text_response(parts.hub.register.reader.consistency(old, new))


@router.get("/proof/{leaf}", summary="That a leaf of the desk's own is under the checkpoint")
def proof(parts: PartsOf, reader: ReaderOf, leaf: Leaf) -> Response:
    """A C2SP ``.tlog-proof``. Check it against the leaf hash in the feed entry."""
    return text_response(parts.reads.proof(reader, leaf))


@router.get("/decisions/{leaf}", summary="What a leaf of the desk's own says")
def decision(parts: PartsOf, reader: ReaderOf, leaf: Leaf) -> Response:
    """What the desk may know of it: which classes the item holds that it may not see is not among that."""
    return json_response(parts.reads.decision(reader, leaf))
