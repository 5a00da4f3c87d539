"""The children of a simulated area: made from the seed when they are spoken of, so that only what happened is kept."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.invented.children import Sort, Subject, an_identity
from sightline.entrypoints.simulate import profile
from sightline.entrypoints.simulate.desks import Desks
from sightline.entrypoints.simulate.seeded import chance_of
from sightline.kernel.ids import agency_of

_COUNTED = timedelta(days=90)
_ADULT = timedelta(days=18 * 365)
_TRIES = 20
_HOT = Sort(ages=(12, 17), looked_after=0.7, trafficked=0.5)
_OTHER = Sort(ages=(6, 17), looked_after=0.15, trafficked=0.08)


@dataclass(slots=True)
class _Story:
    """What must be remembered of a child."""

    away_until: datetime | None = None
    episodes: deque[datetime] = field(default_factory=deque)


class People:
    """As many children as the area's share of the county has, at that factor."""

    def __init__(self, *, seed: int, desks: Desks, today: date, times: float) -> None:
        share = profile.POPULATION[desks.area] / profile.PEOPLE
        self.count = max(10, min(profile.MOST_CHILDREN, int(profile.CHILDREN * share * times)))
        self._hot = max(1, int(self.count * profile.HOT_CHILDREN))
        self._first = sorted(profile.POPULATION).index(desks.area) * profile.MOST_CHILDREN
        self._seed = seed
        self._desks = desks
        self._today = today
        self._stories: dict[int, _Story] = {}
        self._forgot = datetime.combine(today, time(), UTC)

    def pick(self, chance: Chance, at: datetime) -> tuple[int, Subject]:
        """A child's number and what its forms say; the few who cause much as often as they should."""
        found = self._draw(chance)
        for _ in range(_TRIES):
            if at.date() - date.fromisoformat(found[1].identity["date_of_birth"]) < _ADULT:
                break
            found = self._draw(chance)
        return found

    def goes(self, number: int, at: datetime, until: datetime) -> int | None:
        """An episode begins: which of the last 90 days it is, from 1; None if the child is away already."""
        self._forget(at)
        story = self._stories.setdefault(number, _Story())
        if story.away_until is not None and story.away_until >= at:
            return None
        while story.episodes and story.episodes[0] < at - _COUNTED:
            story.episodes.popleft()
        story.episodes.append(at)
        story.away_until = until
        return len(story.episodes)

    def _forget(self, at: datetime) -> None:
        """Once a day, whoever came back too long ago to be counted."""
        if at - self._forgot < timedelta(days=1):
            return
        self._forgot, counted = at, at - _COUNTED
        self._stories = {n: s for n, s in self._stories.items() if s.away_until and s.away_until >= counted}

    def _draw(self, chance: Chance) -> tuple[int, Subject]:
        hot = chance.random() < profile.HOT_SHARE
        number = chance.randrange(0, self._hot) if hot else chance.randrange(self._hot, self.count)
        return number, self._subject(number)

    def _subject(self, number: int) -> Subject:
        chance = chance_of(self._seed, self._desks.area, "child", number)
        hot = number < self._hot
        return Subject(
            identity=_identity(chance, self._first + number, self._desks, hot=hot, today=self._today),
            school=chance.choice(self._desks.schools),
            surgery=chance.choice(self._desks.surgeries),
            team=chance.choice(self._desks.teams),
        )


def _identity(chance: Chance, number: int, desks: Desks, *, hot: bool, today: date) -> dict[str, Any]:
    numbers = {
        f"force:{agency_of(desks.missing)}": f"P/{100_000 + number}",
        f"la-case:{agency_of(desks.social_care[0])}": f"LC-{100_000 + number}",
    }
    return an_identity(chance, number, _HOT if hot else _OTHER, today=today, identifiers=numbers)
