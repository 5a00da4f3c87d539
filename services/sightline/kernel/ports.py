"""What the stages need from outside, said once. Adapters fit by shape; `runtime` is where strict typing proves it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

Value = int | str | bytes | float | None
Row = Sequence[Any]


class Clock(Protocol):
    """The only source of the present. Journeys set it; nothing else reads the time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""


class Session(Protocol):
    """One open transaction. SQL is the subset that SQLite and PostgreSQL share; parameters are written ``?``."""

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Run one statement; the rows it returned, or an empty list."""

    def execute_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row of parameters."""


class Database(Protocol):
    """Tables of ours beside the ledger's, in the same database."""

    def transaction(self) -> AbstractContextManager[Session]:
        """A read-write transaction: committed on a normal exit, rolled back on any exception."""

    def reading(self) -> AbstractContextManager[Session]:
        """A read-only look at one consistent state."""


class PolicyEngine(Protocol):
    """Rego, however it is run. One engine instance evaluates one policy, whose digests it names."""

    @property
    def policy(self) -> str:
        """Digest of the Rego and data sources: ``sha256:`` and base64url without padding."""

    @property
    def engine(self) -> str:
        """Digest of what evaluates them (compiled module or server version), same form."""

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """One raw result for each facts document (canonical JSON bytes), in order.

        Raises `Unavailable` when the engine as a whole does not answer; `Corrupt` never. A single document that the
        engine cannot decide yields a mapping with the one key ``undecidable`` (a reason code), so that the rest goes on.
        """
