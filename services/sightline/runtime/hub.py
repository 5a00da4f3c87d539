"""The built whole: every stage with its adapters. Entry points see this and nothing deeper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sightline.audit.replay import Replay
from sightline.decide.stage import Decide
from sightline.feed.reading import FeedReader
from sightline.feed.stage import Feed
from sightline.formats.jwk import PrivateKey
from sightline.formats.receipt import Receipt, make_receipt
from sightline.kernel.ids import DeskId, KeyId
from sightline.kernel.ports import Clock, Database
from sightline.kernel.values import Defect, Rejected, Verified
from sightline.ledger.directory import Directory
from sightline.ledger.store import Ledger
from sightline.protocol.areas import AreaProtocol
from sightline.record.admin import Admin
from sightline.record.sparing import Sparing
from sightline.record.stage import Answer, ReceiptFields, SignReceipts
from sightline.record.strike import Strike
from sightline.register.seal import Register
from sightline.runtime.intake import Intake
from sightline.submit.stage import Schemas
from sightline.verify.stage import Verify
from sightline.view.notices import Notices
from sightline.view.reading import View


@dataclass(frozen=True, kw_only=True)
class Areas:
    """Areas' protocols, for the stages that only need one of their times."""

    protocols: dict[str, AreaProtocol]

    def recall_answer(self, area: str) -> timedelta:
        """How long a desk of that area has to answer a recall."""
        return self.protocols[area].recall_answer


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Stages of one hub. `settle` runs them all over what is there; the runners call them one by one."""

    origin: str
    vkey: str
    register_folder: Path
    hub_keys: dict[KeyId, tuple[str, bytes]]
    """Public keys that receipts and heartbeats are checked with."""
    intake_key: dict[str, str]
    """Public JWK that submissions may be sealed to."""
    database: Database
    ledger: Ledger
    directory: Directory
    schemas: Schemas
    intake: Intake
    verify: Verify
    record: Sparing
    decide: Decide
    register: Register
    feed: Feed
    strike: Strike
    view: View
    notices: Notices
    feeds: FeedReader
    admin: Admin
    found: Callable[[], None]
    """See to it that the engine's policy is in force. Raises Unavailable while the engine does not answer."""
    clock: Clock
    replay: Callable[[], Replay]
    on_step: Callable[[str], None]
    close: Callable[[], None]

    def check(self, batch: Sequence[bytes]) -> list[Verified | Rejected]:
        """The submit and verify stages: what may be recorded, and what is turned away."""
        return self.intake.check(batch)

    def submit(self, batch: Sequence[bytes]) -> list[Answer]:
        """Signed bytes in, an answer with a receipt for each. Recorded when this returns, not yet decided."""
        return self.record(self.check(batch))

    def advance(self) -> set[DeskId]:
        """Decide, seal and tell what is new, once; the desks that have something new."""
        self.decide()
        self.register.seal()
        return self.feed()  # Also when nothing is new: what was sealed before a crash may not have been told.

    def settle(self) -> None:
        """Run every stage until nothing is left to do."""
        while self.strike() or self.decide():
            pass
        while self.register.seal().count:
            pass
        while self.feed():
            pass


def sign_receipts(key: PrivateKey) -> SignReceipts:
    """Receipts of one hub, signed with its receipt key."""

    def sign(batch: Sequence[ReceiptFields]) -> list[bytes]:
        return [make_receipt(_receipt(fields), key) for fields in batch]

    return sign


def _receipt(fields: ReceiptFields) -> Receipt:
    return Receipt(
        outcome=fields.outcome,
        source=fields.source,
        id=fields.event_id,
        payload=fields.digest,
        recorded_at=fields.at,
        number=fields.number,
        reasons=(fields.refusal,) if fields.refusal else (),
        defects=tuple(Defect(code=code, pointer=pointer) for code, pointer in fields.defects),
        items=tuple(fields.items),
        children=tuple(fields.children),
    )
