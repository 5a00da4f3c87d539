"""Clocks beside the ledger: rows that say when something must be looked at. They trigger; they never decide."""

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS clocks (id TEXT PRIMARY KEY, kind TEXT, due BIGINT, stream TEXT, ref TEXT, desk TEXT,"
        " area TEXT, struck BIGINT)"
    ),
    "CREATE INDEX IF NOT EXISTS clocks_due ON clocks (struck, due)",
    "CREATE TABLE IF NOT EXISTS alert_states (ref TEXT PRIMARY KEY, state TEXT, at BIGINT)",
)

SET = (
    "INSERT INTO clocks VALUES (?,?,?,?,?,?,?,0)"
    " ON CONFLICT (id) DO UPDATE SET due = excluded.due, struck = 0 WHERE clocks.due <> excluded.due"
)
"""Set a clock, or move it: id, kind, due (seconds since 1970), stream, ref, desk, area."""


NOTE_ALERT = (
    "INSERT INTO alert_states VALUES (?,?,?) ON CONFLICT (ref) DO UPDATE SET state = excluded.state, at = excluded.at"
    " WHERE alert_states.state <> 'met'"
)
"""Note what became of an alert: reference, state, seconds since 1970. What is met stays met."""


def clock_id(kind: str, stream: str, ref: str) -> str:
    """One clock for each kind, stream and reference."""
    return f"{kind}:{stream}:{ref}"
