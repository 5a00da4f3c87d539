"""The bank holidays of England (C-38 †), as the package `holidays` has them.

The package loads every country of the world: 19 MB and a quarter of a second in each process that counts working days.
So the years that deadlines fall in are kept in a file beside this one, which a test holds to the package; for any other
year the package itself is asked. ``make bank-holidays`` writes the file anew after the package has learnt of a new day.
"""

import json
import sys
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).resolve().with_suffix(".json")
YEARS = range(2005, 2056)
"""From the first year that an edition speaks of to the eighteenth birthday of children who are born long after this."""


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays of that year in England, days off in lieu among them."""
    kept = _kept().get(str(year))
    return of_package(year) if kept is None else frozenset(map(date.fromisoformat, kept))


def of_package(year: int) -> frozenset[date]:
    """The same, by the package."""
    import holidays  # noqa: PLC0415  # see above: for those alone who need another year

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def written(years: Iterable[int]) -> str:
    """The file for those years: a JSON object of year to ISO dates in order, a line for each year."""
    lines = (f'  "{year}": {json.dumps([day.isoformat() for day in sorted(of_package(year))])}' for year in years)
    return "{\n" + ",\n".join(lines) + "\n}\n"


@lru_cache(maxsize=1)
def _kept() -> dict[str, list[str]]:
    years: dict[str, list[str]] = json.loads(FILE.read_bytes())
    return years


if __name__ == "__main__":
    sys.stdout.write(written(YEARS))
