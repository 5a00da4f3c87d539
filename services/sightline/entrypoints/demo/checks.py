"""Checks of what was recorded and decided: P1, P2, P4, P5, P6. Each makes its own way to what it checks."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from sightline.audit.replay import Replay
from sightline.entrypoints.demo import words
from sightline.entrypoints.demo.cast import CAST
from sightline.entrypoints.demo.leaves import Leaf
from sightline.entrypoints.demo.story import Told
from sightline.entrypoints.demo.week import Sent, Week
from sightline.formats import jws
from sightline.formats.receipt import Receipt, read_receipt
from sightline.kernel.errors import Refused, SightlineError
from sightline.kernel.ids import agency_of
from sightline.ledger.items import CHILD_PART, ItemEntry
from sightline.ledger.sealing import ItemKey, KeyVault, key_names
from sightline.record.stage import Answer
from sightline.runtime.hub import Hub

_LEDGER = 100_000


def entries(hub: Hub) -> list[Any]:
    """Every entry of the ledger, in order."""
    return [placed.entry for placed in hub.ledger.read(0, _LEDGER)]


def receipts(week: Week) -> None:
    """P1: a signed receipt for each, of these bytes; numbers without gap; repeats equal; each recorded once."""
    tally = week.tally
    for sent in week.sent:
        tally.check("P1", _attests(sent), f"a receipt does not say what {sent.actor.name} sent")
    for sent, answer in week.repeats:
        same = answer.outcome == "repeated" and answer.receipt == sent.answer.receipt
        tally.check("P1", same, "an exact repeat did not get its first receipt again")
    for agency, numbers in _numbers(week).items():
        tally.check("P1", sorted(numbers) == list(range(1, len(numbers) + 1)), f"{agency}'s receipts have a gap")
    recorded = Counter((e.source, e.event_id, e.part, e.index) for e in entries(week.hub) if _is_sent(e))
    tally.check("P1", set(recorded.values()) == {1}, "a submission stands in the ledger twice")
    accepted = {(sent.actor.source, sent.id) for sent in week.sent}
    tally.check("P1", {key[:2] for key in recorded} == accepted, "the ledger and the receipts name other submissions")


def receipts_after_restart(week: Week) -> None:
    """P1: a hub that was stopped and started knows every submission, and gives the first receipt again."""
    for sent, answer in zip(week.sent, week.line.again([sent.raw for sent in week.sent]), strict=True):
        same = answer.outcome == "repeated" and answer.receipt == sent.answer.receipt
        week.tally.check("P1", same, "after a restart a repeat did not get its first receipt again")


def signatures(week: Week) -> None:
    """P2: whoever holds the keys finds the signed bytes of every item; whatever was derived names its cause."""
    hub, tally = week.hub, week.tally
    found = entries(hub)
    steps = {e.step for e in found if _is_sent(e)}
    with week.line.vault() as vault:
        payloads = {e.digest: _payload(hub, vault, e) for e in found if _is_sent(e) and e.part != CHILD_PART}
        for entry in (e for e in found if _is_sent(e)):
            tally.check("P2", _is_signed(vault, entry, payloads), "an item is not what its sender signed")
    for entry in (e for e in found if isinstance(e, ItemEntry) and not e.digest):
        caused = entry.step in steps or entry.step.startswith("clock:")
        tally.check("P2", caused, "an entry of the hub's own does not name its cause")


def explanations(week: Week) -> None:
    """P4: each decision says by which rules, on what basis, what it withholds and why; every rule has a meaning."""
    for leaf in week.leaves.all:
        if leaf.typ == "decision":
            week.tally.check("P4", _is_explained(leaf), "a decision is not explained")
    for sent in week.sent:
        for ref in sent.items:
            desks = {leaf.pair[0] for leaf in week.leaves.about(ref)}
            week.tally.check("P4", sent.actor.id in desks, "an item was not decided about for its own sender")


def replayed(week: Week, replay: Replay) -> None:
    """P5: every leaf was derived again, byte for byte; none is missing, none is left over."""
    for number in range(max(replay.leaves, len(week.leaves.all))):
        week.tally.check("P5", number < replay.equal, "a leaf was not derived again as it stands")
    week.tally.check("P5", replay.exit_code == 0 and not replay.differences, "replay found differences")


def unknowns(week: Week, told: Told) -> None:
    """P6: what no form has is its sender's alone; who was not considered sees nothing; without facts the answer is no."""
    for leaf in week.leaves.about(told.unknown.items[0]):
        own = leaf.pair[0] == told.unknown.actor.id
        ok = "unknown" in leaf.shown if own else leaf.withheld.get("unknown") == ["H-02"]
        week.tally.check("P6", ok, "a field that no form has was shown to another desk than its sender's")
    for ref in week.titles:
        for actor in CAST:
            if (actor.id, ref) not in week.leaves.decided:
                week.tally.check("P6", _is_hidden(week, actor.id, ref), "a desk read what nobody decided about for it")
    for ok in _engine_says_no(week):
        week.tally.check("P6", ok, "the policy showed something although it knew nothing")


