"""The way in of a distributed town: a producer, the broker, and the record worker's subscription in its own process.

That process hands each batch to the test, waits until it is recorded and then acknowledges it, as the worker does. It is
no thread of the test's, for threads that live on beside other tests are seen by them (Hypothesis watches its own).

A broker delivers at least once, and the subscription reads every agency's topic. So an answer belongs to the bytes that
it answers, never to whoever waits: what comes again after its town is gone, and what others sent, is let go by unread.
"""

import asyncio
import multiprocessing
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from faststream import FastStream

from sightline.entrypoints.workers import record
from sightline.entrypoints.workers.broker import Voice, broker_for
from sightline.formats import base64url, jwe
from sightline.kernel.errors import Refused
from sightline.record.stage import Answer
from sightline.runtime.loop import Said
from sightline.runtime.settings import Settings

PATIENCE_S = 60.0
Take = Callable[[Sequence[bytes]], list[Answer]]
_READY: list[bytes] = []


class Border:
    """One town's at a time."""

    def __init__(self, settings: Mapping[str, str], producer: Any, topic: str) -> None:
        """`settings`: the record worker's, as far as the broker concerns them. `topic`: where all is sent."""
        self._producer = producer
        self._topic = topic
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=subscribe, args=(theirs, dict(settings)), daemon=True)
        self._process.start()
        theirs.close()

    def open(self) -> None:
        """Returns when it is subscribed."""
        assert self._batch() == _READY, "the record worker's subscription did not start"

    def close(self) -> None:
        """Leave the broker. Returns when nothing is read any more."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(PATIENCE_S)
        self._process.kill()
        self._process.join()
        self._process.close()

    def post(self, events: Sequence[bytes], take: Take, key: dict[str, str]) -> list[Answer]:
        """Send them sealed; the answers of `take`, which records them.

        What comes from one source stays in order and may share a batch; between sources the broker knows no order, so
        they are sent one after the other.
        """
        sources = [source_in(event) for event in events]
        if len(set(sources)) == 1:
            return self._post(sources[0], events, take, key)
        return [self._post(one, [event], take, key)[0] for one, event in zip(sources, events, strict=True)]

    def _post(self, source: bytes, events: Sequence[bytes], take: Take, key: dict[str, str]) -> list[Answer]:
        sealed = [jwe.seal(event, key) for event in events]
        for one in sealed:
            self._producer.send(self._topic, one, key=source)
        self._producer.flush(PATIENCE_S)
        answers: dict[bytes, Answer] = {}
        while len(answers) < len(sealed):
            answers |= self._answers({*sealed} - answers.keys(), take)
        return [answers[one] for one in sealed]

    def _answers(self, awaited: set[bytes], take: Take) -> dict[bytes, Answer]:
        ours = [one for one in self._batch() if one in awaited]
        try:
            return dict(zip(ours, take(ours), strict=True)) if ours else {}
        finally:
            self._pipe.send(len(ours))

    def _batch(self) -> list[bytes]:
        assert self._pipe.poll(PATIENCE_S), "nothing came from the broker"
        found: list[bytes] = self._pipe.recv()
        return found


def source_in(event: bytes) -> bytes:
    """The source that a signed event names; some word for what is none."""
    payload = event.split(b".")[1] if event.count(b".") > 1 else b""
    try:
        found = re.search(rb'"source":"([^"]+)"', base64url.decode(payload))
    except (Refused, ValueError):
        found = None
    return found[1] if found else b"nobody"


# ------------------------------------------------------------------------------------------------- in the other process


def subscribe(pipe: Connection, settings: Mapping[str, Any]) -> None:
    """Until it is terminated, or the test is gone."""
    asyncio.run(_subscribed(pipe, Settings(**settings)))


async def _subscribed(pipe: Connection, settings: Settings) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    broker = broker_for(settings, "record", publishes=False)
    record.attach(broker, partial(_taken, pipe), Said(), ended=stop.set)
    app = FastStream(broker, logger=Voice())
    await app.start()
    pipe.send(_READY)
    await stop.wait()
    await app.stop()


def _taken(pipe: Connection, batch: Sequence[bytes]) -> None:
    """Hand the batch over; returns when the test has done with it. Raises where there is no test any more."""
    pipe.send(list(batch))
    pipe.recv()
