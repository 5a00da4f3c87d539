"""Partners at the border: each desk's own folder, its agency's log-in at the broker, and what came back.

A desk sends and follows with the code of `sightline agency submit --kafka` and `follow --kafka`; only its connections
stay open. Somebody without a log-in can only knock over HTTP.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from sightline.adapters.clock import SetClock
from sightline.agency.answers import HubKeys, HubRefused
from sightline.agency.client import HubClient
from sightline.agency.follow import Follower, load_cursor, save_cursor
from sightline.agency.kafka import ReadTopic, WriteTopic
from sightline.agency.keys import make_registration, save_key
from sightline.agency.sending import outgoing
from sightline.agency.telling import Entries, proven
from sightline.entrypoints.cli_agency_submit import NO_RECEIPT, Row, group_of, send_over
from sightline.entrypoints.demo.cast import Actor
from sightline.entrypoints.demo.week import StoryStopped
from sightline.entrypoints.desk_folder import DeskFolder, DeskSettings
from sightline.formats.broker_access import Access
from sightline.formats.feed import FeedEntry
from sightline.formats.jwe import seal
from sightline.formats.jwk import PrivateKey
from sightline.formats.topic_names import agency_user, feed_topic, receipts_topic, submissions_topic
from sightline.kernel.ids import DeskId, agency_of
from sightline.kernel.values import Refusal
from sightline.record.stage import Answer

RECEIPT_S = 60.0
"""How long a desk waits for a receipt before the story stops."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Border:
    """What a partner needs to know of the hub and its broker."""

    bootstrap: str
    ca: Path
    secrets: Path
    """Folder of the broker's passwords, one file for each user."""
    url: str
    clock: SetClock
    known: HubKeys
    """The hub's public keys, as `serve` publishes them."""

    def at(self, url: str) -> "Border":
        """The same, `serve` being somewhere else now."""
        return replace(self, url=url)

    def access(self, desk: DeskId) -> Access:
        """How the desk logs in at the broker: as its agency."""
        user = agency_user(agency_of(desk))
        password = (self.secrets / f"{user}.password").read_text(encoding="utf-8").strip()
        return Access(bootstrap=self.bootstrap, ca=self.ca, user=user, password=password)


class Partner:
    """One desk's system."""

    def __init__(self, actor: Actor, key: PrivateKey, folder: Path, border: Border) -> None:
        self.desk = actor.id
        self.sent = 0
        """Messages on the broker."""
        self._border = border
        self._key = key
        self._own = _folder_of(actor, key, folder, border)
        self._open = ExitStack()
        self._outlet: WriteTopic | None = None
        self._receipts: ReadTopic | None = None

    def submit(self, raw: bytes) -> Answer:
        """Seal it, send it, wait for the receipt. Raises `StoryStopped` where none comes."""
        path = self._own.add_event(_name(raw), raw)
        return self._answer(raw, self._send(()), path)

    def repeat(self, raw: bytes) -> Answer:
        """As a system that lost the answer: it finds its first receipt on the broker; and its message goes out again."""
        path = self._own.path / "outbox" / f"{_name(raw)}.jws"
        (self._own.receipts / f"{path.stem}.json").unlink()
        answer = self._answer(raw, self._send((path,)), path)
        outlet = self._writes()
        outlet.send([(outgoing(path.stem, raw).source.encode("ascii"), seal(raw, self._border.known.intake_key))])
        self.sent += 1
        return Answer(outcome="repeated", receipt=answer.receipt, receipt_id=answer.receipt_id)

    def follow(self) -> list[tuple[FeedEntry, Mapping[str, object]]]:
        """The desk's whole feed from the broker, each entry compared with what the hub signs for over HTTP, with its body.

        Raises Refused where the two differ, or anything is missing.
        """
        border, own = self._border, self._own
        follower = Follower(load_cursor(own.cursor, own.desk), border.known.receipt_keys, border.clock.now)
        found: list[tuple[FeedEntry, Mapping[str, object]]] = []
        with (
            closing(ReadTopic(border.access(self.desk), feed_topic(self.desk), group_of(self.desk))) as topic,
            client_of(border, self._key) as client,
        ):
            for batch in proven(Entries(topic, follower), follower, client, bodies=True):
                found += [(told.entry, told.item) for told in batch]
                save_cursor(own.cursor, follower.cursor)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._open.close()

    def _send(self, named: Sequence[Path]) -> list[Row]:
        return send_over(
            self._reads(),
            lambda: nullcontext(self._writes()),
            own=self._own,
            named=named,
            known=self._border.known,
            wait_s=RECEIPT_S,
        )

    def _answer(self, raw: bytes, rows: Sequence[Row], path: Path) -> Answer:
        row = next(row for row in rows if row["event"] == path.stem)
        if row["outcome"] == NO_RECEIPT:
            raise StoryStopped(f"no receipt came for what {self.desk} sent")
        self.sent += 1
        receipt = next(kept.receipt for kept in self._own.kept() if kept.event == raw)
        refusal = Refusal(code=row["code"], pointer=row["pointer"]) if row["code"] else None
        return Answer(outcome=row["outcome"], receipt=receipt, receipt_id="", refusal=refusal)

    def _reads(self) -> ReadTopic:
        if self._receipts is None:
            where = receipts_topic(agency_of(self.desk))
            made = ReadTopic(self._border.access(self.desk), where, group_of(self.desk))
            self._receipts = self._open.enter_context(closing(made))
        return self._receipts

    def _writes(self) -> WriteTopic:
        if self._outlet is None:
            where = submissions_topic(agency_of(self.desk))
            self._outlet = self._open.enter_context(closing(WriteTopic(self._border.access(self.desk), where)))
        return self._outlet


def client_of(border: Border, key: PrivateKey | None = None) -> HubClient:
    """A connection to `serve`."""
    return HubClient(
        border.url, key=key, clock=border.clock, audience=border.known.audience, actor=_ACTOR, purpose=_PURPOSE
    )


_ACTOR, _PURPOSE = "staff-900:safeguarding_lead", "missing_or_safeguarding_response"
"""Who reads over HTTP, and what for."""


def knock(border: Border, raw: bytes) -> Answer:
    """Send it over HTTP, as anyone can who reaches the hub; what the hub answers."""
    with client_of(border) as client:
        try:
            sent = client.submit(raw, border.known.receipt_keys)
        except HubRefused as refused:
            return Answer(
                outcome="refused", receipt=refused.receipt, receipt_id=refused.name, refusal=Refusal(code=refused.code)
            )
    outcome = "repeated" if sent.is_repeat else sent.receipt.outcome
    return Answer(outcome=outcome, receipt=sent.compact, receipt_id=sent.name)


def quiet() -> None:
    """What the broker's library says is for its authors; what went wrong is said once, by us."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def _folder_of(actor: Actor, key: PrivateKey, folder: Path, border: Border) -> DeskFolder:
    path = folder / actor.id.replace("/", ".")
    path.mkdir(parents=True)
    save_key(path / "key.jwk", key)
    own = DeskFolder(path)
    settings = DeskSettings(
        desk=actor.id,
        sources=(actor.source,),
        types=("*",),
        hub=border.url,
        area="hampshire",
        purpose=_PURPOSE,
        actor=_ACTOR,
    )
    own.begin(settings, make_registration(key, sources=[actor.source], types=["*"], now=border.clock.now()))
    own.meet(border.known)
    return own


def _name(raw: bytes) -> str:
    """What the desk calls an event in its folder."""
    return sha256(raw).hexdigest()[:16]
