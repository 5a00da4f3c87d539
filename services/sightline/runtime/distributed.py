"""The distributed mode: PostgreSQL, an OPA server, and stages in processes of their own. What each is built of.

`distributed` is the whole, for `serve` and for tests. The others are one stage each, with the keys of that stage and no
more (design §3). Tables are made beforehand, by who may (infra/postgres/secure): no process of the hub's may.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from sightline.adapters import keyparts, postgres
from sightline.adapters.clock import SystemClock
from sightline.adapters.keyfolder import wrapping_key
from sightline.adapters.opa_server import LateEngine, ServerEngine
from sightline.adapters.postgres_vault import PostgresVault
from sightline.decide.stage import Decide
from sightline.feed.stage import Feed
from sightline.kernel.errors import Corrupt, Refused
from sightline.kernel.ports import Clock, PolicyEngine
from sightline.kernel.share import share
from sightline.ledger.directory import Directory
from sightline.ledger.holding import Held
from sightline.ledger.store import Ledger
from sightline.record.strike import Strike
from sightline.register.seal import Register
from sightline.runtime.build import (
    Parts,
    build,
    build_feed,
    build_intake,
    build_register,
    clock_rules_of,
    protocols_of,
)
from sightline.runtime.build_decide import build_decide, read_rules
from sightline.runtime.hub import Hub
from sightline.runtime.intake import Intake
from sightline.runtime.outbox import Outbox
from sightline.runtime.settings import Settings, secret_in
from sightline.runtime.stores import WRAPPING

OnStep = Callable[[str], None]


def _no_step(_step: str) -> None:
    """Nobody watches."""


def distributed(
    settings: Settings,
    *,
    clock: Clock | None = None,
    engine: PolicyEngine | None = None,
    on_step: OnStep = _no_step,
) -> Hub:
    """A hub over PostgreSQL and OPA; founded if database and key folder are new. One that stands needs no OPA for this.

    `engine`: the caller's, who closes it; by default a connection of its own to the settings' OPA server.

    Raises Corrupt ``key_missing`` for a database that has a hub whose keys are not in the folder.
    """
    with ExitStack() as opened:
        ledger = opened.enter_context(closing(ledger_of(settings)))
        if not keyparts.is_founded(settings.keys) and ledger.head():
            raise Corrupt("key_missing", "the database holds a hub, and the key folder none of its keys")
        keys = keyparts.hub_keys(settings.keys, origin_of(settings))
        everything = ExitStack()
        hub = build(
            Parts(
                origin=origin_of(settings),
                ledger=ledger,
                vault=opened.enter_context(closing(vault_of(settings, keys.wrapping))),
                engine=engine or opened.enter_context(closing(LateEngine(settings.opa_url, share("policies")))),
                policies=share("policies"),
                keys=keys,
                clock=clock or SystemClock(),
                register_folder=settings.export,
                on_step=on_step,
                close=everything.close,
            )
        )
        opened.enter_context(closing(hub.verify))
        everything.push(opened.pop_all())
    return hub


# ------------------------------------------------------------------------------------------------------- one stage each


@dataclass(frozen=True, kw_only=True)
class RecordParts:
    """What `record` works with."""

    intake: Intake
    ledger: Ledger


@contextmanager
def for_record(settings: Settings, *, clock: Clock, on_step: OnStep = _no_step) -> Iterator[RecordParts]:
    """Receipt, unsealing, matching, quarantine and wrapping key."""
    keys = keyparts.record_keys(settings.keys)
    with closing(ledger_of(settings)) as ledger, closing(vault_of(settings, keys.wrapping)) as vault:
        intake = build_intake(
            origin=origin_of(settings),
            ledger=ledger,
            vault=vault,
            rules=read_rules(share("policies")),
            keys=keys,
            clock=clock,
            on_step=on_step,
        )
        with closing(intake.verify):
            yield RecordParts(intake=intake, ledger=ledger)


@contextmanager
def for_relay(settings: Settings) -> Iterator[Outbox]:
    """No key at all: what goes out is signed already, or holds nothing that needs it."""
    with closing(ledger_of(settings)) as ledger:
        yield Outbox(database=ledger.database, directory=Directory(ledger))


@contextmanager
def for_decide(settings: Settings, *, clock: Clock, on_step: OnStep = _no_step) -> Iterator[tuple[Decide, Ledger]]:
    """The wrapping key."""
    with (
        closing(vault_of(settings, wrapping_key(settings.keys))) as vault,
        closing(ledger_of(settings)) as ledger,
        closing(engine_of(settings)) as engine,
    ):
        rules = read_rules(share("policies"))
        yield (
            build_decide(ledger=ledger, vault=vault, engine=engine, rules=rules, clock=clock, on_step=on_step),
            ledger,
        )


@contextmanager
def for_seal(settings: Settings, *, on_step: OnStep = _no_step) -> Iterator[tuple[Register, Feed]]:
    """The checkpoint key, and the export's folder. What is sealed is told by the same worker."""
    origin = origin_of(settings)
    signer = keyparts.checkpoint_key(settings.keys, origin)
    with closing(ledger_of(settings)) as ledger:
        yield (
            build_register(
                origin=origin, database=ledger.database, signer=signer, folder=settings.export, on_step=on_step
            ),
            build_feed(origin=origin, database=ledger.database, rules=read_rules(share("policies"))),
        )


@contextmanager
def for_clock(settings: Settings, *, clock: Clock, on_step: OnStep = _no_step) -> Iterator[Strike]:
    """The wrapping key: what strikes is written as an item of the hub's own, and items are sealed."""
    with (
        closing(vault_of(settings, wrapping_key(settings.keys))) as vault,
        closing(ledger_of(settings)) as ledger,
    ):
        rules = read_rules(share("policies"))
        areas = protocols_of(Directory(ledger), rules)
        yield Strike(
            ledger=ledger,
            vault=vault,
            areas=areas,
            rules=clock_rules_of(rules),
            clock=clock,
            held=Held(ledger),
            on_step=on_step,
        )


# ------------------------------------------------------------------------------------------------------ what they share


def ledger_of(settings: Settings) -> Ledger:
    """The ledger in PostgreSQL, and our tables beside it."""
    bounds = {f"POSTGRES_{postgres.ANSWER}": str(settings.database_timeout_s), "CREATE_TABLE": "n"}
    return Ledger(env=postgres.settings_of(secret_in(settings.database, "database")) | bounds)


def vault_of(settings: Settings, wrapping: bytes) -> PostgresVault:
    """The keys of children and areas. Raises Refused ``vault_within`` for one in the ledger's database."""
    address = secret_in(settings.vault, "vault")
    place = ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DBNAME")
    ours, theirs = postgres.settings_of(address), postgres.settings_of(secret_in(settings.database, "database"))
    if all(ours[name] == theirs[name] for name in place):
        raise Refused("vault_within", "the vault needs a database of its own: a backup of the ledger's would hold it")
    return PostgresVault(address, {WRAPPING: wrapping}, timeout_s=settings.database_timeout_s)


def engine_of(settings: Settings) -> ServerEngine:
    """The OPA server, which must hold the policy of this program."""
    return ServerEngine(settings.opa_url, share("policies"))


def origin_of(settings: Settings) -> str:
    """The name of the log: that of the keys, unless another was asked for (and will be refused)."""
    if "origin" in settings.model_fields_set or not keyparts.is_founded(settings.keys):
        return settings.origin
    return keyparts.origin_of(settings.keys)
