"""What every route may ask for: the hub, its line, and the one port through which a desk reads."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sightline.entrypoints.api.readers import Reader, Readers
from sightline.entrypoints.api.reads import Reads
from sightline.entrypoints.api.streams import Streams
from sightline.kernel.errors import Refused
from sightline.runtime.hub import Hub
from sightline.runtime.metrics import Metrics
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """One application's parts."""

    hub: Hub
    runner: Runner
    settings: Settings
    metrics: Metrics
    readers: Readers
    reads: Reads
    streams: Streams


_BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="A reading token: a JWT signed by the desk's registered key, a new one for each request.",
)


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


PartsOf = Annotated[Parts, Depends(_parts)]


def _reader(parts: PartsOf, token: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> Reader:
    """Who reads. Raises Refused ``token_invalid``, ``token_replayed``, ``desk_not_in_standing``."""
    if token is None:
        raise Refused("token_invalid", "it is missing")
    reader = parts.readers.admit(token.credentials)
    parts.reads.check_standing(reader)
    return reader


ReaderOf = Annotated[Reader, Depends(_reader)]
"""A desk in good standing, whose token was checked and spent."""
