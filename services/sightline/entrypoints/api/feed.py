"""``GET /v1/feed``: the desk's feed as JSON pages, or as Server-Sent Events that resume where they broke off.

An event's id is its number in the feed, which the ledger keeps: a restart of the hub neither loses nor repeats one. The
id says where to go on, never what may be read: each push is read anew for the desk, and its standing checked again.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from sightline.entrypoints.api.answers import json_response
from sightline.entrypoints.api.parts import Parts, PartsOf, ReaderOf
from sightline.entrypoints.api.readers import Reader
from sightline.feed.reading import PAGE
from sightline.kernel.errors import Refused

router = APIRouter(prefix="/v1", tags=["reading"])

EVENT_STREAM = "text/event-stream"
RETRY_MS = 1000
LIFE_S = 900.0
"""How long one stream lasts at most: then the client comes back with a new token."""
SLICE_S = 1.0
"""How long one wait lasts before the stream looks whether the hub stops."""
_MOST = 2**53


@router.get(
    "/feed",
    response_class=Response,
    summary="What the desk is told of, in order",
    responses={
        200: {
            "description": "A page, or a stream",
            "content": {"application/json": {"schema": {"type": "object"}}, EVENT_STREAM: {}},
        }
    },
)
async def feed(
    parts: PartsOf,
    reader: ReaderOf,
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    bodies: bool = False,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str, Header()] = "",
) -> Response:
    """Entries after number `after`, and a signed heartbeat. `Accept: text/event-stream` keeps the answer open."""
    if EVENT_STREAM not in accept:
        read = partial(parts.reads.feed, reader, after=after, limit=limit, with_bodies=bodies)
        return json_response(await run_in_threadpool(read))
    start = _resume(last_event_id, after)
    parts.streams.take(reader.desk)
    return _Streaming(_stream(parts, reader, start, limit, bodies), lambda: parts.streams.give_back(reader.desk))


class _Streaming(StreamingResponse):
    """A stream that calls `ended` however it ends, also where its client had gone before it began."""

    media_type = EVENT_STREAM

    def __init__(self, content: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        super().__init__(content, headers={"X-Accel-Buffering": "no"})
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


def _resume(last_event_id: str, after: int) -> int:
    """Where to go on. A reconnecting client sends the id of its last event, beside the address it began with."""
    if not last_event_id:
        return after
    if not (last_event_id.isascii() and last_event_id.isdigit()) or len(last_event_id) > 16:
        raise Refused("request_invalid", "missing or not allowed: last-event-id")
    return int(last_event_id)


async def _stream(parts: Parts, reader: Reader, after: int, limit: int, bodies: bool) -> AsyncIterator[bytes]:
    with parts.metrics.streams.track_inprogress():
        yield format_sse_event(comment="a new id for each entry; heartbeats have none", retry=RETRY_MS)
        try:
            async for event in _events(parts, reader, after, limit, bodies):
                yield event
        except Refused as refused:
            yield format_sse_event(event="closed", data_str=orjson.dumps({"code": refused.code}).decode())


async def _events(parts: Parts, reader: Reader, after: int, limit: int, bodies: bool) -> AsyncIterator[bytes]:
    ends = anyio.current_time() + LIFE_S
    while not parts.streams.is_closing and anyio.current_time() < ends:
        page = await run_in_threadpool(_push, parts, reader, after, limit, bodies)
        for entry in page["entries"]:
            yield format_sse_event(event="entry", id=str(entry["seq"]), data_str=orjson.dumps(entry).decode())
            after = entry["seq"]
        if after < page["count"]:
            continue
        beat = {name: page[name] for name in ("heartbeat", "count", "running")}
        yield format_sse_event(event="heartbeat", data_str=orjson.dumps(beat).decode())
        async for sign in _wait(parts, reader, after):
            yield sign


def _push(parts: Parts, reader: Reader, after: int, limit: int, bodies: bool) -> Mapping[str, Any]:
    """The next page, for a desk that is still in standing and a key that is still in force."""
    parts.readers.check_key(reader)
    return parts.reads.feed(reader, after=after, limit=limit, with_bodies=bodies)


async def _wait(parts: Parts, reader: Reader, after: int) -> AsyncIterator[bytes]:
    """Until there is news or a heartbeat is due. A comment goes out between, so that a lost client is noticed."""
    due = anyio.current_time() + parts.settings.heartbeat_interval_s
    while not parts.streams.is_closing and (left := due - anyio.current_time()) > 0:
        wait = partial(parts.runner.wait_for_news, reader.desk, after, min(left, SLICE_S))
        if await anyio.to_thread.run_sync(wait, abandon_on_cancel=True, limiter=parts.streams.waiting):
            return
        yield KEEPALIVE_COMMENT
