"""Two sets of rows are compared key by key whatever stands in them, and mending makes them the same."""

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.sqlite import SqliteSession
from sightline.ledger import comparing
from sightline.ledger.comparing import Table, compare

KEYS = st.tuples(st.text("ab\u00e9\U0001f600", max_size=2), st.integers(0, 3))
ROWS = st.dictionaries(KEYS, st.binary(max_size=1), max_size=12)

Rows = dict[tuple[str, int], bytes]


def holding(rows: Rows) -> SqliteSession:
    file = sqlite3.connect(":memory:")
    session = SqliteSession(file.cursor())
    session.execute("CREATE TABLE things (one TEXT, two BIGINT, what BLOB, PRIMARY KEY (one, two))")
    session.execute_many("INSERT INTO things VALUES (?,?,?)", [(*key, value) for key, value in rows.items()])
    return session


def held(session: SqliteSession) -> Rows:
    return {(row[0], row[1]): row[2] for row in session.execute("SELECT one, two, what FROM things")}


THINGS = Table(name="things", columns=("one", "two", "what"), key=2)


@pytest.fixture(autouse=True, scope="module")
def small_pages() -> Any:
    """So that a dozen rows are several pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "PAGE", 3)
        yield


@given(ROWS, ROWS)
def test_each_difference_is_counted_as_what_it_is_and_mending_leaves_none(stands: Rows, rebuilt: Rows) -> None:
    ours, theirs = holding(stands), holding(rebuilt)
    for mend in (False, True):
        tally = compare(THINGS, ours, theirs, mend=mend)
        assert tally.missing == len(rebuilt.keys() - stands.keys())
        assert tally.extra == len(stands.keys() - rebuilt.keys())
        assert tally.different == sum(stands[key] != rebuilt[key] for key in stands.keys() & rebuilt.keys())
        assert tally.rows == len(rebuilt)
        assert held(ours) == (rebuilt if mend else stands)
    assert held(theirs) == rebuilt


@given(ROWS, ROWS)
def test_what_is_beyond_telling_is_left_alone(stands: Rows, rebuilt: Rows) -> None:
    ours = holding(stands)
    tally = compare(THINGS, ours, holding(rebuilt), mend=True, is_beyond=lambda one: one.key[0] == "a")
    for key in stands.keys() | rebuilt.keys():
        assert held(ours).get(key) == (stands if key[0] == "a" else rebuilt).get(key)
    assert tally.kept == sum(stands.get(k) != rebuilt.get(k) for k in stands.keys() | rebuilt.keys() if k[0] == "a")


def test_rows_that_have_taken_each_others_names_are_both_put_right() -> None:
    def of(rows: list[tuple[int, str]]) -> SqliteSession:
        session = SqliteSession(sqlite3.connect(":memory:").cursor())
        session.execute("CREATE TABLE things (n BIGINT PRIMARY KEY, name TEXT UNIQUE)")
        session.execute_many("INSERT INTO things VALUES (?,?)", rows)
        return session

    right = [(1, "a"), (2, "b"), (3, "c")]
    stands = of([(1, "b"), (2, "a"), (4, "c")])
    compare(Table(name="things", columns=("n", "name")), stands, of(right), mend=True)
    assert stands.execute("SELECT n, name FROM things ORDER BY n") == right
