"""Metrics for Prometheus, in a registry of their own. Labels are codes and routes from closed lists, never a person's."""

from collections.abc import Iterator
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sightline.kernel.errors import Unavailable
from sightline.runtime.hub import Hub
from sightline.runtime.runner import Runner
from sightline.runtime.usage import peak_memory_bytes

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Line(Collector):
    """What the line counts itself, read when it is asked for."""

    def __init__(self, hub: Hub, runner: Runner) -> None:
        self._hub = hub
        self._runner = runner

    def describe(self) -> list[Metric]:
        """Nothing: registering must not read the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Families of the line's counts."""
        counts, health = self._runner.counts, self._runner.health()
        yield counter("submissions", "Submissions answered.", "outcome", counts.outcomes)
        yield counter("refusals", "Submissions refused, by code.", "code", counts.codes)
        yield counter("stage_seconds", "Seconds spent in each stage.", "stage", counts.seconds)
        yield plain_counter("clocks_struck", "Clocks that ran out.", counts.clocks_struck)
        yield plain_counter("stage_stops", "Times that a stage could not go on.", counts.stops)
        yield gauge("queue_submissions", "Submissions waiting to be recorded.", _number(health["waiting"]))
        yield gauge("line_alive", "1 while the line moves.", float(bool(health["alive"]) and not health["trouble"]))
        yield self._memory()
        with suppress(Unavailable):  # No number is better than a wrong one.
            yield from self._evidence(_number(health["decided"]))

    def _memory(self) -> Metric:
        """The line's own process, and the decider's where it has one."""
        family = GaugeMetricFamily(
            "sightline_peak_memory_bytes",
            "Most memory held so far; 0 for a decider without a process of its own.",
            labels=["process"],
        )
        family.add_metric(["line"], peak_memory_bytes())
        family.add_metric(["decide"], self._runner.decider.progress.peak_memory_bytes)
        return family

    def _evidence(self, decided: float) -> Iterator[Metric]:
        head, sealed = self._hub.ledger.head(), self._hub.register.reader.head()
        yield gauge("ledger_position", "Last position of the ledger.", float(head))
        yield gauge("register_leaves", "Leaves under a signed checkpoint.", float(sealed.size if sealed else 0))
        yield gauge("decide_lag_entries", "Positions of the ledger that are not decided yet.", max(0.0, head - decided))


class Metrics:
    """One process's metrics."""

    def __init__(self, hub: Hub, runner: Runner) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Line(hub, runner))
        self._requests = Histogram(
            "sightline_http_seconds",
            "Seconds until a request was answered.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.reads = Counter("sightline_reads", "Reads answered.", ("what", "purpose"), registry=self.registry)
        self.streams = Gauge("sightline_streams", "Streams open now.", registry=self.registry)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered. `route` is the template, never what was asked for."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self.registry)


def counter(name: str, text: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    """One number for each value of a label."""
    family = CounterMetricFamily(f"sightline_{name}", text, labels=[label])
    for value, count in sorted(dict(values).items()):
        family.add_metric([value], count)
    return family


def plain_counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"sightline_{name}", text, value=value)


def gauge(name: str, text: str, value: float) -> Metric:
    """One number."""
    return GaugeMetricFamily(f"sightline_{name}", text, value=value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
