"""The services of the demo's folder, and what each process that uses them is started with."""

from sightline.entrypoints.demo.process import SERVE
from sightline.entrypoints.services import Started, line
from sightline.runtime.settings import Settings

TIMED = ("record", SERVE, "clock")
STAGES = (SERVE, "record", "relay", "decide", "seal", "clock")


class Services(Started):
    """By their folder."""

    __slots__ = ()

    @property
    def postgres(self) -> str:
        """``host:port``."""
        return line(self.folder / "postgres" / "last")

    def environment(self, settings: Settings, stage: str) -> dict[str, str]:
        """What a process of that stage is started with: its own keys, its own log-in, and nothing else."""
        found: dict[str, object] = {
            "DATABASE": settings.database,
            "VAULT": settings.vault,
            "OPA_URL": settings.opa_url,
            "KEYS_FOLDER": settings.data.parent / f"keys-{stage}",
            "REGISTER_FOLDER": settings.export,
            "KAFKA": self.kafka,
            "KAFKA_CA": self.authority,
            "KAFKA_PASSWORD": self.passwords / f"hub.{stage}.password",
            # The story's clock moves by hours: it is looked at often, so that nobody waits for the next look.
            "CLOCK_INTERVAL_S": 0.02,
        }
        if stage == "relay":
            del found["VAULT"], found["OPA_URL"], found["KEYS_FOLDER"]
        if stage not in {"record", "relay"}:
            found = {name: value for name, value in found.items() if not name.startswith("KAFKA")}
        return {f"SIGHTLINE_{name}": str(value) for name, value in found.items()}
