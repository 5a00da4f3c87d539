"""What ``sightline agency submit`` does, over HTTP and over Kafka, and what it says of each event: the same for both."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from sightline.agency.client import HubClient, HubKeys, HubRefused, Sent
from sightline.agency.messages import Outlet, Topic
from sightline.agency.sending import Outgoing, Receipts, outgoing
from sightline.entrypoints.cli_out import REFUSED, WAITING
from sightline.entrypoints.desk_folder import DeskFolder
from sightline.formats.broker_access import Access
from sightline.formats.jwe import seal
from sightline.formats.receipt import ACCEPTED, Receipt, read_receipt
from sightline.formats.receipt import REFUSED as SAID_NO
from sightline.formats.topic_names import agency_groups, receipts_topic, submissions_topic
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId, agency_of

Row = dict[str, Any]

NO_RECEIPT = "waiting"


def send(own: DeskFolder, path: Path, client: HubClient, known: HubKeys, *, is_sealed: bool) -> Row:
    """Send one event over HTTP, and keep its receipt."""
    compact = path.read_bytes()
    try:
        sent = client.submit(seal(compact, known.intake_key) if is_sealed else compact, known.receipt_keys)
    except HubRefused as refused:
        return _refused(own, path, refused, known)
    own.sent(path, sent)
    return _row(path.stem, sent.receipt, is_repeat=sent.is_repeat)


def send_by_broker(own: DeskFolder, named: Sequence[Path], access: Access, known: HubKeys, wait_s: float) -> list[Row]:
    """Send these events, or all without a receipt, over Kafka, sealed; keep the receipts that come in that time.

    What has an answer on the broker already is not sent once more. For events that are named, all of the broker's
    receipts are looked through, and one that was refused is sent again.
    """
    # Here, so that whoever speaks HTTP need not wait for a library that they do not use.
    from sightline.agency.kafka import ReadTopic, WriteTopic  # noqa: PLC0415 - see above

    with closing(ReadTopic(access, receipts_topic(agency_of(own.desk)), group_of(own.desk))) as receipts:
        return send_over(
            receipts,
            lambda: closing(WriteTopic(access, submissions_topic(agency_of(own.desk)))),
            own=own,
            named=named,
            known=known,
            wait_s=wait_s,
        )


def send_over(
    topic: Topic,
    outlet: Callable[[], AbstractContextManager[Outlet]],
    *,
    own: DeskFolder,
    named: Sequence[Path],
    known: HubKeys,
    wait_s: float,
) -> list[Row]:
    """The same over connections of the caller's. `outlet` is opened only if there is something to send."""
    waiting = {path.stem: path for path in own.waiting()}
    asked = {path.stem: path for path in named} or waiting
    paths = waiting | asked
    events, rows = _read(paths)
    receipts = Receipts(topic, known.receipt_keys)
    receipts.expect(events.values())
    for name, sent in receipts.past(whole=bool(named)):
        if name in waiting or sent.receipt.outcome == ACCEPTED:
            rows[name] = _keep(own, paths[name], sent)
    due = [event for name, event in events.items() if name in asked and name not in rows]
    receipts.expect(due)
    if due:
        with outlet() as submissions:
            submissions.send((e.source.encode("ascii"), seal(e.compact, known.intake_key)) for e in due)
        for name, sent in receipts.come((e.name for e in due), wait_s):
            rows[name] = _keep(own, paths[name], sent)
    return [rows.get(name) or _without(name, receipts.forged.get(name, "")) for name in asked]


def group_of(desk: DeskId) -> str:
    """The name under which the broker remembers how far the desk has read: ``agency.<agency>.<desk>``."""
    return agency_groups(agency_of(desk)) + desk.partition("/")[2]


def exit_code_of(rows: Iterable[Row]) -> int:
    """4 if the hub, or what must hold of its receipt, refused one; else 6 if one has no receipt yet; else 0."""
    found = list(rows)
    if any(row["code"] for row in found):
        return REFUSED
    return WAITING if any(row["outcome"] == NO_RECEIPT for row in found) else 0


def _read(paths: dict[str, Path]) -> tuple[dict[str, Outgoing], dict[str, Row]]:
    """The events, and rows of those that no hub would take."""
    events: dict[str, Outgoing] = {}
    rows: dict[str, Row] = {}
    for name, path in paths.items():
        try:
            events[name] = outgoing(name, path.read_bytes())
        except Refused as refused:
            rows[name] = _without(name, refused.code, SAID_NO)
    return events, rows


def _keep(own: DeskFolder, path: Path, sent: Sent) -> Row:
    is_repeat = own.has(path, sent.compact)
    own.sent(path, sent)
    return _row(path.stem, sent.receipt, is_repeat=is_repeat)


def _refused(own: DeskFolder, path: Path, refused: HubRefused, known: HubKeys) -> Row:
    """A refusal is kept as well: with the hub's receipt, it proves that this was sent."""
    number = 0
    if refused.receipt:
        number = read_receipt(refused.receipt, known.receipt_keys).number
        own.add_receipt(path, refused.name, refused.receipt)
    return _without(path.stem, refused.code, SAID_NO) | {"number": number, "pointer": refused.pointer}


def _row(name: str, receipt: Receipt, *, is_repeat: bool) -> Row:
    why = receipt.reasons[0] if receipt.reasons else None
    return {
        "event": name,
        "outcome": "repeated" if is_repeat and why is None else receipt.outcome,
        "number": receipt.number,
        "code": why.code if why else "",
        "pointer": why.pointer if why else "",
        "defects": [f"{defect.code} {defect.pointer}" for defect in receipt.defects],
        "items": list(receipt.items),
        "children": list(receipt.children),
    }


def _without(name: str, code: str, outcome: str = NO_RECEIPT) -> Row:
    """Of an event that has no receipt that counts."""
    lists: Row = {"defects": [], "items": [], "children": []}
    return {"event": name, "outcome": outcome, "number": 0, "code": code, "pointer": "", **lists}