def refusals(week: Week, told: Told) -> dict[int, str]:
    """P12: a proven sender is told what was wrong, urgent ones reach the MASH and the police; unproven ones nobody.

    Returns who was told of each refusal, in words.
    """
    said = {}
    for number, turned in enumerate(week.turned):
        notices = {a: n for a in CAST for n in week.hub.notices.of(a.id) if n.id == turned.answer.receipt_id}
        proven = bool(turned.answer.receipt)
        week.tally.check(
            "P12", bool(notices) == proven, "a refusal's notice does not follow whether its sender is proven"
        )
        for actor, notice in notices.items():
            code = turned.answer.refusal.code if turned.answer.refusal else ""
            right = notice.code == (code if actor.id == notice.sender else "telephone")
            week.tally.check("P12", right, "a notice says more, or less, than it should")
        said[number] = ", ".join(a.short for a in notices) or "nobody: sender not proven"
    urgent = {a.id for a in CAST for n in week.hub.notices.of(a.id) if n.id == told.refused_form}
    wanted = {a.id for a in CAST if a.roles & {"mash", "police_missing_persons"}}
    for desk in sorted(wanted):
        week.tally.check("P12", desk in urgent, "the MASH or the police did not hear of an urgent refusal")
    return said


def _attests(sent: Sent) -> bool:
    receipt = sent.receipt
    payload = sha256(jws.parse(sent.raw, jws.EVENT).payload).digest()
    return receipt is not None and (receipt.outcome, receipt.payload) == ("accepted", payload) and bool(receipt.items)


def _numbers(week: Week) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for sent in week.sent:
        found.setdefault(agency_of(sent.actor.id), []).append(sent.receipt.number if sent.receipt else 0)
    for receipt in (_receipt(week, turned.answer) for turned in week.turned):
        if receipt is not None:
            found.setdefault(receipt.source.split("/")[2] if receipt.source else "", []).append(receipt.number)
    return found


def _receipt(week: Week, answer: Answer) -> Receipt | None:
    return read_receipt(answer.receipt, week.hub.hub_keys) if answer.receipt else None


def _is_sent(entry: Any) -> bool:
    return isinstance(entry, ItemEntry) and bool(entry.digest)


def _plain(vault: KeyVault, entry: Any) -> bytes:
    keys = vault.open(key_names(entry.children, entry.area))
    parents = [keys[name] for name in key_names(entry.children, entry.area)]
    return ItemKey(parents, entry.originator_id, entry.originator_version).open("body", entry.sealed)


def _payload(hub: Hub, vault: KeyVault, entry: Any) -> bytes:
    """What was signed, if the sending desk's registered key signed it; else nothing."""
    signed = jws.parse(_plain(vault, entry), jws.EVENT)
    key = hub.directory.find(signed.kid)
    ok = key is not None and key.desk == entry.desk
    if key is None or not ok:
        return b""
    ok = jws.is_signed(alg=key.alg, public=key.public, signing_input=signed.signing_input, signature=signed.signature)
    return signed.payload if ok else b""


def _is_signed(vault: KeyVault, entry: Any, payloads: Mapping[bytes, bytes]) -> bool:
    payload = payloads.get(entry.digest, b"")
    if sha256(payload).digest() != entry.digest:
        return False
    if entry.part != CHILD_PART:
        return True
    return bool(json.loads(_plain(vault, entry)) == {"child": json.loads(payload)["data"]["children"][entry.index]})


def _is_explained(leaf: Leaf) -> bool:
    body = leaf.body
    named = {rule for rules in leaf.withheld.values() for rule in rules} | set(body["rules"])
    return (
        bool(body["rules"])
        and bool(body["basis"]) == bool(leaf.shown)
        and (body["eff"] == "disclose") == bool(leaf.shown)
        and all(rule in words.rules() for rule in named)
        and all(code in words.citations() for code in body["basis"])
        and all(body[commitment] for commitment in ("cfacts", "citem", "cjust"))
    )


def _is_hidden(week: Week, desk: Any, ref: str) -> bool:
    try:
        week.hub.view.item(desk, ref)
    except Refused as refused:
        return refused.code == "not_found"
    return False


def _engine_says_no(week: Week) -> Iterator[bool]:
    """The policy itself, asked with nothing at all, and with nothing in each of its four sections."""
    asked = (b"{}", b'{"child":{},"desk":{},"item":{},"protocol":{}}', b'{"item":{"classes":["location"]}}')
    try:
        with week.line.engine() as engine:
            answers = engine.decide(asked)
    except SightlineError:
        yield False
        return
    for answer in answers:
        yield answer.get("outcome") != "disclose" and not answer.get("classes")
