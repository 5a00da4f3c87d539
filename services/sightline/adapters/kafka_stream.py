"""What FastStream leaves to its Kafka client (aiokafka): which offsets are done, which come again, which faults pass."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

__all__ = ["OF_ONE_TOPIC", "KafkaError", "commit", "go_back", "is_answered"]

OF_ONE_TOPIC: tuple[type[Exception], ...] = (UnknownTopicOrPartitionError, TopicAuthorizationFailedError)
"""Faults that say nothing of other topics."""


async def is_answered(broker: Any, within_s: float) -> bool:
    """Whether the broker answers. The library itself tries again in silence, and for as long as it takes.

    One that only reads is asked on its consumer's own connection, which has no rights but the consumer's.
    """
    consumers = [one.consumer for one in broker.subscribers if one.consumer is not None]
    asking = [consumer.topics() for consumer in consumers] or [_described(broker)]
    try:
        await asyncio.wait_for(asyncio.gather(*asking), within_s)
    except (KafkaError, OSError, TimeoutError):
        return False
    return True


async def _described(broker: Any) -> None:
    await broker.config.admin_client.describe_cluster()


async def commit(message: Any) -> None:
    """The batch of that message is done, and nothing else. Where that cannot be said, it comes again, and is known then.

    Only the batch's own offsets: the library's own commit names every partition that was read from, also one that has
    gone to another worker since.
    """
    done = {where: after for where, (_, after) in _edges(message).items() if where in message.consumer.assignment()}
    try:
        await message.consumer.commit(done)
    except (KafkaError, IllegalStateError):
        return


def go_back(message: Any) -> None:
    """The batch of that message comes again, as far as its partitions are still ours; the others' new owners begin there.

    One after the other: the library's own ``nack`` stops at the first partition that is gone, and what was not rewound
    would be passed over by the next commit.
    """
    for where, (first, _) in _edges(message).items():
        try:
            message.consumer.seek(where, first)
        except IllegalStateError:
            continue


def _edges(message: Any) -> Mapping[TopicPartition, tuple[int, int]]:
    """Of each partition in the batch: its first offset, and the one after its last."""
    edges: dict[TopicPartition, tuple[int, int]] = {}
    for record in message.raw_message:
        where = TopicPartition(record.topic, record.partition)
        first, after = edges.get(where, (record.offset, 0))
        edges[where] = min(first, record.offset), max(after, record.offset + 1)
    return edges
