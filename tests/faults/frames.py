"""What the fault runs' parent and child say to each other over a pipe: MessagePack, one message after the other."""

from multiprocessing.connection import Connection

import msgspec


class Submit(msgspec.Struct, tag=True, frozen=True):
    """To the child: one signed submission. `n` names the question, so that the answer may come late."""

    n: int
    raw: bytes


class Poll(msgspec.Struct, tag=True, frozen=True):
    """To the child: what a desk's feed has after that number, with the bodies."""

    desk: str
    after: int


class AskHealth(msgspec.Struct, tag=True, frozen=True):
    """To the child: how the line is."""


class Quit(msgspec.Struct, tag=True, frozen=True):
    """To the child: stop in good order."""


class Ready(msgspec.Struct, tag=True, frozen=True):
    """From the child: the hub stands and the line runs. What SQLite says of the connections it uses."""

    synchronous: list[int]
    journals: list[str]


class Failed(msgspec.Struct, tag=True, frozen=True):
    """From the child: the hub did not start."""

    kind: str
    code: str
    detail: str


class Answered(msgspec.Struct, tag=True, frozen=True):
    """From the child: the hub's answer to a submission."""

    n: int
    outcome: str
    code: str
    receipt: bytes


class NotNow(msgspec.Struct, tag=True, frozen=True):
    """From the child: the hub could not take it (HTTP would say 503)."""

    n: int
    code: str


class Entry(msgspec.Struct, frozen=True):
    """One entry of a feed."""

    seq: int
    leaf: str
    leaf_hash: str
    kind: str


class Body(msgspec.Struct, frozen=True):
    """One item as the desk was shown it."""

    ref: str
    type: str
    state: str
    leaf: str
    classes: list[str]
    body: bytes
    """What was shown, as JSON; empty where nothing was."""
    recall: str


class Page(msgspec.Struct, tag=True, frozen=True):
    """From the child: a page of a feed and the bodies of its items, read after it."""

    desk: str
    entries: list[Entry]
    bodies: list[Body]
    count: int
    running: str
    heartbeat: str


class Health(msgspec.Struct, tag=True, frozen=True):
    """From the child: how the line is."""

    alive: bool
    corrupt: bool
    trouble: str
    waiting: int
    decided: int
    head: int
    decider: int
    """The process that decides; 0 while there is none."""


ToChild = Submit | Poll | AskHealth | Quit
FromChild = Ready | Failed | Answered | NotNow | Page | Health

_encoder = msgspec.msgpack.Encoder()
to_child = msgspec.msgpack.Decoder(ToChild)
from_child = msgspec.msgpack.Decoder(FromChild)


def write(pipe: "Connection[bytes, bytes]", message: ToChild | FromChild) -> None:
    """Send one message. Raises OSError when nobody is there to read it."""
    pipe.send_bytes(_encoder.encode(message))


def read(pipe: "Connection[bytes, bytes]") -> bytes | None:
    """The next message; None at the end, also where a kill cut the last one short."""
    try:
        return pipe.recv_bytes()
    except (EOFError, OSError):
        return None
