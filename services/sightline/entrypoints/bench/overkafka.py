"""A line to a hub in distributed mode: sealed submissions on the broker, receipts and feeds as the relay told them."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple

from sightline.adapters.kafka_load import Sending
from sightline.agency.sending import outgoing
from sightline.entrypoints.bench.rounds import Answered, News
from sightline.entrypoints.bench.works import AGENCIES, Works
from sightline.formats.event import source_parts
from sightline.formats.jwe import seal
from sightline.formats.receipt import Receipt, read_receipt_unsafe
from sightline.formats.topic_names import submissions_topic
from sightline.kernel.ids import AgencyId, DeskId

_PAGE = 5_000


class Message(NamedTuple):
    """What a partner puts on the broker."""

    topic: str
    key: bytes
    value: bytes
    digest: bytes
    """Of what was signed: what its receipt names."""


class OverKafka:
    """Fits `rounds.Line`. `prepare` is the partners' work, done before the clock runs."""

    def __init__(self, works: Works, sending: Sending) -> None:
        self.sending = sending
        self._works = works
        self._prepared: list[Message] = []

    def message(self, raw: bytes) -> Message:
        """The event, sealed to the hub's key."""
        event = outgoing("", raw)
        agency, _ = source_parts(event.source) or ("", "")
        sealed = seal(raw, self._works.hub.intake_key)
        return Message(submissions_topic(AgencyId(agency)), event.source.encode("ascii"), sealed, event.digest)

    def prepare(self, raws: Sequence[bytes]) -> None:
        """Seal what is sent next."""
        self._prepared = [self.message(raw) for raw in raws]

    def send(self, raws: Sequence[bytes]) -> list[Answered]:
        """Send what was prepared of these, and wait for their receipts; answers in the same order."""
        begun, before = self._works.receipts(), numbers(self._works)
        for message in self._prepared:
            self.sending.send(message.topic, message.key, message.value)
        self.sending.flush()
        self._works.wait_until(lambda: self._works.receipts() >= begun + len(raws))
        found = {receipt.payload: (receipt, body) for receipt, body in receipts_since(self._works, before)}
        return [_answered(*found[message.digest]) for message in self._prepared]

    def wait_until_released(self) -> None:
        """Until everything is decided, sealed, told and published."""
        self._works.wait_until(self._works.is_settled)

    def cpu_s(self) -> float:
        """Processor seconds of all processes, services and all, but not of the partners' and the meter's."""
        return sum(seconds for name, seconds in self._works.meter.cpu_s().items() if name != "bench")

    def news(self, desk: DeskId, after: int) -> list[News]:
        """A page of that desk's feed."""
        return [News(x.seq, x.kind, x.leaf) for x in self._works.hub.feeds.page(desk, after=after).entries]

    def alerts(self, desk: DeskId) -> list[str]:
        """References of the alerts that the desk is shown."""
        return [view.ref for view in self._works.hub.view.alerts(desk) if view.state == "disclosed"]


@contextmanager
def connected(works: Works) -> Iterator[OverKafka]:
    """A line with a producer, closed at the end."""
    with closing(Sending(works.services.administrator())) as sending:
        yield OverKafka(works, sending)


def numbers(works: Works) -> dict[str, int]:
    """Each agency's last receipt."""
    with works.hub.database.reading() as session:
        rows = session.execute("SELECT agency, MAX(number) FROM receipts GROUP BY agency")
    return {str(agency): int(number) for agency, number in rows}


def receipts_since(works: Works, before: dict[str, int]) -> Iterator[tuple[Receipt, bytes]]:
    """Every receipt after those, read without a look at its signature: the checks of partners are no part of the hub."""
    for agency in AGENCIES:
        after = before.get(agency, 0)
        while page := _page(works, agency, after):
            for number, body in page:
                after = number
                yield read_receipt_unsafe(body), body


def _page(works: Works, agency: str, after: int) -> list[tuple[int, bytes]]:
    with works.hub.database.reading() as session:
        rows = session.execute(
            "SELECT number, body FROM receipts WHERE agency = ? AND number > ? ORDER BY number LIMIT ?",
            (agency, after, _PAGE),
        )
    return [(int(number), bytes(body)) for number, body in rows]


def _answered(receipt: Receipt, body: bytes) -> Answered:
    code = receipt.reasons[0].code if receipt.reasons else ""
    return Answered(receipt.outcome, code, body)
