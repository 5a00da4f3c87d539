"""The policy engine as an OPA server, asked over HTTP by opa-python-client. Fits `kernel.ports.PolicyEngine`.

Of that client only plain rule queries are used. Its bulk and ad hoc queries put the facts into the query text, where
they cannot be kept out of OPA's logs, and fail as a whole when one document is undefined.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sightline.adapters.asking import NotDecided, answers, as_list
from sightline.formats.canonical import canonical
from sightline.formats.policy_digest import digest, policy_data, policy_digest, policy_sources
from sightline.kernel.errors import Refused, Unavailable

if TYPE_CHECKING:
    from opa_client.opa import OpaClient

PACKAGE = "sightline.disclosure"
RULE = "decisions"

OLDEST = (1, 19)
"""Before 1.4.0 a crafted path could inject Rego (CVE-2025-46569); 1.19 is what the contract suite runs against."""


class ServerEngine:
    """One OPA server that holds exactly our policy. Many threads may ask at once."""

    def __init__(self, url: str, folder: Path, *, timeout_s: float = 5.0, connections: int = 4) -> None:
        """`url` is ``http://host:port``; `folder` the policy that it must hold. `timeout_s` bounds one call.

        Raises Refused (``engine_policy_mismatch``, ``engine_too_old``, ``engine_address``) and Unavailable
        (``engine_down``).
        """
        self._client = _client(url, timeout_s)
        self._policy_digest = policy_digest(folder)
        self._sources = policy_sources(folder)
        self._data = policy_data(folder)
        try:
            version = self._version()
            self.check()
        except BaseException:
            self._client.close_connection()
            raise
        self._engine_digest = digest(canonical({"name": "opa", "version": version}))
        self._closed = False
        self._threads = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="opa")

    @property
    def policy(self) -> str:
        """Digest of the Rego and data sources that the server was found to hold."""
        return self._policy_digest

    @property
    def engine(self) -> str:
        """Digest of the server's name and version."""
        return self._engine_digest

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """One raw result for each document, in order; ``undecidable`` says why one could not be decided.

        Reasons: ``undefined``, ``malformed_facts``, ``evaluation_error``, ``malformed_result``.
        """
        if self._closed:
            raise Unavailable("engine_down", "this engine was closed")
        return answers(facts, self._ask, over=self._threads.map)

    def check(self) -> None:
        """Raise Refused (``engine_policy_mismatch``) unless the server holds our Rego, our data and no other Rego."""
        with _answering():
            names = self._client.get_policies_list()
            served = sorted(self._client.get_policy(name)["result"]["raw"].encode() for name in names)
            data = {name: self._client.get_data(name)["result"] for name in self._data}
        if served != sorted(raw for path, raw in self._sources.items() if path.endswith(".rego")):
            raise Refused("engine_policy_mismatch", "the server's Rego is not the policy's")
        if data != self._data:
            raise Refused("engine_policy_mismatch", "the server's data is not the policy's")

    def close(self) -> None:
        """Close the connections. Asking afterwards raises Unavailable."""
        self._closed = True
        self._threads.shutdown()
        self._client.close_connection()

    def _version(self) -> str:
        with _answering():
            version = str(self._client.get_config()["result"]["labels"]["version"])
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
        if numbers < OLDEST:
            raise Refused("engine_too_old", "the OPA server is older than 1.19")
        return version

    def _ask(self, facts: Sequence[bytes]) -> object:
        try:
            answer = self._client.query_rule(json.loads(as_list(facts)), PACKAGE, RULE)
        except RecursionError as exc:
            raise NotDecided("malformed_facts") from exc
        except OSError as exc:
            if _is_about_the_facts(exc):
                raise NotDecided("evaluation_error") from exc
            raise Unavailable("engine_down", "the policy engine does not answer") from exc
        if not isinstance(answer, dict):
            raise Unavailable("engine_down", "the policy engine does not answer as OPA does")
        # An undefined rule is an answer without a result: 200, and nothing that says no.
        if "result" not in answer:
            raise NotDecided("undefined")
        return answer["result"]


class LateEngine:
    """An OPA server that need not be there yet: asked for when it is first needed, and then again until it is there."""

    def __init__(self, url: str, folder: Path) -> None:
        """Raises Refused ``engine_address``."""
        _client(url, 1.0).close_connection()
        self._found: ServerEngine | None = None
        self._open = partial(ServerEngine, url, folder)
        self._policy = policy_digest(folder)
        self._lock = threading.Lock()

    @property
    def policy(self) -> str:
        """Digest of the sources that the server must hold."""
        return self._policy

    @property
    def engine(self) -> str:
        """As of `ServerEngine`. Raises what opening one raises."""
        return self._server().engine

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """As of `ServerEngine`. Raises what opening one raises."""
        return self._server().decide(facts)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if self._found is not None:
            self._found.close()

    def _server(self) -> ServerEngine:
        with self._lock:
            self._found = self._found or self._open()
            return self._found


def _client(url: str, timeout_s: float) -> "OpaClient":
    from opa_client.opa import OpaClient  # noqa: PLC0415  # it loads two HTTP libraries: a third of the start of each program that asks no server

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise Refused("engine_address", "an engine's address is http://host:port")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    client = OpaClient(host=parts.hostname, port=port, ssl=secure, timeout=timeout_s, retries=1)
    # Facts must not pass through whatever proxy the environment happens to name.
    client._session.trust_env = False  # noqa: SLF001  # opa-python-client has no option for it: a proxy of the environment would be sent the facts
    return client


@contextmanager
def _answering() -> Iterator[None]:
    """Every failure to answer, or to answer as OPA does, as `Unavailable`."""
    from opa_client.errors import PolicyNotFoundError  # noqa: PLC0415  # its package loads two HTTP libraries, which a program that asks no server can spare

    try:
        yield
    except PolicyNotFoundError as exc:
        raise Refused("engine_policy_mismatch", "the server does not hold the policy") from exc
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as exc:
        raise Unavailable("engine_down", "the policy engine does not answer as OPA does") from exc


def _is_about_the_facts(exc: OSError) -> bool:
    """OPA says 500 and ``internal_error`` when evaluating one input fails; everything else is the server's own."""
    response = getattr(exc, "response", None)
    if response is None or response.status_code != 500:
        return False
    try:
        return bool(response.json().get("code") == "internal_error")
    except (ValueError, AttributeError):
        return False
