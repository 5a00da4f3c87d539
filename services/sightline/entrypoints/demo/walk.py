"""One sample report through the hub, stage by stage: which file does what, what goes in, what comes out."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from sightline.adapters.clock import SetClock
from sightline.agency.sign import sign_event
from sightline.entrypoints.demo import forms, words
from sightline.entrypoints.demo.cast import CAST, MASH, MISSING, enrol
from sightline.entrypoints.demo.telling import Teller
from sightline.formats.receipt import read_receipt
from sightline.kernel.values import Submission, Verified
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.submit.stage import submit

_AT = datetime(2026, 11, 16, 19, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One stage on the way."""

    stage: str
    file: str
    """Below services/sightline."""
    takes: str
    gives: str


def walk_through(folder: Path, teller: Teller, *, as_json: bool) -> int:
    """Send one missing report and show each stage; 0 if it came out at the other end, 1 if not."""
    hub = embedded(folder / "hub", origin="sightline.example/walk", clock=SetClock(_AT))
    try:
        stops = _walk(hub)
    finally:
        hub.close()
    if as_json:
        sys.stdout.write(json.dumps([asdict(stop) for stop in stops], indent=2) + "\n")
    _print(teller, stops)
    return 0 if stops[-1].stage == "audit" and " 0 differences" in stops[-1].gives else 1


def _walk(hub: Hub) -> list[Stop]:
    keys = enrol(hub)
    hub.settle()
    form = forms.wren_missing()
    raw = sign_event(
        keys[MISSING.id],
        source=MISSING.source,
        type="missing.reported",
        data=form,
        area="hampshire",
        purpose="missing_or_safeguarding_response",
        actor="staff-201:police_officer",
        time=hub.clock.now(),
    )
    signed = Stop(
        stage="agency",
        file="agency/sign.py",
        takes=f"a form of {len(form)} fields and the desk's own key",
        gives=f"a signed event: {len(raw)} bytes (JWS over a CloudEvent)",
    )
    return [signed, *_inward(hub, raw), *_outward(hub)]


def _inward(hub: Hub, raw: bytes) -> list[Stop]:
    hub.directory.refresh()
    parsed = submit([raw], schemas=hub.schemas, unsealer=hub.intake.unsealer, now=hub.clock.now())
    verified = hub.verify(parsed, hub.clock.now())
    before = hub.ledger.head()
    answer = hub.record(verified)[0]
    receipt = read_receipt(answer.receipt, hub.hub_keys)
    first, second = parsed[0], verified[0]
    what = (
        f"a {words.title(first.envelope.type).lower()}"
        if isinstance(first, Submission) and first.envelope
        else "a refusal"
    )
    kid = first.kid.partition("#")[0] if isinstance(first, Submission) else ""
    return [
        Stop(stage="submit", file="submit/stage.py", takes=f"{len(raw)} bytes, not believed", gives=f"{what}, parsed and fitting its schema; still not believed"),
        Stop(stage="verify", file="verify/stage.py", takes="the parsed event and the registered keys", gives=f"{'verified' if isinstance(second, Verified) else 'rejected'}: signed by {kid}, which may say this"),
        Stop(stage="record", file="record/stage.py", takes="the verified event", gives=f"{hub.ledger.head() - before} ledger entries and a signed receipt, {receipt.outcome}, no. {receipt.number}; names {len(receipt.items)} item and {len(receipt.children)} child"),
    ]  # fmt: skip


def _outward(hub: Hub) -> list[Stop]:
    entries = hub.decide()
    asked = hub.decide.memo_asked
    sealed = hub.register.seal()
    told = hub.feed()
    view = hub.view.items(MASH.id)[0]
    replay = hub.replay()
    readers = sum(any(v.state == "disclosed" for v in hub.view.items(actor.id)) for actor in CAST)
    return [
        Stop(stage="decide", file="decide/stage.py", takes=f"{entries} ledger entries", gives=f"{sealed.count} leaves, from {asked} different sets of facts; nothing can be read yet"),
        Stop(stage="register", file="register/seal.py", takes=f"{sealed.count} leaves", gives=f"a tree of {sealed.size} leaves under a signed checkpoint: now it may be read"),
        Stop(stage="feed", file="feed/stage.py", takes="the sealed leaves", gives=f"one numbered entry in the feed of each of {len(told)} desks"),
        Stop(stage="view", file="view/reading.py", takes="a desk (here the MASH) and its sealed decision", gives=f"{readers} desks can read it; the MASH sees {words.classes(view.classes)}; not: {words.classes(view.withheld)}"),
        Stop(stage="audit", file="audit/replay.py", takes="ledger, keys and policy", gives=f"{replay.equal} of {replay.leaves} leaves derived again, byte for byte; {len(replay.differences)} differences"),
    ]  # fmt: skip


def _print(teller: Teller, stops: list[Stop]) -> None:
    teller.heading("One report's way through the hub")
    for stop in stops:
        teller.gap()
        teller.say(Text.assemble((f"{stop.stage:<10}", "bold"), (f"services/sightline/{stop.file}", "cyan")))
        teller.say(f"in   {stop.takes}", indent=12)
        teller.say(f"out  {stop.gives}", indent=12)
