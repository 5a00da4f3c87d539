"""A worker's metrics and health: what its stage counts, what it waits for, and how much there is left to do."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from sightline.kernel.errors import Unavailable
from sightline.runtime.loop import Said
from sightline.runtime.metrics import CONTENT_TYPE, counter, gauge, plain_counter
from sightline.runtime.usage import peak_memory_bytes

__all__ = ["CONTENT_TYPE", "WorkerMetrics"]


class WorkerMetrics(Collector):
    """One worker's. Labels are codes of closed lists."""

    def __init__(self, worker: str, said: Said) -> None:
        self.lag: Callable[[], int] = lambda: 0
        """How much waits for this worker. Asked when somebody looks; may raise Unavailable."""
        self.is_built = False
        self._worker = worker
        self._said = said
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not read the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Families of the stage's counts."""
        counts = self._said.counts
        yield counter("worker_outcomes", "What was done, by outcome.", "outcome", counts.outcomes)
        yield counter("refusals", "Submissions refused, by code.", "code", counts.codes)
        yield counter("stage_seconds", "Seconds spent in each stage.", "stage", counts.seconds)
        yield plain_counter("stage_stops", "Times that the stage could not go on.", counts.stops)
        yield gauge("line_alive", "1 while the stage moves.", float(not self.trouble()))
        yield gauge("standing_by", "1 while another of the same kind does the work.", float(self._said.is_standing_by))
        yield gauge("worker_peak_memory_bytes", "Most memory held so far.", float(peak_memory_bytes()))
        try:
            yield gauge("worker_lag", "How much waits for this worker.", float(self.lag()))
        except Unavailable:
            return  # No number is better than a wrong one.

    def trouble(self) -> str:
        """What it waits for, or has ended with; empty while it moves."""
        return self._said.corrupt or self._said.trouble or ("" if self.is_built else "starting")

    def health(self) -> dict[str, object]:
        """For ``/readyz``."""
        return {
            "worker": self._worker,
            "trouble": self.trouble(),
            "corrupt": bool(self._said.corrupt),
            "standing_by": self._said.is_standing_by,
        }

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)
