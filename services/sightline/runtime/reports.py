"""What a decider says to its line. Between processes each is one line of JSON; none holds anything of a person."""

import msgspec


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Something was decided, or what was waited for is there again."""

    position: int = 0
    """Up to which the ledger is decided."""
    entries: int = 0
    """Taken since the last report."""
    seconds: float = 0.0
    """They took."""
    asked: int = 0
    """Distinct facts documents that the engine was asked about since the decider started."""
    cpu_s: float = 0.0
    """Processor seconds of the decider's own process so far; 0 where it has none."""
    peak_memory_bytes: int = 0
    """The most that its own process held; 0 where it has none."""


class Waits(msgspec.Struct, frozen=True, tag="waits"):
    """It cannot go on now, and tries again."""

    code: str


class Broke(msgspec.Struct, frozen=True, tag="broke"):
    """It has ended: evidence contradicts itself, or we have a fault."""

    code: str


Report = Progress | Waits | Broke

WAKE, STOP = b"w", b"s"
"""What the line says to a decider's process: that there may be something new; that what is there is the last."""

FINISHED, UNFINISHED, BROKEN, ORPHANED = 0, 3, 4, 5
"""How such a process ends: all decided; not all, for what it waited for; it may not go on; nobody to decide for."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Report)


def written(report: Report) -> bytes:
    """One line."""
    return _encoder.encode(report) + b"\n"


def read(line: bytes) -> Report:
    """What that line says. Raises ValueError for one that was cut short, or is none of ours."""
    report: Report = _decoder.decode(line)
    return report
