"""The application, built from a hub and its line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from sightline.entrypoints.api import errors, feed, items, published, register, submissions
from sightline.entrypoints.api.parts import Parts
from sightline.entrypoints.api.readers import Readers
from sightline.entrypoints.api.reads import Reads
from sightline.entrypoints.api.rim import Rim
from sightline.entrypoints.api.streams import Streams
from sightline.runtime.hub import Hub
from sightline.runtime.metrics import Metrics
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

READ_THREADS = 10
"""Reads at once: fewer than the store has connections, so that a reader waits here and never for a connection."""


def create_app(hub: Hub, runner: Runner, settings: Settings) -> FastAPI:
    """The API of this hub. The caller starts and stops the runner."""
    metrics = Metrics(hub, runner)
    parts = Parts(
        hub=hub,
        runner=runner,
        settings=settings,
        metrics=metrics,
        readers=Readers(directory=hub.directory, audience=settings.audience, clock=hub.clock),
        reads=Reads(hub, metrics),
        streams=Streams(),
    )
    # The built-in documentation pages load scripts from elsewhere: off. The document itself is ours.
    app = FastAPI(
        title="Sightline",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.parts = parts
    errors.install(app)
    app.add_middleware(Rim, metrics=metrics)
    for router in (submissions.router, feed.router, items.router, register.router, published.router):
        app.include_router(router)
    app.include_router(published.operations)

    @app.get("/", include_in_schema=False)
    async def front() -> HTMLResponse:
        return published.page(app, parts)

    return app


@asynccontextmanager
async def _lifespan(_app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = READ_THREADS
    yield
