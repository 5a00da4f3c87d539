"""Putting a hub together. Only what differs between the two modes is passed in; all else is built once, here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sightline.adapters.keyfile import HubKeys
from sightline.audit.replay import Replay, Replaying
from sightline.decide import folds
from sightline.decide.stage import TABLES as DECIDE_TABLES
from sightline.feed.reading import FeedReader
from sightline.feed.stage import TABLES as FEED_TABLES
from sightline.feed.stage import Feed
from sightline.formats import jwe
from sightline.kernel.ports import Clock, PolicyEngine
from sightline.ledger import clocks, positions
from sightline.ledger.directory import Directory, PresentDesks, SendersByRole
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger
from sightline.protocol.areas import read_area
from sightline.record.admin import Admin
from sightline.record.matching import Matcher
from sightline.record.refusing import Refusing
from sightline.record.stage import Record
from sightline.record.strike import Strike
from sightline.record.tables import TABLES as RECORD_TABLES
from sightline.register.export import Export
from sightline.register.seal import Register
from sightline.register.tables import TABLES as REGISTER_TABLES
from sightline.runtime.build_decide import build_decide, read_rules
from sightline.runtime.hub import Areas, Hub, sign_receipts
from sightline.verify.stage import Verify
from sightline.view.notices import Notices
from sightline.view.reading import View
from sightline.view.sight import Sight

TABLES = (
    *positions.TABLES,
    *clocks.TABLES,
    *RECORD_TABLES,
    *folds.TABLES,
    *DECIDE_TABLES,
    *REGISTER_TABLES,
    *FEED_TABLES,
)
"""Every table of ours beside the library's; each statement may be run again."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What differs between the modes, and between a hub and a test of one."""

    origin: str
    ledger: Ledger
    vault: KeyVault
    engine: PolicyEngine
    policies: Path
    """Folder of the policy's sources."""
    keys: HubKeys
    clock: Clock
    register_folder: Path
    on_step: Callable[[str], None]
    close: Callable[[], None]


def build(parts: Parts) -> Hub:
    """A hub whose tables exist, whose ledger is founded and whose policy is in force."""
    database = parts.ledger.database
    with database.transaction() as session:
        for statement in TABLES:
            session.execute(statement)
    rules = read_rules(parts.policies)
    areas = {name: read_area(row) for name, row in rules.documents["areas"].items()}
    directory = Directory(parts.ledger)
    admin = Admin(ledger=parts.ledger, clock=parts.clock)
    admin.found(origin=parts.origin, engine=parts.engine)
    directory.refresh()
    vkey = parts.keys.checkpoint.vkey

    def replay() -> Replay:
        policies = {parts.engine.policy: (parts.engine, rules.data)}
        return Replaying(
            ledger=parts.ledger, database=database, vault=parts.vault, fields=rules.fields, policies=policies.get
        ).run()

    return Hub(
        origin=parts.origin,
        vkey=vkey,
        register_folder=parts.register_folder,
        hub_keys={parts.keys.receipt.kid: (parts.keys.receipt.alg, parts.keys.receipt.public)},
        intake_key=jwe.public_part(parts.keys.unseal),
        database=database,
        ledger=parts.ledger,
        directory=directory,
        schemas=rules.schemas,
        unsealer=jwe.Unsealer([parts.keys.unseal]),
        verify=Verify(keys=directory, senders=SendersByRole(rules.documents["senders"])),
        record=Record(
            ledger=parts.ledger,
            vault=parts.vault,
            desks=directory,
            areas=areas,
            sight=Sight(parts.origin),
            matcher=Matcher(parts.keys.matching),
            sign=sign_receipts(parts.keys.receipt),
            refusing=Refusing(ledger=parts.ledger, quarantine_key=parts.keys.quarantine),
            clock=parts.clock,
            on_step=parts.on_step,
        ),
        decide=build_decide(
            ledger=parts.ledger,
            vault=parts.vault,
            engine=parts.engine,
            rules=rules,
            clock=parts.clock,
            on_step=parts.on_step,
        ),
        register=Register(
            database=database,
            signer=parts.keys.checkpoint,
            origin=parts.origin,
            export=Export(parts.register_folder, vkey=vkey),
            on_step=parts.on_step,
        ),
        feed=Feed(database=database, areas=Areas(protocols=areas), origin=parts.origin),
        strike=Strike(ledger=parts.ledger, vault=parts.vault, areas=areas, clock=parts.clock),
        view=View(
            database=database,
            ledger=parts.ledger,
            vault=parts.vault,
            fields=rules.fields,
            desks=PresentDesks(directory),
            origin=parts.origin,
        ),
        notices=Notices(database=database, desks=PresentDesks(directory)),
        feeds=FeedReader(database=database, key=parts.keys.receipt, clock=parts.clock),
        admin=admin,
        clock=parts.clock,
        replay=replay,
        on_step=parts.on_step,
        close=parts.close,
    )
