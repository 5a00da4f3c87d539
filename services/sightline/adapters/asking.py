"""Facts documents put to an engine in lists, for which the policy has the rule ``decisions``: what both engines share.

A call costs several times what one decision does. With 1,200 documents of 1.2 KB, compiled and in process, one alone
took 0.47 ms; in lists of 16 each took 0.10 ms, of 48 and more 0.08 ms. So lists stay short, and so does what one bad
document costs: a list that fails for any reason is asked again one document at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, compress
from typing import Any

import orjson

LIST_DOCUMENTS = 64
LIST_BYTES = 65_536
"""A list has no more documents, and no more bytes unless one document alone has them."""

Raw = Mapping[str, Any]
Ask = Callable[[Sequence[bytes]], object]
"""What ``decisions`` says of a list. Raises `NotDecided` where that is nothing, `Unavailable` for the engine's fault."""
Over = Callable[[Callable[[Sequence[bytes]], list[Raw]], Iterable[Sequence[bytes]]], Iterable[list[Raw]]]


class NotDecided(Exception):
    """What was asked has no decision, for this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def answers(facts: Sequence[bytes], ask: Ask, over: Over = map) -> list[Raw]:
    """One raw result for each document, in order; ``undecidable`` says why one could not be decided.

    Reasons: ``malformed_facts``, ``undefined``, ``malformed_result`` and those of `ask`. `over` asks list by list.
    """
    readable = [_is_one_document(one) for one in facts]
    found = chain.from_iterable(over(partial(_answers, ask), _lists(compress(facts, readable))))
    return [next(found) if is_one else {"undecidable": "malformed_facts"} for is_one in readable]


def as_list(facts: Sequence[bytes]) -> bytes:
    """The JSON array of what was found to be one document each: then none of them can end its place and begin another."""
    return b"[" + b",".join(facts) + b"]"


def _is_one_document(facts: bytes) -> bool:
    try:
        orjson.loads(facts)
    except orjson.JSONDecodeError:
        return False
    return True


def _lists(facts: Iterable[bytes]) -> Iterator[Sequence[bytes]]:
    held: list[bytes] = []
    size = 0
    for one in facts:
        if held and (len(held) == LIST_DOCUMENTS or size + len(one) > LIST_BYTES):
            yield held
            held, size = [], 0
        held.append(one)
        size += len(one) + len(b",")
    if held:
        yield held


def _answers(ask: Ask, facts: Sequence[bytes]) -> list[Raw]:
    try:
        decisions = ask(facts)
        return [_decision(decisions, str(place)) for place in range(len(facts))]
    except NotDecided as exc:
        if len(facts) == 1:
            return [{"undecidable": exc.reason}]
    return [answer for one in facts for answer in _answers(ask, [one])]


def _decision(decisions: object, place: str) -> Raw:
    if not isinstance(decisions, dict):
        raise NotDecided("malformed_result")
    if place not in decisions:
        raise NotDecided("undefined")
    decision = decisions[place]
    if not isinstance(decision, dict):
        raise NotDecided("malformed_result")
    return decision
