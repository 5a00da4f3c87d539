"""Every reason why something is not accepted, in one table, and its RFC 9457 form. No problem repeats what was sent."""

from dataclasses import dataclass
from typing import Any

from sightline.kernel.errors import SightlineError
from sightline.kernel.values import Refusal

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:sightline:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a code means."""

    status: int
    """HTTP status."""
    title: str
    """One sentence, the same for every occurrence (RFC 9457 §3.1.3)."""


PROBLEMS: dict[str, Problem] = {
    # submit: what can be seen in the bytes
    "too_large": Problem(413, "The submission is larger than the hub takes."),
    "unseal_failed": Problem(400, "The sealed submission could not be opened with the hub's key."),
    "jws_malformed": Problem(400, "The submission is not a compact JWS."),
    "algorithm_not_allowed": Problem(400, "The signature algorithm is not allowed."),
    "header_not_allowed": Problem(400, "The protected header is not the one that this hub takes."),
    "not_utf8": Problem(400, "The payload is not UTF-8."),
    "not_json": Problem(400, "The payload is not a JSON object."),
    "duplicate_key": Problem(400, "An object in the payload has two members of one name."),
    "too_deep": Problem(400, "The payload is nested too deeply."),
    "too_many": Problem(400, "An object or array in the payload has too many members."),
    "number_not_allowed": Problem(400, "A number in the payload cannot be read the same way everywhere."),
    "envelope_invalid": Problem(422, "An attribute of the event is missing or not allowed."),
    "time_in_future": Problem(422, "The event's time lies in the future."),
    "unknown_type": Problem(422, "The event's type is not known."),
    "unknown_version": Problem(422, "The version of the event's schema is not known."),
    "schema_missing_field": Problem(422, "A mandatory field is missing."),
    "schema_invalid_field": Problem(422, "A field that must be right is not."),
    "identifier_invalid": Problem(422, "An identifier of a child is not well formed."),
    # verify: who sent it, and may they
    "unknown_key": Problem(401, "The signing key is not registered."),
    "bad_signature": Problem(401, "The signature does not match."),
    "key_not_in_force": Problem(403, "The signing key is not in force."),
    "key_not_for_source": Problem(403, "The signing key does not belong to this source."),
    "key_not_for_type": Problem(403, "The signing key may not sign this type of event."),
    "desk_not_in_standing": Problem(403, "The desk is not in good standing."),
    "source_may_not_send": Problem(403, "The desk may not send this type of event."),
    # record: what it says about what is already there
    "id_reused": Problem(409, "The event's id was used before, for another payload."),
    "unknown_item": Problem(404, "The item is not known."),
    "unknown_child": Problem(404, "The child is not known."),
    "unknown_desk": Problem(422, "A desk that the event names is not known."),
    "item_not_yours": Problem(403, "The item is not one that this desk may act on."),
    # record: what is our fault, and must be sent again when we have mended ourselves
    "internal_error": Problem(500, "The hub failed over this submission. It is kept, and somebody has been told."),
    # keys
    "key_malformed": Problem(422, "The key is not one that this hub takes."),
    "registration_invalid": Problem(422, "The request to register a key is not well formed."),
    # reading
    "token_invalid": Problem(401, "The reading token is missing, not well formed, expired or not signed by its desk."),
    "token_replayed": Problem(401, "The reading token was used before."),
    "not_found": Problem(404, "There is nothing here that this desk may see."),
    "request_invalid": Problem(422, "The request is not well formed."),
    "method_not_allowed": Problem(405, "This address does not take this method."),
    "too_many_streams": Problem(429, "The desk has as many open streams as it may have."),
    # ours
    "unavailable": Problem(503, "The hub cannot answer now. Nothing was decided; try again."),
}
"""Code → meaning. Codes are stable: they may be added, never changed or given another meaning."""


def problem(refusal: Refusal) -> dict[str, Any]:
    """The RFC 9457 document of a refusal. A code that is not in the table is our fault: KeyError."""
    known = PROBLEMS[refusal.code]
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + refusal.code,
        "title": known.title,
        "status": known.status,
        "code": refusal.code,
    }
    optional = {"detail": refusal.detail, "pointer": refusal.pointer}
    return document | {name: value for name, value in optional.items() if value}


def refusal_of(error: SightlineError) -> Refusal:
    """The refusal that an error stands for."""
    return Refusal(code=error.code, detail=error.detail)
