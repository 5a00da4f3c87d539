"""Receipts over a broker: a desk's own are found among all of its agency's, and only the hub's are believed."""

from typing import Any

import pytest

from sightline.agency.answers import Sent
from sightline.agency.sending import Outgoing, Receipts, outgoing
from sightline.formats.jwk import PrivateKey, generate
from sightline.formats.receipt import ACCEPTED, REFUSED, Receipt, make_receipt
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.kernel.values import Refusal
from tests.builders import NOW, POLICE_SOURCE, a_key, an_event, signed
from tests.builders_agency import MemoryTopic

HUB = generate(DeskId("hub/receipts"))
KEYS = {HUB.kid: (HUB.alg, HUB.public)}
NAME = b"0123456789abcdef" * 2


def an_outgoing(name: str = "first") -> Outgoing:
    return outgoing(name, signed(a_key(), an_event(id=name)))


def a_receipt(event: Outgoing, *, number: int = 1, refused: str = "", key: PrivateKey = HUB) -> bytes:
    reasons = (Refusal(code=refused),) if refused else ()
    outcome = REFUSED if refused else ACCEPTED
    said = Receipt(
        outcome=outcome,
        source=event.source,
        id=event.name,
        payload=event.digest,
        recorded_at=NOW,
        number=number,
        reasons=reasons,
    )
    return make_receipt(said, key)


def waiting_for(topic: MemoryTopic, *events: Outgoing) -> Receipts:
    receipts = Receipts(topic, KEYS)
    receipts.expect(events)
    return receipts


def numbers(found: Any) -> dict[str, int]:
    """Names and the numbers of their receipts."""
    answers: list[tuple[str, Sent]] = list(found)
    return {name: sent.receipt.number for name, sent in answers}


def test_an_event_is_keyed_by_its_source_and_found_by_its_payload() -> None:
    first, again = an_outgoing(), an_outgoing("again")
    assert first.source == POLICE_SOURCE
    assert first.digest != again.digest
    other_key = outgoing("copy", signed(a_key(), an_event(id="first")))
    assert other_key.digest == first.digest


@pytest.mark.parametrize(
    ("compact", "code"),
    [
        pytest.param(b"no event", "jws_malformed", id="not signed"),
        pytest.param(signed(a_key(), b"[]"), "not_json", id="not an object"),
        pytest.param(signed(a_key(), an_event(source="nowhere")), "envelope_invalid", id="no source"),
    ],
)
def test_what_no_hub_would_take_is_not_sent_where_nobody_would_say_so(compact: bytes, code: str) -> None:
    with pytest.raises(Refused, match=code):
        outgoing("x", compact)


def test_a_receipt_is_found_among_others_and_among_what_is_none() -> None:
    topic, mine, theirs = MemoryTopic(), an_outgoing("mine"), an_outgoing("theirs")
    receipts = waiting_for(topic, mine)
    assert numbers(receipts.past()) == {}
    topic.put(b"", b"rubbish", a_receipt(theirs, number=7), a_receipt(mine, number=8))
    ((name, sent),) = list(receipts.come({"mine"}, 1))
    assert (name, sent.receipt.number, sent.name) == ("mine", 8, "")
    assert receipts.waiting == set()


def test_the_messages_key_is_the_receipts_name_at_the_hub() -> None:
    topic, mine = MemoryTopic(), an_outgoing()
    receipts = waiting_for(topic, mine)
    topic.put(a_receipt(mine), key=NAME)
    assert [sent.name for _, sent in receipts.past()] == [NAME.decode()]


def test_a_receipt_that_the_hub_did_not_sign_is_not_believed_and_the_true_one_still_is() -> None:
    topic, mine = MemoryTopic(), an_outgoing()
    receipts = waiting_for(topic, mine)
    topic.put(a_receipt(mine, key=generate(DeskId("hub/receipts"))), a_receipt(mine)[:-8] + b"AAAAAAAA")
    assert numbers(receipts.come({mine.name}, 0.05)) == {}
    assert (receipts.waiting, receipts.forged) == ({mine.name}, {mine.name: "bad_signature"})
    topic.put(a_receipt(mine, number=3))
    assert numbers(receipts.come({mine.name}, 1)) == {mine.name: 3}


def test_what_did_not_come_in_time_is_found_the_next_time() -> None:
    topic, mine = MemoryTopic(), an_outgoing()
    receipts = waiting_for(topic, mine)
    assert numbers(receipts.past()) == {}
    assert numbers(receipts.come({mine.name}, 0.05)) == {}
    topic.put(a_receipt(mine, number=4))
    later = topic.again()
    assert numbers(waiting_for(later, mine).past()) == {mine.name: 4}
    assert numbers(waiting_for(later.again(), mine).past()) == {}
    assert numbers(waiting_for(later.again(), mine).past(whole=True)) == {mine.name: 4}


def test_an_acceptance_counts_whenever_it_came_and_of_refusals_the_last() -> None:
    topic, taken, turned_away = MemoryTopic(), an_outgoing("taken"), an_outgoing("turned-away")
    topic.put(
        a_receipt(taken, number=1, refused="key_not_in_force"),
        a_receipt(turned_away, number=2, refused="key_not_in_force"),
        a_receipt(taken, number=3),
        a_receipt(turned_away, number=4, refused="unknown_item"),
    )
    assert numbers(waiting_for(topic, taken, turned_away).past()) == {"taken": 3, "turned-away": 4}
