"""``relay``: what is recorded and sealed goes out to the broker, each topic in its order, at least once.

A topic's letters are sent one after the other by an idempotent producer and acknowledged by all replicas; then its
position moves in the database (`runtime/outbox.py`). Topics do not wait for each other: one that is missing, or that we
may not write, is tried again later and named, and the others go on. A second relay loses by compare and set, and what
it sent is there twice. Heartbeats are signed, and this worker holds no key: they are told over HTTP.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from faststream.kafka import KafkaBroker

from sightline.adapters.kafka_stream import OF_ONE_TOPIC, KafkaError
from sightline.kernel.errors import Unavailable
from sightline.runtime.decider import back_off_s
from sightline.runtime.loop import OVERTAKEN, Said
from sightline.runtime.outbox import Outbox, Run

_log = structlog.get_logger("sightline.relay")

IDLE_S = 0.05
_BROKEN = "broker_unavailable"
_AT_ONCE = 32
"""Topics that are written at the same time."""


class Relay:
    """Publishes until told to stop."""

    def __init__(
        self,
        broker: KafkaBroker,
        outbox: Outbox,
        said: Said,
        stopping: asyncio.Event,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._broker = broker
        self._outbox = outbox
        self._said = said
        self._stopping = stopping
        self._on_step = on_step
        self._writing: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}

    async def run(self) -> None:
        """Until told to stop. Raises Unavailable ``broker_unavailable`` where only a new connection may help."""
        try:
            await self._keep_publishing()
        finally:
            await asyncio.gather(*self._writing.values(), return_exceptions=True)

    async def _keep_publishing(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                moved = await self._once()
                failures = 0
            except Unavailable as exc:
                if exc.code == _BROKEN:
                    raise
                self._said.waits(exc.code)
                await self._wait(back_off_s(failures))
                failures += 1
                continue
            if not moved:
                await self._wait(IDLE_S)

    async def _once(self) -> bool:
        """Begin with every topic that has something new; whether there was one."""
        for name in [name for name, task in self._writing.items() if task.done()]:
            self._writing.pop(name).result()
        room = _AT_ONCE - len(self._writing)
        runs = await asyncio.to_thread(self._outbox.runs, without=set(self._writing)) if room > 0 else []
        for run in runs[:room]:
            self._writing[run.name] = asyncio.create_task(self._publish(run))
        if self._writing:
            await asyncio.wait(self._writing.values(), timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._failures:
            self._said.goes_on()
        return bool(runs)

    async def _publish(self, run: Run) -> None:
        """One topic's letters, and its position. What fails is waited for here, so that only this topic waits."""
        try:
            self._on_step("publish")
            count = await self._sent(run)
            self._on_step("published")
            await asyncio.to_thread(self._outbox.published, run, count)
            self._on_step("moved")
        except Unavailable as exc:
            if exc.code != OVERTAKEN:
                await self._failed(run, exc.code)
        except OF_ONE_TOPIC:
            _log.warning("not published", topic=run.topic, code="topic_unavailable")
            await self._failed(run, "topic_unavailable")
        except (KafkaError, OSError) as exc:
            # An idempotent producer may be past mending: the connection is made anew.
            raise Unavailable(_BROKEN, type(exc).__name__) from exc
        else:
            self._said.counts.outcomes["published"] += count
            self._failures.pop(run.name, None)

    async def _sent(self, run: Run) -> int:
        """How many of the letters, from the first on, the broker has. Raises what kept it from having any."""
        waiting: list[Any] = []
        try:
            for key, value in run.letters:
                waiting.append(await self._broker.publish(value, run.topic, key=key, no_confirm=True))
        finally:
            answers: Sequence[Any] = await asyncio.gather(*waiting, return_exceptions=True)
        count = next((n for n, answer in enumerate(answers) if isinstance(answer, BaseException)), len(answers))
        if not count and answers:
            raise answers[0]
        return count

    async def _failed(self, run: Run, code: str) -> None:
        failures = self._failures.get(run.name, 0)
        self._failures[run.name] = failures + 1
        self._said.waits(code)
        await self._wait(back_off_s(failures))

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
