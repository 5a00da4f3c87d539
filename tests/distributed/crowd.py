"""Partners of a distributed hub who never forget: they send to the broker all the while, and hold all against all."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from kafka.errors import KafkaError

from sightline.adapters.keyfolder import wrapping_key
from sightline.adapters.opa_wasm import WasmEngine
from sightline.audit.replay import Replay, Replaying
from sightline.audit.verify import verify_folder
from sightline.formats import jwe
from sightline.formats.jws import EVENT, parse
from sightline.formats.receipt import Receipt, read_receipt
from sightline.formats.topic_names import receipts_topic, submissions_topic
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import AgencyId, DeskId, KeyId, agency_of
from sightline.kernel.share import share
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.runtime.build_decide import read_rules
from sightline.runtime.distributed import vault_of
from tests.builders_distributed import Works, envelope_of, waits_for
from tests.faults.books import check_books, read_on
from tests.faults.child import page_of
from tests.faults.load import DESKS, Load
from tests.faults.partners import Sent
from tests.faults.reader import Follower

_AGAIN = 0.08
"""Share of what is sent that was sent before."""
_LOOKS = 5
"""How often the books are closed before it is called a fault that time does not stand still."""


@dataclass(kw_only=True, slots=True)
class Books:
    """What `check_books` holds against the hub."""

    hub_keys: dict[KeyId, tuple[str, bytes]]
    sent: list[Sent]
    followers: dict[str, Follower]


class Crowd:
    """Sends from a thread of its own; reads when it is told to."""

    def __init__(self, area: Works, load: Load, *, each_second: float, seed: int = 7) -> None:
        self.area = area
        self._load = load
        self._wait_s = 1 / each_second
        self._random = Random(seed)
        self._stopping = threading.Event()
        self._again: list[bytes] = []
        self._seen: dict[str, int] = {}
        """By agency, the number of the last receipt that was learnt from."""
        self.sent: list[Sent] = []
        self.followers = {desk: Follower(desk, area.hub.hub_keys) for desk in DESKS}
        self.shown = 0
        """Bodies that readers got to see."""

    @contextmanager
    def sending(self) -> Iterator[None]:
        """While this holds, they send. Then they wait until all that was ever sent has its answer."""
        self._stopping.clear()
        thread = threading.Thread(target=self._send_all, name="crowd", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join(120)
        assert not thread.is_alive(), "the broker did not take what was sent"
        while self._again:
            self._post(self._again.pop())
        self.area.answers(*(one.raw for one in self.sent))

    def sends(self, count: int, within_s: float = 60.0) -> None:
        """Wait until so many more were sent."""
        wanted = len(self.sent) + count
        waits_for(lambda: len(self.sent) >= wanted, within_s)

    def repeats(self, times: int) -> None:
        """Send something again that was sent before, so many times."""
        raw = self._random.choice([one for one in self.sent if one.is_good]).raw
        for _ in range(times):
            self._post(raw)

    def signs_one(self) -> bytes:
        """A submission that the hub will take, and that somebody else sends."""
        while True:
            raw, is_good = self._load.next()
            if is_good and envelope_of(raw).type == "missing.reported":
                self.sent.append(Sent(raw, parse(raw, EVENT).payload, is_good, envelope_of(raw)))
                return raw

    def follow(self) -> None:
        """Read every feed on, with the bodies; and learn of what must be answered."""
        for follower in self.followers.values():
            with suppress(Unavailable):
                page = page_of(self.area.hub, DeskId(follower.desk), follower.seq)
                self.shown += follower.take(page)
                known = self._load.known
                known.recalls.extend((page.desk, e.leaf) for e in page.entries if e.kind == "recall")
                own = [b for b in page.bodies if b.type.startswith("alert.") and b.type != "alert.acknowledged"]
                known.alerts.extend((page.desk, b.ref) for b in own)
        with suppress(Unavailable):
            self._learn()

    def _learn(self) -> None:
        sent = {(one.envelope.source, one.envelope.id): one.envelope for one in list(self.sent)}
        with self.area.hub.database.reading() as session:
            for agency in {agency_of(DeskId(desk)) for desk in DESKS}:
                rows = session.execute(
                    "SELECT number, body FROM receipts WHERE agency = ? AND number > ? ORDER BY number",
                    (agency, self._seen.get(agency, 0)),
                )
                for number, body in rows:
                    self._seen[agency] = int(number)
                    receipt = read_receipt(bytes(body), self.area.hub.hub_keys)
                    envelope = sent[receipt.source, receipt.id]
                    of_type = self._load.known.items.setdefault(envelope.type, [])
                    of_type += [f"{envelope.desk} {ref}" for ref in receipt.items]

    # ------------------------------------------------------------------------------------------------------ the sending

    def _send_all(self) -> None:
        while not self._stopping.wait(self._wait_s):
            if self._again:
                self._post(self._again.pop())
            elif self.sent and self._random.random() < _AGAIN:
                self._post(self._random.choice(self.sent).raw)
            else:
                raw, is_good = self._load.next()
                self.sent.append(Sent(raw, parse(raw, EVENT).payload, is_good, envelope_of(raw)))
                self._post(raw)

    def _post(self, raw: bytes) -> None:
        """To the broker, as that desk's agency. What it may not have is sent again: that is always safe."""
        envelope = envelope_of(raw)
        user = f"agency.{agency_of(envelope.desk)}"
        producers, area = self.area.producers, self.area
        try:
            if user not in producers:
                producers[user] = area.open.enter_context(area.node.producer(user))
            sealed = jwe.seal(raw, area.hub.intake_key)
            producers[user].send(submissions_topic(agency_of(envelope.desk)), sealed, key=envelope.source.encode()).get(
                timeout=20
            )
        except (KafkaError, OSError):  # OSError: while it starts, it has no address.
            self._again.append(raw)

    # -------------------------------------------------------------------------------------------------------- the books

    def close_the_books(self) -> list[str]:
        """Nobody sends any more. Receipts on the broker against the ledger, feeds against the register, and all again.

        The clock goes on: where an hour ended or a deadline passed meanwhile, what was compared was never one state, and
        it is compared again. Raises AssertionError where anything accepted was lost or doubled, or anything was readable
        and unrecorded.
        """
        for _ in range(_LOOKS):
            head = self.area.hub.ledger.head()
            self.area.settles()
            try:
                lines = self._close_the_books()
            except AssertionError:
                if self.area.hub.ledger.head() == head:
                    raise
            else:
                if self.area.hub.ledger.head() == head:
                    return lines
        raise AssertionError("the ledger grew each time that it was looked at")

    def _close_the_books(self) -> list[str]:
        receipts = self._receipts()
        by_event = {(receipt.source, receipt.id): body for body, receipt in receipts if receipt.outcome == "accepted"}
        assert len(by_event) == sum(receipt.outcome == "accepted" for _, receipt in receipts), "an event accepted twice"
        for one in self.sent:
            one.receipt = by_event.pop((one.envelope.source, one.envelope.id), b"")
            assert one.is_good or not one.receipt, "what must be refused was accepted"
        assert not by_event, "a receipt for what nobody sent"
        hub = self.area.hub
        for follower in self.followers.values():
            read_on(hub, follower)
        check_books(hub, Books(hub_keys=hub.hub_keys, sent=self.sent, followers=self.followers), has_gaps=True)
        self._check_feeds_on_the_broker()
        report = verify_folder(self.area.settings.export, vkey=hub.vkey)
        assert (report.exit_code, report.findings) == (0, ())
        replay = replayed(self.area)
        assert replay.exit_code == 0, replay.differences[:5]
        assert replay.equal == report.size
        accepted = sum(bool(one.receipt) for one in self.sent)
        return [
            f"{len(self.sent)} submissions, {accepted} accepted, {report.size} leaves, {self.shown} bodies read meanwhile",
            f"verify: exit {report.exit_code}; replay: exit {replay.exit_code}",
        ]

    def _receipts(self) -> list[tuple[bytes, Receipt]]:
        """Each receipt on the broker once: it may be there twice, but only as it is."""
        found: list[tuple[bytes, Receipt]] = []
        for agency in sorted({agency_of(DeskId(desk)) for desk in DESKS}):
            letters = self.area.read(f"agency.{agency}", receipts_topic(AgencyId(agency)))
            bodies = list(dict.fromkeys(value for _, value in letters))
            receipts = [read_receipt(body, self.area.hub.hub_keys) for body in bodies]
            assert [r.number for r in receipts] == list(range(1, 1 + len(receipts))), (
                f"{agency}: a gap, or two of one number"
            )
            found += zip(bodies, receipts, strict=True)
        return found

    def _check_feeds_on_the_broker(self) -> None:
        for desk, follower in self.followers.items():
            letters: list[dict[str, Any]] = self.area.feed(DeskId(desk))
            told = list(dict.fromkeys((e["seq"], e["leaf"], e["hash"], e["kind"]) for e in letters))
            assert told == [(e.seq, e.leaf, e.leaf_hash, e.kind) for e in follower.entries], desk


def replayed(area: Works) -> Replay:
    """Everything derived and decided again, by the other engine: it is many times as fast, and must say the same."""
    rules = read_rules(share("policies"))
    with (
        closing(vault_of(area.settings, wrapping_key(area.settings.keys))) as vault,
        closing(WasmEngine(share("policies"))) as engine,
    ):
        policies = {engine.policy: ReadyPolicy(engine, rules.data)}
        ledger = area.hub.ledger
        return Replaying(
            ledger=ledger, database=ledger.database, vault=vault, fields=rules.fields, policies=policies.get
        ).run()
