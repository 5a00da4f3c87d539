"""All events of an area in order of time. Memory holds what is still to come of what has begun, and not the days."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from sightline.entrypoints.simulate import exploitation, missing, others, profile
from sightline.entrypoints.simulate.course import Course, Planned
from sightline.entrypoints.simulate.desks import Desks, desks_of
from sightline.entrypoints.simulate.people import People
from sightline.entrypoints.simulate.seeded import chance_of, how_many

STARTS = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday: days are counted from here unless another is asked for."""
_HOUR = timedelta(hours=1)
_COURSES: Mapping[str, Callable[[Course, datetime], None]] = {
    "episode": missing.episode,
    "cpi": others.cpi,
    "notification": others.notification,
    "referral": others.referral,
    "consent": others.consent,
    "involvement": others.involvement,
    "flag": others.flag,
    "risk": exploitation.risk,
    "trafficking": exploitation.trafficking,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be simulated."""

    area: str
    days: int
    seed: int
    times: float = 1.0
    """How many times what the area would send."""
    starts: datetime = STARTS


def events(asked: Asked) -> Iterator[Planned]:
    """What is sent before the days are over, by time. The same days begin every longer simulation."""
    desks = desks_of(asked.area)
    people = People(seed=asked.seed, desks=desks, today=asked.starts.date(), times=asked.times)
    waiting: list[tuple[datetime, int, int, Planned]] = []
    for hour in range(asked.days * 24):
        begins = asked.starts + hour * _HOUR
        for number, one in enumerate(_begun(asked, desks, people, hour, begins)):
            heappush(waiting, (one.at, hour, number, one))
        while waiting and waiting[0][0] < begins + _HOUR:
            yield heappop(waiting)[3]


def _begun(asked: Asked, desks: Desks, people: People, hour: int, begins: datetime) -> Iterator[Planned]:
    """All that comes of what begins in one hour."""
    chance = chance_of(asked.seed, asked.area, "hour", hour)
    share = profile.POPULATION[asked.area] / profile.PEOPLE * asked.times
    for kind, a_day in profile.STARTS.items():
        mean = a_day * share * profile.weight(kind, begins.weekday(), begins.hour)
        for second in sorted(chance.randrange(0, 3600) for _ in range(how_many(chance, mean))):
            course = Course(chance=chance, desks=desks, people=people)
            _COURSES[kind](course, begins + timedelta(seconds=second))
            yield from course.events()
