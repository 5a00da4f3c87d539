"""What plans draw from chance: whether something happens, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sightline.entrypoints.invented.chance import Chance
from sightline.entrypoints.simulate import profile


@dataclass(kw_only=True)
class Drawing:
    """Draws from one chance."""

    chance: Chance

    def happens(self, share: float) -> bool:
        """Whether something does that happens in that share of cases."""
        return self.chance.random() < share

    def one_of(self, weighted: profile.Weighted) -> str:
        """One of the codes, each as likely as its weight."""
        return self.chance.choices([code for code, _ in weighted], weights=[weight for _, weight in weighted])[0]

    def within(self, at: datetime, spans: profile.Spans) -> datetime:
        """Some time after: in one of those spans of hours, each as likely as its weight."""
        low, high, _ = self.chance.choices(spans, weights=[weight for *_, weight in spans])[0]
        return self.after(at, low, high)

    def after(self, at: datetime, low_h: float, high_h: float) -> datetime:
        """Some time between so many hours later, to the second."""
        hours = low_h + (high_h - low_h) * self.chance.random()
        return at + timedelta(seconds=int(hours * 3600))

    def at_work(self, at: datetime) -> datetime:
        """Then, or some time in the first hours of the next working day."""
        if at.weekday() < 5 and 8 <= at.hour < 18:
            return at
        day = at.replace(hour=8, minute=0, second=0) + timedelta(days=int(at.hour >= 18 or at.weekday() >= 5))
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return self.after(day, 0.5, 4)
