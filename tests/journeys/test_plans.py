"""What one batch costs does not grow with history: no statement reads a whole table that grows with it."""

import re
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters.clock import SetClock
from sightline.entrypoints.simulate.feeding import Feeding, Line
from sightline.entrypoints.simulate.stream import Asked
from tests.builders_hub import a_hub

LITERAL = re.compile(r"x?'[^']*'|\b\d+\b", re.IGNORECASE)
RARE = ("FROM possible_matches p", "DELETE FROM quarantine", "FROM desk_folds")
"""The MASH's queue, asked for when it is looked at; refused bytes, kept for 30 days; a few desks, read once."""


@pytest.mark.slow
def test_the_line_finds_its_rows_by_an_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: dict[str, str] = {}
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(lambda sql: statements.setdefault(LITERAL.sub("?", sql), sql))
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    asked = Asked(area="isle_of_wight", days=4, seed=1, times=2)
    clock = SetClock(asked.starts)
    hub = a_hub(tmp_path / "hub", clock)
    try:
        feeding = Feeding([asked], Line(hub), reach=clock.set, step=timedelta(hours=4))
        feeding.admit()
        assert {answer.outcome for _, answer in feeding.run()} == {"accepted"}
    finally:
        hub.close()
    asking = [sql for sql in statements.values() if re.match("SELECT|WITH|UPDATE|DELETE", sql.lstrip(), re.IGNORECASE)]
    assert len(asking) > 40
    (file,) = (tmp_path / "hub").glob("*.sqlite")
    assert not [sql for sql in asking if reads_all(connect(file), sql) and not any(rare in sql for rare in RARE)]


def reads_all(database: sqlite3.Connection, sql: str) -> bool:
    """Whether the plan reads some stored table from one end to the other (SQLite, "EXPLAIN QUERY PLAN")."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    named = {alias or table: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+)(?: ([a-z])\b)?", sql)}
    try:
        plan = [row[-1] for row in database.execute("EXPLAIN QUERY PLAN " + sql)]
    except sqlite3.OperationalError:
        return False  # Of another file, the vault's.
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN ")}
    return any(named.get(name, name) in tables for name in scanned)
