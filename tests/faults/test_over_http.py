"""The same promise where partners stand: a real server on loopback is killed while desks send and follow over HTTP."""

import os
import signal
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sightline.agency.client import HubClient, HubRefused, Told
from sightline.agency.follow import Cursor, Follower, catch_up
from sightline.entrypoints.cli_serve import bind, serving, stopping_on_signals
from sightline.kernel.errors import Unavailable
from sightline.kernel.ids import DeskId
from sightline.runtime.beside import Beside
from sightline.runtime.embedded import embedded
from sightline.runtime.settings import Settings
from tests.faults import frames
from tests.faults.books import close_the_books
from tests.faults.campaign import ORIGIN, Campaign
from tests.faults.child import log_to, watched
from tests.faults.decider import command_for
from tests.faults.load import COUNCIL, MASH, POLICE, SCHOOL
from tests.faults.marks import STEPS, Marks
from tests.faults.partners import Sent
from tests.faults.process import NURSERY, PATIENCE_S, kill_group
from tests.faults.reader import Follower as Remembered
from tests.faults.steps import Kill, PacedClock, Plan, Steps

pytestmark = pytest.mark.faults

SUBMISSIONS, SENDERS, KILLS = 420, 3, 8
READERS = (POLICE, MASH, COUNCIL, SCHOOL)


def serve(port: int, plan: Plan) -> None:
    """A hub behind HTTP with a decider beside it, in one group of processes, until SIGTERM or worse."""
    os.setpgid(0, 0)
    log_to(f"{plan.folder}.log")
    steps = Steps(Marks(Path(plan.marks), fresh=True), plan.kill)
    hub = embedded(Path(plan.folder), origin=ORIGIN, clock=PacedClock(plan.began, plan.pace), on_step=steps)
    settings = Settings(data=Path(plan.folder), port=port, seal_interval_ms=20)
    decider = Beside(command_for(plan))
    with serving(watched(hub, steps), settings, decider) as server, stopping_on_signals(server):
        server.run(sockets=[bind("127.0.0.1", port)])
    hub.close()
    os._exit(0)


@dataclass
class Desks:
    """Desks' systems: each goes on until it is done, whatever becomes of the hub meanwhile."""

    campaign: Campaign
    url: str
    done: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)
    lives_with_bodies: set[int] = field(default_factory=set)
    life: int = 0

    def start(self) -> list[threading.Thread]:
        """Senders, each with its share, and readers."""
        partners = self.campaign.partners
        senders = [self._thread(self.send, partners.sent[n::SENDERS]) for n in range(SENDERS)]
        self.readers = [self._thread(self.follow, partners.followers[desk]) for desk in READERS]
        return senders

    def send(self, share: list[Sent]) -> None:
        """Send until there is an answer to each; some of what was answered is sent again."""
        with self._client(POLICE) as client:
            for n, one in enumerate(share):
                time.sleep(0.02)
                self._send(client, one)
                if n % 10 == 9:
                    self._send(client, share[n - 5])

    def _send(self, client: HubClient, one: Sent) -> None:
        while True:
            try:
                sent = client.submit(one.raw, self.campaign.partners.hub_keys, tries=1)
            except Unavailable:
                time.sleep(0.03)
                continue
            except HubRefused:
                assert not one.receipt, "what was accepted was refused when it was sent again"
                one.is_refused = True
                return
            assert one.receipt in (b"", sent.compact), "the receipt is another one than the first"
            one.receipt = sent.compact
            return

    def follow(self, remembered: Remembered) -> None:
        """Poll the feed with bodies, by the agency's own client, which proves it whole."""
        desk = DeskId(remembered.desk)
        follower = Follower(Cursor(desk=desk), self.campaign.partners.hub_keys, self.campaign.clock.now)
        with self._client(desk) as client:
            while not self.done.is_set():
                try:
                    for told in catch_up(follower, client, bodies=True):
                        self._remember(remembered, told)
                except Unavailable:
                    time.sleep(0.03)
        remembered.running = follower.cursor.running

    def _remember(self, remembered: Remembered, told: tuple[Told, ...]) -> None:
        remembered.entries += [one.entry for one in told]
        for body in (_body(one.item) for one in told if one.item):
            remembered.bodies[body.ref, body.leaf] = body
            if body.state == "disclosed":
                self.lives_with_bodies.add(self.life)

    def _client(self, desk: str) -> HubClient:
        key = self.campaign.partners.load.key(desk)
        actor, purpose = "s-4711:officer", "missing_or_safeguarding_response"
        return HubClient(self.url, key=key, actor=actor, purpose=purpose, clock=self.campaign.clock, timeout_s=10)

    def _thread(self, work: Any, share: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(share)
            except BaseException as exc:  # noqa: BLE001  # told by the test itself: a thread's failure fails nothing
                self.failures.append(exc)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


def _body(item: Any) -> frames.Body:
    return frames.Body(item["ref"], item["type"], item["state"], item.get("leaf", ""), item.get("classes", []), b"", "")


def test_a_server_killed_under_load_loses_and_doubles_nothing_and_shows_nothing_unrecorded(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=9, pace=1.0)
    campaign.partners.sign(SUBMISSIONS)
    with bind("127.0.0.1", 0) as free:
        port = int(free.getsockname()[1])
    desks = Desks(campaign, f"http://127.0.0.1:{port}")
    senders = desks.start()
    kill_again_and_again(campaign, desks, port)
    server = started(campaign, port, None)
    for sender in senders:
        sender.join(PATIENCE_S)
        assert not sender.is_alive(), "a submission got no answer"
    desks.done.set()
    for reader in desks.readers:
        reader.join(PATIENCE_S)
    server.terminate()
    server.join(PATIENCE_S)
    assert server.exitcode == 0
    assert not desks.failures, desks.failures
    assert close_the_books(campaign)
    assert len(desks.lives_with_bodies) >= 3, "readers got too little between kills"


def kill_again_and_again(campaign: Campaign, desks: Desks, port: int) -> None:
    """Every other kill is at a step, the rest are at any instant."""
    random = Random(9)
    for n in range(KILLS):
        desks.life += 1
        at = Kill(STEPS[n // 2 % len(STEPS)], random.randint(2, 12)) if n % 2 else None
        server = started(campaign, port, at)
        moves(port, server)
        server.join(4.0 if at else random.uniform(0.2, 1.0))
        kill_group(server)
        server.join(PATIENCE_S)
        assert server.exitcode == -signal.SIGKILL
        campaign.report = campaign.verified(campaign.report)


def moves(port: int, server: BaseProcess) -> None:
    """Wait until the line moves, or the server has ended: a hub and its decider take a moment to load the policy."""
    deadline = time.monotonic() + PATIENCE_S
    while server.is_alive() and time.monotonic() < deadline:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection, suppress(OSError, HTTPException):
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.02)


def started(campaign: Campaign, port: int, kill: Kill | None) -> BaseProcess:
    folder, marks = str(campaign.folder), str(campaign.folder.with_name("marks"))
    plan = Plan(folder=folder, marks=marks, origin=ORIGIN, began=campaign.began, kill=kill)
    server = NURSERY.Process(target=serve, args=(port, plan), daemon=True)
    server.start()
    return server
