"""How to reach a broker as somebody: the address, whom to believe, who one is. What both sides of the border need alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """How to reach a broker as somebody."""

    bootstrap: str
    """``host:port``, several with commas."""
    ca: Path
    """The authority that the broker's certificate must be under."""
    user: str
    password: str

    @property
    def settings(self) -> dict[str, Any]:
        """For any client of kafka-python."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": "SASL_SSL",
            "ssl_cafile": str(self.ca),
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }

    def __repr__(self) -> str:
        """Without the password."""
        return f"Access({self.user} at {self.bootstrap})"
