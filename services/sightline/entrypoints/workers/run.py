"""How each worker is put together, started, and stopped by SIGTERM or Ctrl-C: after its batch, whole."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from faststream import FastStream
from faststream.kafka import KafkaBroker

from sightline.adapters.clock import SystemClock
from sightline.adapters.kafka_stream import KafkaError, is_answered
from sightline.entrypoints.workers import record, relay
from sightline.entrypoints.workers.broker import Voice, broker_for
from sightline.entrypoints.workers.health import answering
from sightline.kernel.errors import Corrupt, Unavailable
from sightline.kernel.ports import Clock
from sightline.ledger.positions import position
from sightline.runtime import distributed, logs, memory
from sightline.runtime.decider import back_off_s
from sightline.runtime.loop import Loop, Said, StandBy
from sightline.runtime.recorder import Recorder
from sightline.runtime.settings import Settings
from sightline.runtime.worker_metrics import WorkerMetrics

IDLE_S = 0.05
"""How long a stage that found nothing waits until it looks again."""
WATCH_S, WATCH_TIMEOUT_S = 2.0, 5.0
"""How often the broker is asked whether it is there, and how long it may take to say so."""
BROKER = "broker"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One worker's turn: what it is told, and what it says."""

    settings: Settings
    said: Said
    metrics: WorkerMetrics
    clock: Clock
    stop: asyncio.Event
    announce: Callable[[], None]
    on_step: Callable[[str], None]
    """Called at each step of the stage, by name: whoever tests what a kill there does listens."""

    def begins(self, lag: Callable[[], int]) -> None:
        """Everything is built."""
        self.metrics.lag = lag
        self.said.goes_on()
        memory.settle()
        if not self.metrics.is_built:
            self.metrics.is_built = True
            self.announce()


