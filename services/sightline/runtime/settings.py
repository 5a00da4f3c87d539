"""Every setting, read once from `SIGHTLINE_` variables. An unknown one is refused: a typo must not become a default."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sightline.kernel.errors import Refused

_OTHERS = frozenset(
    {"SIGHTLINE_OPA", "SIGHTLINE_REQUIRE_SERVICES", "SIGHTLINE_KILLS", "SIGHTLINE_EXAMPLES", "SIGHTLINE_KILL_AT"}
)
"""Read by scripts and tests, not by the hub."""


class Settings(BaseSettings):
    """How a hub is run. Units are in the names."""

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

    @model_validator(mode="before")
    @classmethod
    def _known_only(cls, values: Any) -> Any:
        known = {f"SIGHTLINE_{name.upper()}" for name in cls.model_fields} | _OTHERS
        unknown = sorted(n for n in os.environ if n.startswith("SIGHTLINE_") and n not in known)
        if unknown:
            raise Refused("unknown_setting", ", ".join(unknown))
        return values
