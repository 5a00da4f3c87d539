"""Connections to PostgreSQL that do not wait for ever: a server that is frozen looks like one that is busy.

Time-outs of the server's own (``statement_timeout``) do not run while it is frozen, and those of TCP neither: the kernel
acknowledges what nobody reads. So the client looks at the clock. A connection that was not answered in time is closed:
what it asked may have been committed or not, and is found by position or by unique row when it is asked again.
"""

from collections.abc import Generator
from typing import Any

from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

ANSWER_S = 10.0
"""How long one answer of the server may take, unless something else is set."""
RECONNECT_S = 3.0
"""How long a pool goes on trying for one connection, with longer and longer pauses. Then the next caller asks anew: with
the library's five minutes a server that was away for long would be found again only minutes after it came back."""
KEEPALIVES: dict[str, str] = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""For a server that vanished with its machine (libpq 34.1.2): connections that nobody uses end too."""


class Unanswered(OperationalError):
    """The server took too long. Says nothing of its other connections."""


def connecting(within_s: float) -> dict[str, str]:
    """What a connection is opened with. libpq and psycopg take no less than two seconds."""
    return {"connect_timeout": str(max(2, round(within_s))), **KEEPALIVES}


def bounded(answer_s: float) -> type[Connection[Any]]:
    """A kind of connection of which no wait for the server takes longer. Raises `Unanswered`, and is closed then."""

    class Bounded(Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, answer_s if timeout is None else timeout)
            except OperationalError as exc:
                if timeout is not None or not _is_a_wait(exc):
                    raise
                self.close()
                raise Unanswered("the server did not answer in time") from exc

    return Bounded


def bind(pool: ConnectionPool[Any], answer_s: float) -> None:
    """Bound a pool that is not open yet."""
    pool.connection_class = bounded(answer_s)
    pool.reconnect_timeout = RECONNECT_S


def _is_a_wait(exc: OperationalError) -> bool:
    """psycopg 3.3 gives it no public name."""
    return type(exc).__name__ == "_WaitTimeout"
