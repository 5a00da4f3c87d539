"""What the command line says, where, and with which exit code. Results on standard output, all else on standard error."""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ParamSpec, TypeVar

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from sightline.kernel.errors import Corrupt, Refused, Unavailable
from sightline.runtime.logs import places

OK, FAIL, USAGE, INCOMPLETE, REFUSED, UNAVAILABLE, WAITING = 0, 1, 2, 3, 4, 5, 6
"""0 done; 1 a difference, or evidence that contradicts itself; 2 wrong use; 3 could not check all; 4 refused;

5 not available now; 6 sent, and no receipt yet.
"""

EXIT_CODES = "Exit codes: 0 done, 1 difference, 2 wrong use, 3 could not check, 4 refused, 5 not available now, 6 no receipt yet."

P = ParamSpec("P")
R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]


def answered(command: Callable[P, R]) -> Callable[P, R]:
    """The command, its errors turned into one line on standard error and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not print a trace
            why, code = _said(exc)
            say(why)
            raise typer.Exit(code) from None

    return run


def _said(exc: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code. An unexpected one is named, not shown: a trace holds values."""
    match exc:
        case Refused():
            return f"refused: {exc}", REFUSED
        case Unavailable():
            return f"not available: {exc}", UNAVAILABLE
        case Corrupt():
            return f"corrupt: {exc}", FAIL
        case ValidationError():
            names = sorted({str(part) for error in exc.errors() for part in error["loc"]})
            return f"wrong setting: {', '.join(names)}", USAGE
        case OSError():
            return f"system: {exc.strerror or type(exc).__name__}", USAGE
    return f"internal error: {type(exc).__name__} at {places(exc.__traceback__)}", FAIL


def say(text: str) -> None:
    """One line for a person, on standard error."""
    print(text, file=sys.stderr, flush=True)


def result(value: Any) -> None:
    """A result as one line of JSON."""
    print(orjson.dumps(value, default=str).decode(), flush=True)


def lines(rows: Iterable[tuple[str, object]]) -> None:
    """Names and values under one another."""
    known = list(rows)
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        print(f"{name:<{width}}  {value}", flush=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on standard output."""
    made = Table(title=title, title_justify="left", show_lines=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    # A console of its own for each table: the output may have been redirected since the last.
    Console(markup=False, highlight=False).print(made)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Something that moves on standard error while this takes its time, if somebody looks."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def end(code: int) -> None:
    """End with this exit code."""
    raise typer.Exit(code)
