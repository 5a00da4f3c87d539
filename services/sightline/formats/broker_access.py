"""How to reach a broker as somebody: the address, whom to believe, who one is. What both sides of the border need alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

MECHANISM = "SCRAM-SHA-512"
NO_PASSPHRASE = ""
"""Given, so that nothing asks for one at the terminal: a key that has one is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """What one logs in with in place of a password, on a listener that asks for it."""

    chain: Path
    """PEM: the certificate, and those between it and its authority, if any."""
    key: Path
    """PEM, without a passphrase: a system has nobody to ask for one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """How to reach a broker as somebody: by a certificate, or by a name and its password."""

    bootstrap: str
    """``host:port``, several with commas."""
    ca: Path
    """The authority that the broker's certificate must be under."""
    user: str = ""
    password: str = ""
    certificate: Certificate | None = None
    """Who one is stands in it: user and password are not looked at."""

    @property
    def who(self) -> str:
        """Who logs in, for a person."""
        return self.user if self.certificate is None else f"the bearer of {self.certificate.chain.name}"

    @property
    def settings(self) -> dict[str, Any]:
        """For any client of kafka-python."""
        where = {"bootstrap_servers": self.bootstrap.split(","), "ssl_cafile": str(self.ca)}
        if self.certificate is not None:
            return where | {
                "security_protocol": "SSL",
                "ssl_certfile": str(self.certificate.chain),
                "ssl_keyfile": str(self.certificate.key),
                "ssl_password": NO_PASSPHRASE,
            }
        return where | {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }

    def __repr__(self) -> str:
        """Without the password."""
        return f"Access({self.who} at {self.bootstrap})"
