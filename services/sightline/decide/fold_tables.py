"""The tables of folds as they are compared: which rows say the same, whatever program wrote them and however sealed."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from sightline.decide.folds import decode_child, decode_item, open_fold
from sightline.decide.state import NAME, State, decode_state
from sightline.kernel.ports import Row, Session
from sightline.ledger.comparing import Difference, Table
from sightline.ledger.sealing import KeyVault
from sightline.ledger.working import key_name

_UNREADABLE = (msgspec.DecodeError, InvalidTag, TypeError, ValueError)
"""What reading a damaged row may end with."""


def tables(vault: KeyVault) -> tuple[Table, ...]:
    """Each, with how it is compared. Children's folds are opened: each sealing of one gives other bytes."""

    def opened(rows: Sequence[Row]) -> list[bytes | None]:
        keys = vault.open([key_name(str(row[0])) for row in rows])
        return [_plain(keys.get(key_name(str(row[0]))), row[1]) for row in rows]

    items = ("position", "ref", "type", "stream", "version", "state")
    return (
        Table(name="child_folds", columns=("id", "sealed"), readable=opened, alike=_same_child),
        Table(name="item_folds", columns=items, alike=_same_item),
        Table(name="child_items", columns=("child", "item", "purpose", "children"), key=2),
        Table(name="open_alerts", columns=("position", "area")),
        Table(name="desk_folds", columns=("id", "state")),
        Table(name="decide_state", columns=("name", "state")),
    )


def stored_state(session: Session) -> State | None:
    """The state that stands; None where none does, or none that can be read."""
    rows = session.execute("SELECT state FROM decide_state WHERE name = ?", (NAME,))
    try:
        return decode_state(bytes(rows[0][0])) if rows else None
    except _UNREADABLE:
        return None


def children_of(one: Difference) -> list[str]:
    """Whom an item concerns, as either of its rows says."""
    for row in (one.rebuilt, one.stands):
        try:
            if row is not None:
                return decode_item(bytes(row[-1])).children
        except _UNREADABLE:
            continue
    return []


def _plain(key: bytes | None, sealed: Any) -> bytes | None:
    try:
        return open_fold(key, bytes(sealed)) if key is not None else None
    except _UNREADABLE:
        return None


def _same_child(stands: bytes | None, rebuilt: bytes | None) -> bool:
    return rebuilt is not None and (stands == rebuilt or _same(decode_child, stands, rebuilt))


def _same_item(stands: Row, rebuilt: Row) -> bool:
    *ours, state = stands
    *theirs, other = rebuilt
    return ours == theirs and (state == other or _same(decode_item, state, other))


def _same(decode: Callable[[bytes], object], stands: Any, rebuilt: bytes) -> bool:
    """Whether they differ only in the form in which an earlier program wrote one."""
    try:
        return decode(bytes(stands)) == decode(rebuilt)
    except _UNREADABLE:
        return False