def run(
    worker: str,
    settings: Settings,
    announce: Callable[[int], None] = lambda _: None,
    *,
    clock: Clock | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> None:
    """Until a signal. `announce` gets the port of the health page once the worker is built. `clock`: the machine's.

    Raises Corrupt where it may not go on, Refused where what it is built of is not as it must be.
    """
    logs.configure()
    said = Said()
    metrics = WorkerMetrics(worker, said)

    async def working() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        with answering(settings.host, settings.metrics_port, metrics) as port:
            shift = Shift(
                settings=settings,
                said=said,
                metrics=metrics,
                stop=stop,
                announce=lambda: announce(port),
                clock=clock or SystemClock(),
                on_step=on_step,
            )
            await _keep_working(WORKERS[worker], shift)

    asyncio.run(working())
    if said.corrupt:
        raise Corrupt(said.corrupt, "the worker has stopped: its log says where")


async def _keep_working(work: Callable[[Shift], Awaitable[None]], shift: Shift) -> None:
    """Built again while something that it is built of does not answer: all services of a machine start at once."""
    failures = 0
    while not shift.stop.is_set() and not shift.said.corrupt:
        try:
            await work(shift)
        except Unavailable as exc:
            shift.said.waits(exc.code)
        except (KafkaError, OSError) as exc:
            shift.said.waits("broker_unavailable")
            logging.getLogger("aiokafka").debug("not connected: %s", type(exc).__name__)
        else:
            return
        await wait(shift.stop, back_off_s(failures))
        failures += 1


async def wait(event: asyncio.Event, seconds: float) -> None:
    """At most so long."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


# ----------------------------------------------------------------------------------------------------- with the broker


async def record_worker(shift: Shift) -> None:
    """Submissions into the ledger."""
    with distributed.for_record(shift.settings, clock=shift.clock, on_step=shift.on_step) as parts:
        recorder = Recorder(parts.intake, parts.ledger, shift.said)
        broker = broker_for(shift.settings, "record", publishes=False)
        record.attach(broker, recorder, shift.said, ended=shift.stop.set, on_step=shift.on_step)
        await _while_connected(broker, shift, recorder.undecided, shift.stop.wait())


async def relay_worker(shift: Shift) -> None:
    """Receipts and feed entries out to the broker."""
    with distributed.for_relay(shift.settings) as outbox:
        broker = broker_for(shift.settings, "relay", publishes=True)
        publishing = relay.Relay(broker, outbox, shift.said, shift.stop, shift.on_step)
        await _while_connected(broker, shift, outbox.lag, publishing.run())


async def _while_connected(broker: KafkaBroker, shift: Shift, lag: Callable[[], int], work: Awaitable[object]) -> None:
    app = FastStream(broker, logger=Voice())
    watch: asyncio.Task[None] | None = None
    try:
        await app.start()
        shift.begins(lag)
        watch = asyncio.create_task(_watch(broker, shift))
        await work
    finally:
        if watch is not None:
            watch.cancel()
        shift.said.goes_on(BROKER)
        await app.stop()


async def _watch(broker: KafkaBroker, shift: Shift) -> None:
    """See to it that the page says when the broker does not answer: who waits for messages does not notice."""
    while True:
        if await is_answered(broker, WATCH_TIMEOUT_S):
            shift.said.goes_on(BROKER)
        else:
            shift.said.waits("broker_unavailable", BROKER)
        await asyncio.sleep(WATCH_S)


# ------------------------------------------------------------------------------------------------ with the database alone


async def decide_worker(shift: Shift) -> None:
    """Entries into leaves."""
    with distributed.for_decide(shift.settings, clock=shift.clock, on_step=shift.on_step) as (decide, ledger):

        def at() -> int:
            with ledger.database.reading() as session:
                return position(session, "decide")

        def once() -> bool:
            entries = decide()
            shift.said.counts.outcomes["entries"] += entries
            if entries:
                shift.on_step("decided")
            return bool(entries)

        shift.begins(lambda: max(0, ledger.head() - at()))
        await _loop("decide", StandBy(once, at=at, said=shift.said), shift)


async def seal_worker(shift: Shift) -> None:
    """Leaves under a signed checkpoint, and into the feeds of those they are for."""
    with distributed.for_seal(shift.settings, on_step=shift.on_step) as (register, feed):

        def at() -> int:
            head = register.reader.head()
            return head.size if head is not None else 0

        def once() -> bool:
            # Told before it is exported: a folder that cannot be written keeps nobody from reading.
            sealed = register.commit().count
            shift.said.counts.outcomes["leaves"] += sealed
            if sealed:
                shift.on_step("feed")
            told = bool(feed())
            if told:
                shift.on_step("told")
            register.publish()
            return told or bool(sealed)

        shift.begins(lambda: 0)
        busy_s = shift.settings.seal_interval_ms / 1000
        await _loop("seal", StandBy(once, at=at, said=shift.said), shift, busy_s=busy_s)


async def clock_worker(shift: Shift) -> None:
    """Clocks that ran out into entries."""
    with distributed.for_clock(shift.settings, clock=shift.clock, on_step=shift.on_step) as strike:

        def once() -> bool:
            is_hour, struck = strike.hourly(), strike()
            shift.said.counts.outcomes["struck"] += struck
            if is_hour or struck:
                shift.on_step("struck")
            return is_hour or bool(struck) or bool(strike.delays())

        shift.begins(lambda: 0)
        await _loop("clock", once, shift, idle_s=shift.settings.clock_interval_s)


async def _loop(
    name: str, once: Callable[[], bool], shift: Shift, *, idle_s: float = IDLE_S, busy_s: float = 0.0
) -> None:
    """Run it in a thread until it is to stop, or has."""
    loop = Loop(name, once, said=shift.said, idle_s=idle_s, busy_s=busy_s)
    running = asyncio.create_task(asyncio.to_thread(loop.run))
    wish = asyncio.create_task(shift.stop.wait())
    await asyncio.wait({running, wish}, return_when=asyncio.FIRST_COMPLETED)
    loop.stop()
    wish.cancel()
    await running


WORKERS: dict[str, Callable[[Shift], Awaitable[None]]] = {
    "record": record_worker,
    "relay": relay_worker,
    "decide": decide_worker,
    "seal": seal_worker,
    "clock": clock_worker,
}
