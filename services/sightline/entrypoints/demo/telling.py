"""The story as it is told: one line for each thing that happens, and below it what followed."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH = 100
"""Of everything that is printed, unless the terminal is narrower."""
_OUTCOME = 19


def console_for(*, quiet: bool) -> Console:
    """Where the story goes: standard output, at most `WIDTH` columns, the same width when piped."""
    console = Console(quiet=quiet, highlight=False, emoji=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


class Teller:
    """Prints; knows nothing of what it prints."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._day = ""

    def heading(self, text: str) -> None:
        """A part of the whole begins."""
        self._console.print()
        self._console.rule(Text(text, style="bold"), align="left", characters="=")

    def say(self, text: str | Text, *, indent: int = 2) -> None:
        """A paragraph."""
        self._console.print(Padding(Text(text) if isinstance(text, str) else text, (0, 2, 0, indent)))

    def show(self, *tables: Table) -> None:
        """Tables, one below the other."""
        for table in tables:
            self._console.print()
            self._console.print(table)

    def gap(self) -> None:
        """An empty line."""
        self._console.print()

    def event(self, at: datetime, who: str, what: str, outcome: str, follows: Iterable[str] = ()) -> None:
        """Somebody sends something; what the hub answers; what follows from it."""
        self._new_day(at)
        style = "bold red" if outcome.startswith("refused") else "green"
        self._line(f"{at:%H:%M}", Text.assemble((who, "bold"), " ", what), Text(outcome, style=style))
        self._follows(follows, "dim")

    def clock(self, at: datetime, what: str, follows: Iterable[str]) -> None:
        """Time alone makes something due; nothing is said where it makes nothing due."""
        if what:
            self._new_day(at)
            self._line(f"{at:%H:%M}", Text(what, style="italic"), Text())
            self._follows(follows, "yellow")

    def _new_day(self, at: datetime) -> None:
        day = f"{at:%A} {at.day} {at:%B}"
        if day != self._day:
            self._day = day
            self._console.print()
            self._console.print(Text(f"  {day}", style="bold underline"))

    def _follows(self, lines: Iterable[str], style: str) -> None:
        for line in lines:
            grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
            grid.add_column(width=10)
            grid.add_column(ratio=1)
            grid.add_row("", Text(f"- {line}", style=style))
            self._console.print(grid)

    def _line(self, time: str, what: Text, outcome: Text) -> None:
        grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
        grid.add_column(width=2)
        grid.add_column(width=5)
        grid.add_column(ratio=1)
        grid.add_column(width=_OUTCOME)
        grid.add_row("", time, what, outcome)
        self._console.print(grid)
