"""The AsyncAPI 3.0 document of what goes over the broker: made by FastStream of the workers, completed by us.

FastStream knows addresses and operations. It does not know templates of addresses, JOSE, or how one logs in: those are
put in here, and `docs/asyncapi.json` is held to the result.
"""

from typing import Any

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from sightline.entrypoints.workers import record
from sightline.formats.topic_names import FEED, RECEIPTS, SUBMISSIONS
from sightline.runtime.loop import Said

Json = dict[str, Any]

JOSE = "application/jose"
_SLUG: Json = {"description": "Small letters, digits and hyphens."}
_ENTRY: Json = {
    "type": "object",
    "description": "What the desk is told of; never a body. The running hash covers exactly these members.",
    "required": ["seq", "leaf", "hash", "kind"],
    "additionalProperties": False,
    "properties": {
        "seq": {"type": "integer", "minimum": 1, "description": "Dense. One that was had already is told again."},
        "leaf": {"type": "string", "description": "Id of the leaf: GET /v1/decisions/{leaf}, GET /v1/proof/{leaf}"},
        "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "RFC 6962 hash of the leaf."},
        "kind": {"enum": ["item", "notice", "recall"]},
    },
}
_MESSAGES: dict[str, Json] = {
    "submissions": {
        "contentType": JOSE,
        "summary": "A compact JWE to the hub's intake key around a compact JWS over a CloudEvent (docs/wire.md).",
        "description": "Key: the event's source, so that one source's events stay in order.",
        "payload": {"type": "string", "maxLength": 351_573},
    },
    "receipts": {
        "contentType": JOSE,
        "summary": "The hub's signed answer to one submission: a compact JWS, typ sightline-receipt+jws.",
        "description": "Key: its name, under which GET /v1/receipts/{name} gives it again. In the order of its member"
        " `number`, at least once each.",
        "payload": {"type": "string"},
    },
    "feed": {
        "contentType": "application/json",
        "summary": "An entry of one desk's feed, exactly as GET /v1/feed gives it.",
        "description": "Key: the desk. In the order of its member `seq`, at least once each. Signed heartbeats are told"
        " over HTTP alone.",
        "payload": _ENTRY,
    },
}
_PARAMETERS: dict[str, Json] = {
    "submissions": {"agency": _SLUG},
    "receipts": {"agency": _SLUG},
    "feed": {"agency": _SLUG, "desk": _SLUG},
}


def document() -> Json:
    """The whole document."""
    broker = KafkaBroker("broker.example:9093", logger=None)
    record.attach(broker, len, Said())
    broker.publisher(RECEIPTS + "{agency}", title="receipts", description="Answers to an agency's submissions.")
    broker.publisher(FEED + "{agency}.{desk}", title="feed", description="What a desk is told of, in order.")
    made: Json = (
        AsyncAPI(
            broker,
            title="Sightline on Kafka",
            version="1",
            description="What agencies send and are told over the hub's broker. Bodies are never on it.",
        )
        .to_specification()
        .to_jsonable()
    )
    return _completed(made)


def _completed(made: Json) -> Json:
    for part in ("channels", "operations"):
        made[part] = {name: made[part][name] for name in _MESSAGES}  # FastStream's own order is by chance.
    for name in _MESSAGES:
        channel = made["channels"][name]
        channel["messages"] = {"message": {"$ref": f"#/components/messages/{name}"}}
        made["operations"][name]["messages"] = [{"$ref": f"#/channels/{name}/messages/message"}]
        del channel["bindings"], channel["servers"]
        channel["parameters"] = _PARAMETERS[name]
    made["channels"]["submissions"]["address"] = SUBMISSIONS + "{agency}"  # Read by a pattern, written one by one.
    made["components"] = {
        "messages": {name: {"name": name, **message} for name, message in _MESSAGES.items()},
        "securitySchemes": {
            "certificate": {"type": "X509", "description": "CN=<agency>, on a port of its own"},
            "user": {"type": "scramSha512", "description": "agency.<agency>, over TLS"},
        },
    }
    made["servers"] = {
        "broker": {
            "host": "broker.example:9093",
            "protocol": "kafka-secure",
            "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in ("certificate", "user")],
        }
    }
    made["defaultContentType"] = JOSE
    return made
