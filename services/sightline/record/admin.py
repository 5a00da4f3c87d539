"""What the hub's operators do, as entries: found the hub, put a policy in force, admit agencies, desks and keys.

An area's choice of an edition is one too.
"""

import math
from datetime import date, datetime, timedelta
from typing import Any, cast

from sightline.formats.registration import check_registration, signing_key
from sightline.kernel.errors import Refused
from sightline.kernel.ids import AgencyId, DeskId, KeyId, agency_of
from sightline.kernel.ports import Clock, PolicyEngine, Session
from sightline.kernel.values import Desk, SigningKey
from sightline.ledger import clocks
from sightline.ledger.agency import Agency, agency_stream
from sightline.ledger.policy import POLICY_STREAM, Choice, Policy
from sightline.ledger.store import Ledger
from sightline.protocol.calendar import local_instant
from sightline.protocol.editions import edition_of

KEY_LIFE = timedelta(days=365)
STANDINGS = frozenset({"good", "suspended", "withdrawn"})


class Admin:
    """Each call is one entry, or none where nothing would change."""

    def __init__(self, *, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def found(self, *, origin: str, engine: PolicyEngine) -> None:
        """Make sure that the hub has a ledger, and that the engine's policy is in force."""
        policy = cast("Policy | None", self._ledger.load([POLICY_STREAM]).get(POLICY_STREAM))
        at = self._clock.now()
        if policy is None:
            policy = Policy.founded(origin=origin, step="founded", at=at)
        if policy.policy != engine.policy:
            self._note(policy, Policy.Activated, policy=engine.policy, engine=engine.engine, hold=False)
        elif policy.engine != engine.engine:
            self._note(policy, Policy.EngineChanged, engine=engine.engine)
        self._ledger.append(policy.collect())

    def is_founded(self) -> bool:
        """Whether a policy was ever put in force here."""
        policy = cast("Policy | None", self._ledger.load([POLICY_STREAM]).get(POLICY_STREAM))
        return policy is not None and bool(policy.policy)

    def open_desk(self, desk: Desk) -> None:
        """Admit a desk; its agency with it, if this is the first. Raises Refused ``desk_exists``."""
        agency = self._agency(agency_of(desk.id))
        if desk.id in agency.desks:
            raise Refused("desk_exists", "the desk is known already")
        self._note(
            agency,
            Agency.DeskOpened,
            desk=desk.id,
            sector=desk.sector,
            roles=sorted(desk.roles),
            areas=sorted(desk.areas),
            kind=desk.kind,
            first_responder=desk.first_responder,
            verification=sorted(desk.verification),
        )
        self._ledger.append(agency.collect())

    def change_standing(self, desk: DeskId, standing: str) -> None:
        """Suspend, withdraw or restore a desk: reads stop at once, and what it was shown is decided again.

        Raises Refused ``unknown_desk`` for a desk that was never opened and for a standing that there is not.
        """
        agency = self._agency(agency_of(desk))
        if desk not in agency.desks or standing not in STANDINGS:
            raise Refused("unknown_desk", "no such desk or standing")
        if agency.desks[desk].standing != standing:
            self._note(agency, Agency.DeskStandingChanged, desk=desk, standing=standing)
        self._ledger.append(agency.collect())

    def register_key(self, request: bytes, *, valid_until: datetime | None = None) -> SigningKey:
        """Admit a key whose holder proved possession.

        Raises Refused for a request that does not, and ``unknown_desk`` where its desk was never opened.
        """
        at = self._clock.now()
        key = signing_key(check_registration(request), valid_from=at, valid_until=valid_until or at + KEY_LIFE)
        agency = self._agency(agency_of(key.desk))
        if key.desk not in agency.desks:
            raise Refused("unknown_desk", "the key's desk is not known")
        self._note(
            agency,
            Agency.KeyRegistered,
            desk=key.desk,
            kid=key.kid,
            alg=key.alg,
            public=key.public,
            sources=list(key.sources),
            types=list(key.types),
            valid_from=key.valid_from,
            valid_until=key.valid_until,
            proof=request,
        )
        self._ledger.append(agency.collect())
        return key

    def revoke_key(self, kid: KeyId) -> None:
        """Nothing signed with it is accepted from now on. Raises Refused ``unknown_key``."""
        agency = self._agency(agency_of(DeskId(kid.partition("#")[0])))
        if kid not in agency.keys:
            raise Refused("unknown_key", "no such key")
        self._note(agency, Agency.KeyRevoked, kid=kid)
        self._ledger.append(agency.collect())

    def choose_edition(self, area: str, edition: str, starts: date) -> Choice:
        """Let an area follow that edition from that day on, or at once where the day has come. The latest choice counts.

        Raises Refused ``unknown_edition``, ``edition_not_for_area``; Collision when another writer was first.
        """
        edition_of(edition, area)
        at, choice = self._clock.now(), Choice(edition, local_instant(starts))
        policy = self._policy()
        step = f"edition-{policy.version + 1}"
        policy.note(Policy.EditionChosen, step=step, timestamp=at, area=area, edition=edition, starts=choice.starts)
        policy.begin(area, step=step, at=at)
        self._ledger.append(policy.collect(), also=lambda session: _set_start(session, area, policy.waiting.get(area)))
        return choice

    def waiting(self) -> dict[str, Choice]:
        """By area, the choices that have not begun yet."""
        return self._policy().waiting

    def _policy(self) -> Policy:
        found = self._ledger.load([POLICY_STREAM]).get(POLICY_STREAM)
        if not isinstance(found, Policy):
            raise Refused("no_hub", "this ledger holds no hub's entries")
        return found

    def _agency(self, name: AgencyId) -> Agency:
        stream = agency_stream(name)
        found = self._ledger.load([stream]).get(stream)
        if isinstance(found, Agency):
            return found
        return Agency.registered(name, step=f"agency-{name}", at=self._clock.now())

    def _note(self, stream: Any, event: type, /, **what: object) -> None:
        step = f"{event.__name__.lower()}-{stream.id.hex[:8]}-{stream.version + 1}"
        stream.note(event, step=step, timestamp=self._clock.now(), **what)


def _set_start(session: Session, area: str, choice: Choice | None) -> None:
    """The clock that lets a choice begin; none where there is nothing to wait for."""
    name = clocks.clock_id("edition", POLICY_STREAM.hex, area)
    session.execute("DELETE FROM clocks WHERE id = ?", (name,))
    if choice is not None:
        due = math.ceil(choice.starts.timestamp())
        session.execute(clocks.SET, (name, "edition", due, POLICY_STREAM.hex, area, "", area))
