"""``POST /v1/submissions``: signed bytes in, a signed receipt out."""

import asyncio

from fastapi import APIRouter, Request, Response

from sightline.entrypoints.api.errors import answer, busy
from sightline.entrypoints.api.parts import Parts, PartsOf
from sightline.kernel.errors import Refused
from sightline.record.stage import Answer
from sightline.submit.stage import Limits

router = APIRouter(prefix="/v1", tags=["submissions"])

MEDIA_TYPE = "application/jose"
MOST_BYTES = Limits().max_sealed_bytes
DROPPED_BYTES = 4 * 1024 * 1024

_RECEIPT = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
_PROBLEM = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}


@router.post(
    "/submissions",
    status_code=201,
    response_class=Response,
    summary="Send one signed event",
    responses={
        201: {"description": "Accepted: a signed receipt", **_RECEIPT},
        200: {"description": "The same event again: the same receipt", **_RECEIPT},
        "4XX": {"description": "Refused; member `receipt` where the signature verified", **_PROBLEM},
        503: {"description": "Try again: the same bytes are safe to send again", **_PROBLEM},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A compact JWS over a CloudEvent, or a compact JWE around one.",
            **_RECEIPT,
        }
    },
)
async def submit(request: Request, parts: PartsOf) -> Response:
    """The body is a compact JWS, or a compact JWE around one. Sending the same bytes again is always safe."""
    try:
        async with asyncio.timeout(parts.settings.request_timeout_s):
            raw = await read_at_most(request, MOST_BYTES)
    except TimeoutError:
        return busy()
    found = await _answer_of(parts, raw)
    return _response(found) if found is not None else busy()


async def read_at_most(request: Request, most: int) -> bytes:
    """The body. Raises Refused ``too_large``; never holds more than `most` bytes.

    A little more is read and dropped, so that whoever sends it gets to hear why; whoever goes on is cut off.
    """
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most + DROPPED_BYTES:
            break
        body += chunk if size <= most else b""
    if size > most:
        raise Refused("too_large", f"a request has at most {most} bytes")
    return bytes(body)


async def _answer_of(parts: Parts, raw: bytes) -> Answer | None:
    """The hub's answer; None when it did not come in time. It is recorded all the same, and told when asked again."""
    waiting = asyncio.wrap_future(parts.runner.submit(raw))
    try:
        return await asyncio.wait_for(asyncio.shield(waiting), parts.settings.request_timeout_s)
    except TimeoutError:
        return None


def _response(found: Answer) -> Response:
    where = {"Location": f"/v1/receipts/{found.receipt_id}"} if found.receipt_id else {}
    if found.refusal is not None:
        more = {"receipt": found.receipt.decode("ascii")} if found.receipt else {}
        return answer(found.refusal, headers=where, **more)
    status = 200 if found.outcome == "repeated" else 201
    return Response(found.receipt, status, where, media_type=MEDIA_TYPE)
