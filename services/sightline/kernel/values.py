"""Values that travel from stage to stage. Frozen: a stage hands on a new value, it never edits one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sightline.kernel.ids import AgencyId, DeskId, KeyId


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """Something accepted although it was not understood. It is kept, and shown to nobody but its sender."""

    code: str
    """``unknown_field``, ``unknown_code`` or ``malformed_field``; of a receipt also ``unknown_desk``, ``answer_unclear``."""
    pointer: str
    """JSON pointer of the field; a name that no schema knows is written ``~`` (it may itself be personal)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a submission was not accepted. Holds nothing that the sender wrote."""

    code: str
    """One of the codes of `formats.problem.PROBLEMS`."""
    detail: str = ""
    """One sentence for a person, free of personal data."""
    pointer: str = ""
    """JSON pointer of the field at fault, of names known to the schema only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """The CloudEvents attributes of a submission, parsed (design §5)."""

    id: str
    source: str
    """``/agencies/<agency>/<desk>/<system>``"""
    type: str
    """Event type without the ``sightline.`` prefix, e.g. ``missing.reported``."""
    version: int
    """Schema version, from ``dataschema``."""
    time: datetime
    """When the agency recorded it: aware; never trusted for validity of keys."""
    area: str
    purpose: str
    actor: str
    """Opaque staff reference and role; empty where nobody acted."""
    desk: DeskId
    agency: AgencyId


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """Signed bytes taken apart, not yet believed. `refusal` is set where the content is at fault but could be parsed

    far enough to check the signature: P12 tells a proven sender about a refusal, and only counts an unproven one.
    """

    compact: bytes
    """The compact JWS as signed: ASCII."""
    payload: bytes
    """Exactly the signed CloudEvent bytes."""
    digest: bytes
    """SHA-256 of `payload`, 32 bytes."""
    kid: KeyId
    alg: str
    signing_input: bytes
    signature: bytes
    envelope: Envelope | None
    data: Mapping[str, Any]
    """The form. Empty when it could not be parsed."""
    defects: tuple[Defect, ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """Bytes turned away. `sender` is the desk whose signature verified, if one did."""

    refusal: Refusal
    size: int
    digest: bytes
    """SHA-256 of the bytes as received (or of the payload once known)."""
    sender: DeskId | None = None
    reference: str = ""
    """The sender's own event id, only when the signature verified."""
    type: str = ""
    area: str = ""
    source: str = ""
    compact: bytes = b""
    """The bytes to keep under the quarantine key; empty unless the signature verified, or we failed to find out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A submission whose signature, key and right to say this were checked. Only `verify` makes one."""

    submission: Submission
    envelope: Envelope


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A desk's registered public key, as the ledger holds it."""

    kid: KeyId
    desk: DeskId
    alg: str
    """``Ed25519``, ``EdDSA`` or ``ES256``: the only one this key may be used with."""
    public: bytes
    """Ed25519: 32 raw bytes. ES256: 65 bytes, uncompressed point (SEC 1)."""
    sources: tuple[str, ...]
    """Sources it may sign for, exact."""
    types: tuple[str, ...]
    """Event types it may sign; ``*`` for every type that the desk's roles may send."""
    valid_from: datetime
    valid_until: datetime
    revoked_at: datetime | None = None

    def is_in_force(self, now: datetime) -> bool:
        """True from `valid_from` on, before `valid_until`, and before any revocation. `now` is the hub's time."""
        return self.valid_from <= now < self.valid_until and (self.revoked_at is None or now < self.revoked_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """A recipient as the ledger holds it (design §1)."""

    id: DeskId
    agency: AgencyId
    sector: str
    """V-60 code."""
    roles: frozenset[str]
    areas: frozenset[str]
    """V-62 area codes in which its roles hold."""
    standing: str = "good"
    """``good``, ``suspended`` or ``withdrawn``."""
    kind: str = "professional"
    first_responder: bool = False
    verification: frozenset[str] = field(default_factory=frozenset)
    """Of ``identity_established``, ``relationship_established``, ``interviewed_by_sw``, ``safe_word_given``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the policy said for one facts document, checked: `shown` and `withheld` split the item's classes exactly."""

    outcome: str
    """``disclose``, ``withhold`` or ``refer``."""
    classes: tuple[str, ...]
    withheld: tuple[str, ...]
    """Sorted ``class:rule`` strings."""
    told: str
    """``nothing``, ``exists`` or ``classes``."""
    rules: tuple[str, ...]
    basis: tuple[str, ...]
    obligations: tuple[str, ...]
