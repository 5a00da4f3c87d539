"""Rows that must commit with the entries they stand beside. Unique keys settle races; a collision loads again."""

from sightline.ledger import notices

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS claims (source TEXT, event_id TEXT, digest BLOB, receipt_id TEXT,"
        " PRIMARY KEY (source, event_id))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS receipts (id TEXT PRIMARY KEY, agency TEXT, desk TEXT, number BIGINT, outcome TEXT,"
        " recorded BIGINT, body BLOB, UNIQUE (agency, number))"
    ),
    "CREATE TABLE IF NOT EXISTS quarantine (receipt_id TEXT PRIMARY KEY, sealed BLOB, until BIGINT)",
    *notices.TABLES,
    "CREATE TABLE IF NOT EXISTS bound_identifiers (token BLOB PRIMARY KEY, child TEXT)",
    "CREATE TABLE IF NOT EXISTS name_tokens (token BLOB, child TEXT, PRIMARY KEY (token, child))",
    (
        "CREATE TABLE IF NOT EXISTS possible_matches (child TEXT, other TEXT, area TEXT, proposed BIGINT,"
        " PRIMARY KEY (child, other))"
    ),
    "CREATE INDEX IF NOT EXISTS possible_matches_other ON possible_matches (other)",
    (
        "CREATE TABLE IF NOT EXISTS match_rulings (child TEXT, other TEXT, ruling TEXT, ruled BIGINT,"
        " PRIMARY KEY (child, other))"
    ),
    "CREATE TABLE IF NOT EXISTS people (child TEXT PRIMARY KEY, person TEXT)",
    "CREATE INDEX IF NOT EXISTS people_person ON people (person)",
    "CREATE TABLE IF NOT EXISTS child_refs (ref TEXT PRIMARY KEY, child TEXT)",
    "CREATE INDEX IF NOT EXISTS child_refs_child ON child_refs (child)",
    (
        "CREATE TABLE IF NOT EXISTS items (ref TEXT PRIMARY KEY, stream TEXT, version BIGINT, type TEXT, agency TEXT,"
        " area TEXT, children TEXT, alert BIGINT)"
    ),
)
