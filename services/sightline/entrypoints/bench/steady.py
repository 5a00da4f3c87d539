"""Messages kept in a file and put on the broker at a steady rate: how the distributed rows make their load."""

import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sightline.entrypoints.bench.arrivals import readable_at, watching
from sightline.entrypoints.bench.measure import say
from sightline.entrypoints.bench.overkafka import OverKafka, numbers
from sightline.entrypoints.bench.rounds import Keys, signed
from sightline.entrypoints.bench.workload import Workload
from sightline.entrypoints.bench.works import Works

_AT_ONCE = 1_000
_LENGTH = 4


class Prepared:
    """Signed and sealed submissions in a file: what agencies do is done before the clock runs, and takes no memory."""

    def __init__(self, path: Path, line: OverKafka, keys: Keys) -> None:
        self.digests: dict[bytes, int] = {}
        """Of what was signed, to its place."""
        self._path = path
        self._line = line
        self._keys = keys

    def make(self, name: str, workload: Workload, count: int) -> None:
        """So many of the workload's next. References that earlier receipts gave are used up soon: nobody learns meanwhile."""
        with self._path.open("wb") as file:
            while len(self.digests) < count:
                for event in workload.round(min(_AT_ONCE, count - len(self.digests))):
                    message = self._line.message(signed(event, self._keys[event.desk]))
                    self.digests[message.digest] = len(self.digests)
                    for part in (message.topic.encode("ascii"), message.key, message.value):
                        file.write(len(part).to_bytes(_LENGTH, "big") + part)
                say(f"{name}: {len(self.digests)} of {count} signed and sealed")

    def messages(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Topics, keys and values, in order."""
        with self._path.open("rb") as file:
            while topic := _part(file):
                yield topic, _part(file), _part(file)

    def send(self, per_s: float) -> "array[float]":
        """One after the other at that rate (0: as fast as the broker takes them); when each was due."""
        due: array[float] = array("d")
        start = time.perf_counter()
        for number, (topic, key, value) in enumerate(self.messages()):
            due.append(start + number / per_s if per_s else time.perf_counter())
            time.sleep(max(0.0, due[-1] - time.perf_counter()))
            self._line.sending.send(topic.decode("ascii"), key, value)
        self._line.sending.flush()
        return due


@dataclass(frozen=True, slots=True)
class Timed:
    """What became of what was sent at a steady rate; moments of `time.perf_counter`, by place."""

    due: Sequence[float]
    readable: Sequence[float]
    """`arrivals.NEVER` for what none of the desks watched may see when it comes."""
    accepted: int
    settled: float
    """When all that was sent was told and published."""


def timed(works: Works, prepared: Prepared, per_s: float) -> Timed:
    """Send what was prepared, and see when it could be read. Nothing else may be under way."""
    before, begun = numbers(works), works.receipts()
    with watching(works) as arrivals:
        due = prepared.send(per_s)
        works.wait_until(lambda: works.receipts() >= begun + len(due))
        works.wait_until(works.is_settled)
        settled = time.perf_counter()
        works.wait_until(arrivals.are_all_there)
    readable, accepted = readable_at(works, arrivals, prepared.digests, before)
    return Timed(due, readable, accepted, settled)


def _part(file: BinaryIO) -> bytes:
    return file.read(int.from_bytes(file.read(_LENGTH), "big"))
