"""The row "naive": for each decision one call to an OPA server over HTTP, and one row inserted and committed.

What is asked are the facts documents of decisions that the row in process made. Everything that comes before (checking
signatures, recording, deriving those facts) and after (the register, the feeds) is left out, in favour of this row. The
client is the plain one of the standard library on one connection that stays open, which costs less than the usual ones.
"""

import json
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from sightline.entrypoints import folder as data_folder
from sightline.entrypoints.bench.inprocess import HUB
from sightline.entrypoints.bench.measure import Spent
from sightline.entrypoints.bench.report import NOT_MEASURED
from sightline.entrypoints.bench.rounds import HUB_TYPES, Asked
from sightline.entrypoints.bench.workload import DESKS_CONSIDERED
from sightline.entrypoints.evidence import vault
from sightline.kernel.share import share
from sightline.ledger.documents import unpack
from sightline.ledger.items import ItemEntry
from sightline.ledger.sealing import ItemKey, KeyVault, key_names
from sightline.ledger.store import Ledger

SAMPLE = 100
_PATH = "/v1/data/sightline/disclosure/decision"
_START_S = 20.0
_TIMEOUT_S = 10.0
_WARM_UP = 20


class Question(NamedTuple):
    """One decision to be made."""

    item: int
    desk: str
    facts: bytes


def measure(asked: Asked) -> dict[str, Any]:
    """The row; needs the hub that the row in process left, and the pinned ``opa``."""
    opa, advice = _find_opa()
    if not opa:
        return {NOT_MEASURED: advice}
    sample = _sample(asked.folder / HUB)
    with (
        _served(opa, asked.folder / "opa.log") as port,
        closing(HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)) as connection,
        closing(_database(asked.folder / "naive.sqlite")) as database,
    ):
        for question in sample[:_WARM_UP]:
            _ask(connection, question)
        asking, keeping = _run(connection, database, sample)
    return _figures(len({question.item for question in sample}), len(sample), asking, keeping)


def _run(connection: HTTPConnection, database: sqlite3.Connection, sample: Sequence[Question]) -> tuple[Spent, Spent]:
    asking, keeping = Spent(), Spent()
    for question in sample:
        with asking.measured():
            decision = _ask(connection, question)
        with keeping.measured():
            database.execute("INSERT INTO decisions VALUES (?,?,?,?)", (*question, decision))
    return asking, keeping


def _ask(connection: HTTPConnection, question: Question) -> bytes:
    body = b'{"input":%b}' % question.facts
    connection.request("POST", _PATH, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    decision = answer.read()
    if answer.status != 200 or not json.loads(decision).get("result"):
        raise RuntimeError("the OPA server did not decide")
    return decision


def _figures(submissions: int, decisions: int, asking: Spent, keeping: Spent) -> dict[str, Any]:
    both = Spent(wall_s=asking.wall_s + keeping.wall_s)
    return {
        "submissions": submissions,
        "decisions": decisions,
        "submissions_per_s": both.rate(submissions),
        "decisions_per_s": both.rate(decisions),
        "wall_s": round(both.wall_s, 3),
        "ask_ms_mean": round(asking.wall_s / max(1, decisions) * 1000, 3),
        "insert_ms_mean": round(keeping.wall_s / max(1, decisions) * 1000, 3),
        "connections": 1,
    }


def _database(path: Path) -> sqlite3.Connection:
    """As safe as the hub's: each statement commits, and is on the disk before it returns."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE decisions (item BIGINT, desk TEXT, facts BLOB, decision BLOB)")
    return database


# ------------------------------------------------------------------------------------------ the questions of a real run
_FACTS = (
    "SELECT f.item, f.cause, f.sealed, i.stream, i.version FROM facts f JOIN item_folds i ON i.position = f.item"  # noqa: S608  # what is put in is a constant of this program, never what anybody sent
    f" WHERE i.type NOT IN {HUB_TYPES} AND f.cause = (SELECT MIN(cause) FROM facts g WHERE g.item = f.item)"
    " ORDER BY f.item"
)
"""Facts of the items that were sent, at the moment they came."""


def _sample(hub: Path) -> list[Question]:
    """Twelve desks of each of a hundred items, from the whole run."""
    with data_folder.opened(hub) as opened, vault(opened) as keys:
        with opened.ledger.database.reading() as session:
            rows = session.execute(_FACTS)
        chosen = rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]
        return [question for row in chosen for question in _questions(opened.ledger, keys, row)]


def _questions(ledger: Ledger, vault: KeyVault, row: Sequence[Any]) -> list[Question]:
    """What was asked about one item; of an item about several children, about the first."""
    item, cause, sealed, stream, version = row
    entry = ledger.entries([(UUID(stream), int(version))])[UUID(stream), int(version)]
    if not isinstance(entry, ItemEntry):
        raise TypeError("facts stand beside what is not an item")
    names = key_names(entry.children, entry.area)
    held = vault.open(names)
    key = ItemKey([held[name] for name in names], UUID(str(entry.originator_id)), entry.originator_version)
    desks = sorted(unpack(key.open(f"facts {cause}", bytes(sealed))).items())[:DESKS_CONSIDERED]
    return [Question(int(item), desk, documents[0]) for desk, documents in desks]


# -------------------------------------------------------------------------------------------------------- the OPA server
def _find_opa() -> tuple[str, str]:
    """The path of the pinned ``opa``; or nothing, and how to get it."""
    finder = share("policies").parent / "infra" / "opa" / "find"
    if not finder.exists():
        return shutil.which("opa") or "", "opa not found: put it on the PATH"
    found = subprocess.run([str(finder)], capture_output=True, text=True, check=False)  # noqa: S603  # no shell, no argument: the script of this repository that finds opa
    return found.stdout.strip(), found.stderr.strip()


@contextmanager
def _served(opa: str, said: Path) -> Iterator[int]:
    """The port on loopback of an OPA server with our policy, until the end of the block."""
    policies, port = share("policies"), _free_port()
    command = [opa, "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error", "--skip-version-check"]
    loaded = ["--ignore", "*_test.rego", str(policies / "sightline"), str(policies / "data")]
    with said.open("wb") as log, subprocess.Popen([*command, *loaded], stdout=log, stderr=log) as server:  # noqa: S603  # no shell; the program is the pinned opa, its arguments paths that we made
        try:
            _wait_for(server, port)
            yield port
        finally:
            server.terminate()


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.perf_counter() + _START_S
    while server.poll() is None and time.perf_counter() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the OPA server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
