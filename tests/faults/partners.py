"""What the partners of a fault run remember: every submission, every first receipt, every feed entry and body."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty
from random import Random

from sightline.formats.event import read_envelope
from sightline.formats.jws import EVENT, parse
from sightline.formats.receipt import read_receipt
from sightline.formats.strict_json import parse_object
from sightline.kernel.ids import KeyId
from sightline.kernel.values import Envelope
from tests.faults import frames
from tests.faults.load import DESKS, Load
from tests.faults.process import PATIENCE_S, HubProcess
from tests.faults.reader import Follower

_BURST, _TRICKLE_S = 110, 0.012
"""How many new submissions a life gets at once, and how slowly more follow."""
_LONGEST_LIFE_S = 6.0


@dataclass(slots=True)
class Sent:
    """One submission, and the first receipt that came for it."""

    raw: bytes
    payload: bytes
    is_good: bool
    envelope: Envelope
    receipt: bytes = b""
    """Of its acceptance; empty as long as none came."""
    times_accepted: int = 0
    is_refused: bool = False


class Partners:
    """They never forget, send again what was not answered, and hold every answer against the ones before."""

    def __init__(
        self,
        load: Load,
        hub_keys: dict[KeyId, tuple[str, bytes]],
        seed: int,
        last_words: Callable[[], str] = lambda: "",
    ) -> None:
        self.load = load
        self._last_words = last_words
        self.hub_keys = hub_keys
        self.sent: list[Sent] = []
        self.followers = {desk: Follower(desk, hub_keys) for desk in DESKS}
        self.answers: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.excuses = {"busy"}
        """Why a hub may say "not now"."""
        self.lost = self.were_there = 0
        """Submissions that a kill left without an answer; those of them that were recorded nonetheless."""
        self.bodies = 0
        """Shown to a reader in this life."""
        self._health: frames.Health | None = None
        """What the hub last said of itself."""
        self._random = Random(seed)
        self._asked: dict[int, int] = {}
        """Question to submission."""
        self._waiting: set[int] = set()
        """Questions without an answer."""
        self._again: list[int] = []
        self._unsure: set[int] = set()
        self._polling: set[str] = set()
        self._question = 0

    def drive(self, hub: HubProcess) -> None:
        """Keep a hub busy until it dies, or kill it when it will not."""
        if not self._resend(hub, [*self._again, *self._answered_before()]):
            return
        new, deadline = 0, time.monotonic() + _LONGEST_LIFE_S
        window = self._random.choice([8, 40, 120])
        while self.listen(hub):
            if time.monotonic() > deadline:
                hub.kill()
            self._poll(hub)
            while len(self._waiting) < window and self._ask(hub, self._next()):
                new += 1
                if new > _BURST:
                    time.sleep(_TRICKLE_S)
                    break

    def send(self, count: int, *hubs: HubProcess) -> None:
        """Send that many new submissions, each to every one of those hubs, and wait for nothing."""
        for _ in range(count):
            index = self._next()
            if len(hubs) > 1:
                self._unsure.add(index)
            for hub in hubs:
                self._ask(hub, index)

    def sign(self, count: int) -> None:
        """That many new submissions, which somebody else will send."""
        for _ in range(count):
            self._next()

    def finish(self, hub: HubProcess) -> None:
        """Send again whatever has no answer, until everything has one."""
        deadline = time.monotonic() + PATIENCE_S
        self._resend(hub, self._again)
        while self._waiting or self._again:
            assert time.monotonic() < deadline, "the hub does not come to an end with what it was asked"
            assert self.listen(hub), self._last_words()
            if self._again:
                time.sleep(0.05)
                self._resend(hub, self._again)
            self._poll(hub)

    def ask_health(self, hub: HubProcess) -> frames.Health:
        """What the hub says of itself now."""
        self._health = None
        assert hub.say(frames.AskHealth()), self._last_words()
        deadline = time.monotonic() + PATIENCE_S
        while self._health is None:
            assert time.monotonic() < deadline, f"no answer (is it heard: {hub.is_heard}); {self._last_words()}"
            assert self.listen(hub), self._last_words()
        return self._health

    def ended(self, hub: HubProcess) -> None:
        """Take in what the hub said before it ended: that counts, it had left the hub. The rest will be asked again."""
        while (message := hub.inbox.get(timeout=PATIENCE_S)) is not None:
            self._heard(message)
        waiting = [self._asked[n] for n in sorted(self._waiting)]
        new = {i for i in waiting if not self.sent[i].receipt and not self.sent[i].is_refused}
        self.lost += len(new - self._unsure)
        self._unsure |= new
        self._again = list(dict.fromkeys([*self._again, *waiting]))
        self._waiting.clear()
        self._polling.clear()

    def _resend(self, hub: HubProcess, indices: list[int]) -> bool:
        again, self._again = list(indices), []
        went = [self._ask(hub, index) for index in again]
        return all(went)

    def _answered_before(self) -> list[int]:
        """The last ones that were answered before the kill, and a few of any age: their receipts must come again."""
        late = [i for i, one in enumerate(self.sent[-60:], max(0, len(self.sent) - 60)) if one.receipt]
        return [*late[-3:], *self._random.sample(range(len(self.sent)), min(4, len(self.sent)))]

    def _next(self) -> int:
        raw, is_good = self.load.next()
        payload = parse(raw, EVENT).payload
        envelope = read_envelope(parse_object(payload))
        assert isinstance(envelope, Envelope)
        self.sent.append(Sent(raw, payload, is_good, envelope))
        return len(self.sent) - 1

    def _ask(self, hub: HubProcess, index: int) -> bool:
        self._question += 1
        self._asked[self._question] = index
        self._waiting.add(self._question)
        return hub.say(frames.Submit(self._question, self.sent[index].raw))

    def _poll(self, hub: HubProcess) -> None:
        """One question about each feed is always open."""
        for desk in self.followers.keys() - self._polling:
            self._polling.add(desk)
            hub.say(frames.Poll(desk, self.followers[desk].seq))

    def listen(self, hub: HubProcess) -> bool:
        """Read what the hub said; False when it ended."""
        wait_s = 0.005
        while True:
            try:
                message = hub.inbox.get(timeout=wait_s)
            except Empty:
                return True
            if message is None:
                hub.inbox.put(None)
                return False
            self._heard(message)
            wait_s = 0.0001

    def _heard(self, message: frames.FromChild) -> None:
        match message:
            case frames.Answered():
                self._waiting.discard(message.n)
                self._answered(self._asked[message.n], message)
            case frames.NotNow():
                assert message.code in self.excuses, f"{message.code}: {self._last_words()}"
                self.codes[message.code] += 1
                self._waiting.discard(message.n)
                self._again.append(self._asked[message.n])
            case frames.Page():
                self._polling.discard(message.desk)
                self.bodies += self.followers[message.desk].take(message)
                self._learn(message)
            case frames.Health():
                self._health = message
            case _:
                raise AssertionError(f"nobody asked for {message}")

    def _answered(self, index: int, answer: frames.Answered) -> None:
        """Hold an answer against what is known of the submission."""
        one = self.sent[index]
        self.answers[answer.outcome] += 1
        self.codes[answer.code] += 1
        if answer.outcome == "refused":
            assert not one.receipt, "what was accepted was refused when it was sent again"
            one.is_refused = True
            return
        assert one.is_good, "what must be refused was accepted"
        one.times_accepted += answer.outcome == "accepted"
        assert one.times_accepted <= 1, "an accepted submission was accepted a second time"
        if one.receipt:
            assert answer.receipt == one.receipt, "the receipt is another one than the first"
            return
        assert answer.outcome == "accepted" or index in self._unsure, "what was never sent before was known"
        self.were_there += answer.outcome == "repeated"
        one.receipt = answer.receipt
        of_type = self.load.known.items.setdefault(one.envelope.type, [])
        of_type += [f"{one.envelope.desk} {ref}" for ref in read_receipt(one.receipt, self.hub_keys).items]

    def _learn(self, page: frames.Page) -> None:
        """Recalls must be answered and alerts acknowledged: the load does so later."""
        known = self.load.known
        known.recalls.extend((page.desk, e.leaf) for e in page.entries if e.kind == "recall")
        own = [b for b in page.bodies if b.type.startswith("alert.") and b.type != "alert.acknowledged"]
        known.alerts.extend((page.desk, b.ref) for b in own)
