"""The CloudEvents 1.0 envelope of a submission, structured JSON mode (design §5), read strictly and written once.

The set of attributes is closed: an extension that we do not know may mean something to the one who set it. Refused:
``envelope_invalid``, with the attribute's name. What is in `data` is the schema's business, not the envelope's.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sightline.formats import strict_json
from sightline.formats.thumbprint import SLUG
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId
from sightline.kernel.values import Envelope, Refusal

TYPE_PREFIX = "sightline."
CONTENT_TYPE = "application/json"

AREAS = frozenset({"hampshire", "isle_of_wight", "southampton", "portsmouth", "hertfordshire", "lincolnshire"})
"""Code list V-62."""

PURPOSES = frozenset({
    "assessment", "beacon", "family_tracing", "icta_referral", "immigration_discussion",
    "missing_or_safeguarding_response", "monitoring", "nrm_referral", "obtain_biometrics", "police_update",
    "prevent_other_trafficking", "prosecution", "referral", "return_to_origin", "service_provision",
    "strategy_meeting",
})  # fmt: skip
"""Code list V-47."""

_SOURCE = re.compile(rf"/agencies/({SLUG})/({SLUG})/({SLUG})")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_NAME = r"[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,31}"
_TYPE = re.compile(rf"sightline\.{_NAME}")
_SCHEMA = re.compile(rf"sightline:/schemas/({_NAME})/([1-9][0-9]{{0,2}})")
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[a-z][a-z0-9_-]{0,63}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def _full(pattern: re.Pattern[str]) -> Callable[[str], object]:
    return pattern.fullmatch


_REQUIRED: Mapping[str, Callable[[str], object]] = {
    "specversion": "1.0".__eq__,
    "id": _full(_ID),
    "source": _full(_SOURCE),
    "type": _full(_TYPE),
    "time": _full(_TIME),
    "dataschema": _full(_SCHEMA),
    "datacontenttype": CONTENT_TYPE.__eq__,
    "area": AREAS.__contains__,
    "purpose": PURPOSES.__contains__,
    "actor": _full(_ACTOR),
}
_OPTIONAL: Mapping[str, Callable[[str], object]] = {
    "traceparent": _full(_TRACE),
    "partitionkey": _full(_SOURCE),
}
_KNOWN = _REQUIRED.keys() | _OPTIONAL.keys() | {"data"}


def read_envelope(event: Mapping[str, Any]) -> Envelope | Refusal:
    """The envelope, or why there is none. `event` is the whole CloudEvent as a JSON object."""
    name = _fault(event)
    if name is not None:
        return _invalid(name)
    time = read_time(event["time"])
    if time is None:
        return _invalid("time")
    event_type, _, version = event["dataschema"].removeprefix("sightline:/schemas/").partition("/")
    _, _, agency, desk, _ = event["source"].split("/")
    return Envelope(
        id=event["id"],
        source=event["source"],
        type=event_type,
        version=int(version),
        time=time,
        area=event["area"],
        purpose=event["purpose"],
        actor=event["actor"],
        desk=DeskId(f"{agency}/{desk}"),
        agency=AgencyId(agency),
    )


def read_time(text: str) -> datetime | None:
    """The instant of an RFC 3339 time with offset, in UTC; None if it is not one (a leap second is not)."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_time(time: datetime) -> str:
    """An aware time as RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def reference_in(payload: bytes) -> str:
    """The event id in bytes that may be anything else; empty if there is none. For telling a proven sender which."""
    try:
        found = strict_json.parse_object(payload).get("id")
    except Refused:
        return ""
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def write_event(envelope: Envelope, data: Mapping[str, Any]) -> bytes:
    """The CloudEvent's bytes, ready to be signed."""
    event = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": TYPE_PREFIX + envelope.type,
        "time": write_time(envelope.time),
        "dataschema": f"sightline:/schemas/{envelope.type}/{envelope.version}",
        "datacontenttype": CONTENT_TYPE,
        "area": envelope.area,
        "purpose": envelope.purpose,
        "actor": envelope.actor,
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def source_parts(source: str) -> tuple[AgencyId, DeskId] | None:
    """The agency and desk that a source names, or None if it is no source."""
    match = _SOURCE.fullmatch(source)
    return (AgencyId(match[1]), DeskId(f"{match[1]}/{match[2]}")) if match else None


def is_actor(text: str) -> bool:
    """Whether `text` is an opaque staff reference and a role, ``<reference>:<role>``. No e-mail address fits."""
    return _ACTOR.fullmatch(text) is not None


def _fault(event: Mapping[str, Any]) -> str | None:
    """Name of the first attribute at fault; ``~`` stands for names that we do not know."""
    for name, fits in _REQUIRED.items():
        value = event.get(name)
        if type(value) is not str or not fits(value):
            return name
    if event.keys() - _KNOWN:
        return "~"
    return _fault_between(event)


def _fault_between(event: Mapping[str, Any]) -> str | None:
    for name, fits in _OPTIONAL.items():
        if name in event and (type(event[name]) is not str or not fits(event[name])):
            return name
    if not event["dataschema"].startswith(f"sightline:/schemas/{event['type'].removeprefix(TYPE_PREFIX)}/"):
        return "dataschema"
    if event.get("partitionkey", event["source"]) != event["source"]:
        return "partitionkey"
    return None if type(event.get("data")) is dict else "data"


def _invalid(name: str) -> Refusal:
    if name == "~":
        return Refusal(code="envelope_invalid", detail="an attribute is not known", pointer="/~")
    return Refusal(code="envelope_invalid", detail=f"{name} is missing or not allowed", pointer=f"/{name}")
