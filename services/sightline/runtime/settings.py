"""Every setting, read once from `SIGHTLINE_` variables. An unknown one is refused: a typo must not become a default."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sightline.kernel.errors import Refused

_OTHERS = frozenset(
    {
        "SIGHTLINE_OPA",
        "SIGHTLINE_REQUIRE_SERVICES",
        "SIGHTLINE_KILLS",
        "SIGHTLINE_WORKER_KILLS",
        "SIGHTLINE_EXAMPLES",
        "SIGHTLINE_KILL_AT",
    }
)
"""Read by scripts and tests, not by the hub."""


class Settings(BaseSettings):
    """How a hub is run. Units are in the names. Secrets are in files, which only their names stand for here."""

    model_config = SettingsConfigDict(env_prefix="SIGHTLINE_", frozen=True, extra="forbid")

    data: Path = Path("sightline-data")
    """Folder of the embedded hub: ledger, keys, register."""
    origin: str = "sightline.local/embedded"
    """Name of the log; checkpoints carry it for ever."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    audience: str = "sightline"
    """What reading tokens must be made out to."""
    batch_submissions: int = Field(default=256, ge=1, le=4096)
    """Submissions taken in one transaction."""
    queue_submissions: int = Field(default=2048, ge=1)
    """Submissions that may wait; beyond it the hub answers 503."""
    decide: Literal["auto", "process", "inline"] = "auto"
    """Where the decide stage runs: in a process of its own, or in the thread that records. auto: a process of its own
    where the hub may use two cores or more."""
    seal_interval_ms: int = Field(default=100, ge=1, le=60_000)
    """How long a decision may wait for its checkpoint while busy."""
    clock_interval_s: float = Field(default=1.0, gt=0, le=3600)
    heartbeat_interval_s: float = Field(default=15.0, gt=0, le=3600)
    """How often a stream says that it is alive, and how far it has come."""
    request_timeout_s: float = Field(default=30.0, gt=0, le=600)
    small_number: int = Field(default=5, ge=1, le=1000)
    """Counts below it are not published (`sightline stats`; Q-24 †: agree it with the board)."""

    # ---------------------------------------------------------------------------------------------- distributed mode
    database: Path | None = None
    """File with the address of the ledger's PostgreSQL database. Naming one makes the hub a distributed one."""
    vault: Path | None = None
    """File with the address of the database of children's keys: another one, that no backup of the first holds."""
    database_timeout_s: float = Field(default=10.0, ge=1, le=600)
    """How long one answer of either database may take. Then it is asked anew, and health pages name it."""
    opa_url: str = ""
    """The OPA server: ``http://host:port``."""
    keys_folder: Path | None = None
    """The hub's own keys, or those that one worker was given (`sightline admin keys`); ``<data>/keys`` if not named."""
    register_folder: Path | None = None
    """Where `seal` exports the register; ``<data>/register`` if not named."""
    kafka: str = ""
    """The broker: ``host:port``, several with commas."""
    kafka_ca: Path | None = None
    """The authority that the broker's certificate must be under."""
    kafka_user: str = ""
    """Who the worker logs in as; ``hub.record`` or ``hub.relay`` if not named."""
    kafka_password: Path | None = None
    """File with that user's password."""
    metrics_port: int = Field(default=9100, ge=0, le=65535)
    """Where a worker answers ``/healthz``, ``/readyz`` and ``/metrics``, on `host`; 0 takes a free one."""

    @property
    def is_distributed(self) -> bool:
        """Whether ledger and views are in PostgreSQL, and stages run as workers."""
        return self.database is not None

    @property
    def keys(self) -> Path:
        """The folder of keys."""
        return self.keys_folder or self.data / "keys"

    @property
    def export(self) -> Path:
        """The register's folder."""
        return self.register_folder or self.data / "register"

    @model_validator(mode="before")
    @classmethod
    def _known_only(cls, values: Any) -> Any:
        known = {f"SIGHTLINE_{name.upper()}" for name in cls.model_fields} | _OTHERS
        unknown = sorted(n for n in os.environ if n.startswith("SIGHTLINE_") and n not in known)
        if unknown:
            raise Refused("unknown_setting", ", ".join(unknown))
        return values


def secret_in(file: Path | None, what: str) -> str:
    """What that file holds. Raises Refused ``setting_missing`` where no file is named, or none can be read."""
    if file is None:
        raise Refused("setting_missing", f"SIGHTLINE_{what.upper()}: a file")
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise Refused("setting_missing", f"SIGHTLINE_{what.upper()}: the file cannot be read") from exc
