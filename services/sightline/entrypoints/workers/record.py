"""``record``: submissions from the broker, in batches, into the ledger.

Acknowledged by hand, for what FastStream's own policies do (0.7.8) when partitions have meanwhile gone to another worker
is told in adapters/kafka_stream.py: it could pass over what was never recorded.

A refusal is an answer: recorded, and acknowledged. What nobody can be proved to have sent is logged with size, digest
and reason, and acknowledged too. What we stumble over for a fault of ours is refused with a receipt, or where its sender
is not known yet kept in quarantine, and acknowledged: no message can hold up its partition. Only what does not answer
now, or a fault that meets all messages alike, leaves the batch where it is; it comes again, and what was recorded of it
is answered with its first receipt.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage

from sightline.adapters.kafka_stream import commit, go_back
from sightline.formats.topic_names import SUBMISSIONS
from sightline.kernel.errors import Unavailable
from sightline.runtime.decider import back_off_s
from sightline.runtime.loop import Said

GROUP = "hub.record"
EVERY_AGENCYS = f"^{re.escape(SUBMISSIONS)}.+$"
"""The topics that are read: those that there are, and those of agencies that join later."""
BATCH = 256
_POLL_MS = 50
_SESSION_MS, _BEAT_MS = 6_000, 1_500
"""How soon another worker gets the partitions of one that died (the broker allows no less), and how often one that
lives says so: from the event loop, while batches are recorded in a thread."""

Records = tuple[Any, ...]
Take = Callable[[Sequence[bytes]], object]


def attach(
    broker: KafkaBroker,
    take: Take,
    said: Said,
    *,
    ended: Callable[[], None] = lambda: None,
    on_step: Callable[[str], None] = lambda _: None,
) -> None:
    """Subscribe. `take` records a batch, in a thread; `ended` is called when it may not go on."""
    failures = 0

    @broker.subscriber(
        pattern=EVERY_AGENCYS,
        group_id=GROUP,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=_POLL_MS,
        session_timeout_ms=_SESSION_MS,
        heartbeat_interval_ms=_BEAT_MS,
        parser=_without_headers,
        decoder=_as_it_is,
        title="submissions",
        description="Signed events, sealed to the hub's key.",
    )
    async def on_submissions(values: list[Any], message: KafkaMessage) -> None:
        nonlocal failures
        if said.corrupt:
            return go_back(message)
        try:
            await asyncio.to_thread(take, values)
        except Unavailable as exc:
            said.waits(exc.code)
            await asyncio.sleep(back_off_s(failures))
            failures += 1
            return go_back(message)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the worker must be seen to have stopped
            said.breaks(exc)
            go_back(message)
            return ended()
        failures = 0
        said.goes_on()
        on_step("acknowledge")
        await commit(message)
        on_step("acknowledged")
        return None


async def _without_headers(records: Records, parse: Callable[[Records], Any]) -> Any:
    """Headers are the sender's, and mean nothing to us: one that is not UTF-8 would stop the library's parser."""
    return await parse(tuple(replace(record, headers=()) for record in records))


async def _as_it_is(message: Any, _decode: Callable[[Any], Any]) -> list[bytes]:
    """The values' bytes. A tombstone has none, and is refused like any other that is not an event."""
    return [bytes(record.value or b"") for record in message.raw_message]
