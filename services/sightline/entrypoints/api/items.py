"""Items, children, alerts and receipts, each as the asking desk may see it now."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from sightline.entrypoints.api.answers import json_response
from sightline.entrypoints.api.parts import PartsOf, ReaderOf
from sightline.entrypoints.api.submissions import MEDIA_TYPE
from sightline.view.reading import PAGE

router = APIRouter(prefix="/v1", tags=["reading"], default_response_class=Response)

Ref = Annotated[str, Path(max_length=64)]


@router.get("/items", summary="What the desk may see, oldest first")
def items(
    parts: PartsOf,
    reader: ReaderOf,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> Response:
    """From after the first `after` of them."""
    return json_response(parts.reads.items(reader, after=after, limit=limit))


@router.get("/items/{ref}", summary="One item")
def item(parts: PartsOf, reader: ReaderOf, ref: Ref) -> Response:
    """Redacted by the desk's latest sealed decision."""
    return json_response(parts.reads.item(reader, ref))


@router.get("/children/{ref}", summary="What the desk may see about one child")
def child(parts: PartsOf, reader: ReaderOf, ref: Ref) -> Response:
    """Only items that the desk may read are folded into it."""
    return json_response(parts.reads.child(reader, ref))


@router.get("/alerts", summary="What the desk must do, and refusals it must know of")
def alerts(parts: PartsOf, reader: ReaderOf) -> Response:
    """Alerts are items of the hub's own; notices tell of submissions that were refused."""
    return json_response(parts.reads.alerts(reader))


@router.get("/receipts/{name}", summary="A receipt of the desk's own agency")
def receipt(parts: PartsOf, reader: ReaderOf, name: Ref) -> Response:
    """The same bytes as were answered to the submission."""
    return Response(parts.reads.receipt(reader, name), media_type=MEDIA_TYPE)
