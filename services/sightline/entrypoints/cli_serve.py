"""``sightline serve``: the hub over HTTP, embedded or before its workers, on loopback unless told otherwise, until it is asked to stop."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import FrameType

import structlog
import uvicorn

from sightline.entrypoints.api import create_app
from sightline.entrypoints.api.streams import Streams
from sightline.entrypoints.waiting_room import built
from sightline.kernel.ports import Clock
from sightline.runtime import logs, memory
from sightline.runtime.beside import decider_for
from sightline.runtime.decider import Decider
from sightline.runtime.distributed import distributed
from sightline.runtime.embedded import embedded
from sightline.runtime.front import Front
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.settings import Settings

_log = structlog.get_logger("sightline.serve")

BACKLOG = 512
DRAIN_S = 10
"""How long open requests may take once the hub was asked to stop."""
STOP_S = 60.0
"""How long the line may take to finish what it took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """What is printed at the start."""

    url: str
    keys: str
    """Where the hub's own keys are."""
    vkey: str
    origin: str
    audience: str


class Server(uvicorn.Server):
    """Uvicorn, which on SIGTERM or SIGINT ends the streams, answers what is open, and returns instead of dying."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    def stop(self) -> None:
        """Take no more requests. Safe from a signal handler and from any thread."""
        self._streams.close()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the caller's (`stopping_on_signals`): uvicorn would raise them again before the line is done."""
        yield


@contextmanager
def stopping_on_signals(server: Server) -> Iterator[None]:
    """While this holds, SIGTERM and SIGINT stop the server; a second one changes nothing."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        server.stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


@contextmanager
def serving(hub: Hub, settings: Settings, decider: Decider | None = None) -> Iterator[Server]:
    """The hub with its line running, and a server ready to run. At the end the batch is finished, sealed and exported.

    `decider`: by default the hub's own decide stage, within the line. In distributed mode the workers' stages are.
    """
    runner = Front(hub, settings) if settings.is_distributed else Runner(hub, settings, decider)
    app = create_app(hub, runner, settings)
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
    runner.start()
    try:
        yield Server(config, app.state.parts.streams)
    finally:
        _log.info("stopped", kind="finished" if runner.stop(STOP_S) else "unfinished")


def serve(
    settings: Settings, listening: socket.socket, announce: Callable[[Address], None], *, clock: Clock | None = None
) -> None:
    """Run until a signal. `announce` gets the address once the hub is ready to take requests. `clock`: the machine's.

    A distributed hub whose database does not answer yet is waited for, and says so to who asks.
    """
    logs.configure()
    made = (
        built(lambda: distributed(settings, clock=clock), listening)
        if settings.is_distributed
        else embedded(settings.data, origin=settings.origin, clock=clock)
    )
    if made is not None:
        _serve(made, settings, listening, announce)


def _serve(made: Hub, settings: Settings, listening: socket.socket, announce: Callable[[Address], None]) -> None:
    with (
        closing(made) as hub,
        serving(hub, settings, None if settings.is_distributed else decider_for(hub, settings)) as server,
        stopping_on_signals(server),
    ):
        memory.settle()
        announce(_address(hub, settings, listening))
        server.run(sockets=[listening])


def _address(hub: Hub, settings: Settings, listening: socket.socket) -> Address:
    host, port = listening.getsockname()[:2]
    return Address(
        url=f"http://{f'[{host}]' if ':' in host else host}:{port}",
        keys=str(settings.keys),
        vkey=hub.vkey,
        origin=hub.origin,
        audience=settings.audience,
    )
