"""Every policy that was ever in force, kept beside the ledger, so that what it decided can be decided again (P5)."""

from collections.abc import Callable
from typing import NamedTuple

from sightline.kernel.ports import Database, PolicyEngine, Session
from sightline.ledger.world import PolicyData


class ReadyPolicy(NamedTuple):
    """One policy, ready to decide by."""

    engine: PolicyEngine
    data: PolicyData


Policies = Callable[[str], ReadyPolicy | None]
"""Policy digest to what decides by it; None when that is not to be had."""

TABLES = ("CREATE TABLE IF NOT EXISTS policies (digest TEXT PRIMARY KEY, bundle BLOB)",)


def is_kept(session: Session, digest: str) -> bool:
    """Whether the policy of that digest is kept."""
    return bool(session.execute("SELECT 1 FROM policies WHERE digest = ?", (digest,)))


def keep(session: Session, digest: str, bundle: bytes) -> None:
    """Keep that policy (`policy_bundle`). One that is kept already stays as it is."""
    session.execute("INSERT INTO policies VALUES (?,?) ON CONFLICT (digest) DO NOTHING", (digest, bundle))


def kept(database: Database, digest: str) -> bytes | None:
    """The bundle kept under that digest; None where there is none."""
    with database.reading() as session:
        rows = session.execute("SELECT bundle FROM policies WHERE digest = ?", (digest,))
    return bytes(rows[0][0]) if rows else None


def digests(database: Database) -> set[str]:
    """Every policy that is kept."""
    with database.reading() as session:
        return {str(row[0]) for row in session.execute("SELECT digest FROM policies")}
