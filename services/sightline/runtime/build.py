"""Putting a hub together. Only what differs between the two modes is passed in; all else is built once, here."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sightline.adapters.keyfile import HubKeys, IntakeKeys, Signer
from sightline.audit.replay import Replay, Replaying
from sightline.decide import folds
from sightline.decide.stage import TABLES as DECIDE_TABLES
from sightline.feed.reading import FeedReader
from sightline.feed.stage import TABLES as FEED_TABLES
from sightline.feed.stage import Feed
from sightline.formats import jwe
from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import Clock, Database, PolicyEngine
from sightline.ledger import clocks, kept_policies, positions
from sightline.ledger.directory import Directory, PresentDesks, SendersByRole
from sightline.ledger.holding import Held
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.protocols import Protocols
from sightline.ledger.sealing import KeyVault
from sightline.ledger.store import Ledger
from sightline.protocol.areas import AreaProtocol, read_area
from sightline.protocol.clock_rules import ClockRules, clock_documents
from sightline.record.admin import Admin
from sightline.record.matching import Matcher
from sightline.record.refusing import Refusing
from sightline.record.sparing import Sparing
from sightline.record.stage import Record
from sightline.record.strike import Strike
from sightline.record.tables import TABLES as RECORD_TABLES
from sightline.register.export import Export
from sightline.register.seal import Register
from sightline.register.tables import TABLES as REGISTER_TABLES
from sightline.runtime.build_decide import Rules, build_decide, read_rules
from sightline.runtime.hub import Areas, Hub, sign_receipts
from sightline.runtime.intake import Intake
from sightline.runtime.policies import HeldPolicies, keep_policy
from sightline.verify.stage import Verify
from sightline.view.notices import Notices
from sightline.view.reading import View
from sightline.view.sight import Sight

TABLES = (
    *positions.TABLES,
    *kept_policies.TABLES,
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
    """A hub whose tables exist and whose ledger is founded. Its policy is in force, unless the engine does not answer.

    Raises Unavailable where it does not, and the hub would be new. Else `Hub.found` is to be called until it does.
    """
    database = parts.ledger.database
    make_tables(database)
    rules = read_rules(parts.policies)
    admin = Admin(ledger=parts.ledger, clock=parts.clock)

    def found() -> None:
        keep_policy(database, parts.policies)
        admin.found(origin=parts.origin, engine=parts.engine)

    with suppress(*([Unavailable] if admin.is_founded() else [])):
        found()
    held = Held(parts.ledger)
    intake = build_intake(
        origin=parts.origin,
        ledger=parts.ledger,
        vault=parts.vault,
        rules=rules,
        keys=parts.keys,
        clock=parts.clock,
        held=held,
        on_step=parts.on_step,
    )
    intake.directory.refresh()

    def replay() -> Replay:
        at_hand = ReadyPolicy(parts.engine, rules.data)
        with closing(HeldPolicies(ledger=parts.ledger, folder=parts.policies, at_hand=at_hand)) as policies:
            return Replaying(
                ledger=parts.ledger, database=database, vault=parts.vault, fields=rules.fields, policies=policies
            ).run()

    return Hub(
        origin=parts.origin,
        vkey=parts.keys.checkpoint.vkey,
        register_folder=parts.register_folder,
        hub_keys={parts.keys.receipt.kid: (parts.keys.receipt.alg, parts.keys.receipt.public)},
        intake_key=jwe.public_part(parts.keys.unseal),
        database=database,
        ledger=parts.ledger,
        directory=intake.directory,
        schemas=rules.schemas,
        intake=intake,
        verify=intake.verify,
        record=intake.record,
        decide=build_decide(
            ledger=parts.ledger,
            vault=parts.vault,
            engine=parts.engine,
            rules=rules,
            clock=parts.clock,
            on_step=parts.on_step,
        ),
        register=build_register(
            origin=parts.origin,
            database=database,
            signer=parts.keys.checkpoint,
            folder=parts.register_folder,
            on_step=parts.on_step,
        ),
        feed=build_feed(origin=parts.origin, database=database, rules=rules),
        strike=Strike(
            ledger=parts.ledger,
            vault=parts.vault,
            areas=protocols_of(intake.directory, rules),
            rules=clock_rules_of(rules),
            clock=parts.clock,
            held=held,
        ),
        view=View(
            database=database,
            ledger=parts.ledger,
            vault=parts.vault,
            fields=rules.fields,
            desks=PresentDesks(intake.directory),
            origin=parts.origin,
        ),
        notices=Notices(database=database, desks=PresentDesks(intake.directory)),
        feeds=FeedReader(database=database, key=parts.keys.receipt, clock=parts.clock),
        admin=admin,
        found=found,
        clock=parts.clock,
        replay=replay,
        on_step=parts.on_step,
        close=parts.close,
    )


def make_tables(database: Database) -> None:
    """Our tables, where they are not there yet."""
    with database.transaction() as session:
        for statement in TABLES:
            session.execute(statement)


def build_intake(
    *,
    origin: str,
    ledger: Ledger,
    vault: KeyVault,
    rules: Rules,
    keys: IntakeKeys,
    clock: Clock,
    held: Held | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Intake:
    """Submit, verify and record, with the keys of those stages and no other. `held`: shared with the clock stage here."""
    directory = Directory(ledger)
    return Intake(
        directory=directory,
        schemas=rules.schemas,
        unsealer=jwe.Unsealer([keys.unseal]),
        verify=Verify(keys=directory, senders=SendersByRole(rules.documents["senders"])),
        record=Sparing(
            Record(
                ledger=ledger,
                vault=vault,
                desks=directory,
                areas=protocols_of(directory, rules),
                rules=clock_rules_of(rules),
                sight=Sight(origin),
                matcher=Matcher(keys.matching),
                sign=sign_receipts(keys.receipt),
                refusing=Refusing(ledger=ledger, quarantine_key=keys.quarantine),
                clock=clock,
                held=held or Held(ledger),
                on_step=on_step,
            )
        ),
        clock=clock,
        on_step=on_step,
    )


def build_register(
    *,
    origin: str,
    database: Database,
    signer: Signer,
    folder: Path,
    on_step: Callable[[str], None] = lambda _: None,
) -> Register:
    """The sealer, with its export."""
    return Register(
        database=database,
        signer=signer,
        origin=origin,
        export=Export(folder, vkey=signer.vkey),
        on_step=on_step,
    )


def build_feed(*, origin: str, database: Database, rules: Rules) -> Feed:
    """The stage that tells desks of what was sealed. It needs no key."""
    return Feed(database=database, areas=Areas(protocols=areas_of(rules)), origin=origin)


def protocols_of(directory: Directory, rules: Rules) -> Protocols:
    """The areas' protocols in force, as the ledger says."""
    return Protocols(directory, rules.documents["areas"])


def areas_of(rules: Rules) -> dict[str, AreaProtocol]:
    """Each area's protocol before it chooses another: for times that no edition changes."""
    return {name: read_area(name, row) for name, row in rules.documents["areas"].items()}


def clock_rules_of(rules: Rules) -> ClockRules:
    """The clocks' rules, from the policy's data."""
    return ClockRules.read(clock_documents(rules.documents))
