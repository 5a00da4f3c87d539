"""The broker as our two workers see it: by FastStream, over TLS, as a user who may do what its stage needs."""

import logging
import ssl
from typing import Any

import structlog
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512

from sightline.runtime.settings import Settings, secret_in

REQUEST_TIMEOUT_MS = 10_000
NEWCOMERS_MS = 15_000

_log = structlog.get_logger("sightline.broker")


class Voice:
    """What FastStream says, among our own lines: how loud, and of which fault. Its words may repeat what was sent."""

    def log(self, level: int, _message: Any, /, *_: Any, exc_info: Any = None, **_more: Any) -> None:
        """One line, from warnings up."""
        if level >= logging.WARNING:
            _log.warning("a library spoke", kind=type(exc_info).__name__ if exc_info else "", exc_info=exc_info)


def broker_for(settings: Settings, worker: str, *, publishes: bool) -> KafkaBroker:
    """Not connected yet. Raises Refused ``setting_missing``."""
    address = settings.kafka or secret_in(None, "kafka")
    return KafkaBroker(
        address.split(","),
        client_id=f"sightline-{worker}",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        # How soon the topic of an agency that joins is seen.
        metadata_max_age_ms=NEWCOMERS_MS,
        # Topics are declared in infra/kafka/topics.yaml, and none of our users may make any.
        allow_auto_create_topics=False,
        consumer_only=not publishes,
        acks="all",
        enable_idempotence=publishes,
        security=SASLScram512(
            username=settings.kafka_user or f"hub.{worker}",
            password=secret_in(settings.kafka_password, "kafka_password"),
            ssl_context=ssl.create_default_context(cafile=str(settings.kafka_ca) if settings.kafka_ca else None),
        ),
        logger=Voice(),
        graceful_timeout=30.0,
    )
