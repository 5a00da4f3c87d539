"""The journeys' stories, each as a function of a town: to be told to a hub of any mode.

A story is a test that asks for a `town` or a `journey`. Where the tests of a file share one hub, the file's ``lent`` says
what it is they share, and all of them together are one story.
"""

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import groupby, product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.builders_hub import Town

JOURNEYS = Path(__file__).parent / "journeys"
OF_A_TOWN = ("town", "journey")
"""How a test names its town."""

EMBEDDED_ONLY = {
    "test_admin_rebuild": "mends files of a folder; tests/contracts/test_rebuild.py rebuilds on both stores",
    "test_agency_cli": "starts `sightline serve` on a folder; tests/distributed/test_serve.py starts it before workers",
    "test_agency_kafka": "a partner's side of a broker, with a stand-in for the hub; tests/distributed/test_journey.py has none",
    "test_agency_kafka_topic": "reads a topic; there is no hub in it",
    "test_demo": "breaks hubs in one process on purpose; tests/infra/test_demo_distributed.py runs the week distributed",
    "test_simulate": "feeds forms to one hub; what it sends goes through services in the bench's load",
    "test_statistics": "runs a command on a folder; its day is told in both modes, and counted",
    "test_every_answer": "a town for each edition, which its tests share; test_which_is_answered is told in both modes",
    "test_every_clock_missing": "its rules are lived through in both modes, some of each edition's in CI",
    "test_every_clock_referral": "its rules are lived through in both modes, some of each edition's in CI",
    "test_every_clock_trafficking": "its rules are lived through in both modes, some of each edition's in CI",
    "test_policy_upgrade": "starts several versions of the program on one folder; tests/contracts/test_kept_policies.py has"
    " both stores, and where a server decides the line is dry before its bundle is changed (docs/operating.md)",
    "test_plans": "asks SQLite how it finds rows",
    "test_match_queue::test_operators_list_it_and_no_name_is_in_it": "runs a command on a folder",
    "test_http_reading::test_a_failure_of_ours_is_a_500_that_says_nothing_and_is_logged_without_data": "its views are broken on"
    " purpose, so that there is nothing to compare",
    "test_http_submissions::test_a_full_line_says_503_and_when_to_come_back": "holds SQLite's one lock for writing",
}
"""Journeys that are no story, by file or by test, and why: whoever adds one that is none adds a reason."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One test function, with one choice of its parameters."""

    file: str
    function: Callable[..., None]
    given: Mapping[str, Any]

    @property
    def id(self) -> str:
        """``file::test[parameters]``"""
        parts = "-".join(str(value) for value in self.given.values())
        return f"{self.file}::{self.function.__name__}" + (f"[{parts}]" if self.given else "")

    def happens_in(self, town: Town, shared: Mapping[str, Any]) -> None:
        """Tell it. Raises what the test raises."""
        asked = asked_by(self.function)
        with ExitStack() as opened:
            lent = {name: opened.enter_context(LENT[name]()) for name in asked & LENT.keys()}
            its = dict.fromkeys(asked & {*OF_A_TOWN}, town) | {name: shared[name] for name in asked & shared.keys()}
            self.function(**self.given, **lent, **its)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What one town lives through."""

    id: str
    parts: tuple[Told, ...]
    lent: Callable[[Town], Any] | None = None

    @property
    def is_proven(self) -> bool:
        """Whether its town's register must verify and replay in the end."""
        return any("journey" in asked_by(one.function) for one in self.parts)

    def happens_in(self, town: Town) -> None:
        """Tell it. Raises what a test of it raises."""
        with ExitStack() as opened:
            shared = opened.enter_context(self.lent(town)) if self.lent else {}
            for part in self.parts:
                part.happens_in(town, shared)


@contextmanager
def _a_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


LENT = {"monkeypatch": pytest.MonkeyPatch.context, "tmp_path": _a_folder}
"""What a story may ask for beside its town."""


@cache
def stories() -> tuple[Story, ...]:
    """Of all journeys."""
    found: list[Story] = []
    for file, parts in groupby(told(), lambda one: one.file):
        its = list(parts)
        own = [one for one in its if asked_by(one.function) & {*OF_A_TOWN}]
        common = tuple(one for one in its if one not in own)
        found += [Story(id=one.id, parts=(one,)) for one in own]
        if common:
            found.append(Story(id=file, parts=common, lent=import_module(f"tests.journeys.{file}").lent))
    return tuple(found)


@cache
def told() -> tuple[Told, ...]:
    """Every test of the journeys that can be told to any town, but for those that only an embedded hub can take."""
    return tuple(
        Told(file=file, function=function, given=given)
        for file, function in journeys()
        if is_told(file, function)
        for given in _choices(function)
    )


def is_told(file: str, function: Callable[..., None]) -> bool:
    """Whether that test is a story or a part of one."""
    if EMBEDDED_ONLY.keys() & {file, f"{file}::{function.__name__}"} or is_plotted(file):
        return False
    asked, shared = asked_by(function), _shared(import_module(f"tests.journeys.{file}"))
    known = {*OF_A_TOWN, *LENT, *shared, *(name for mark in _parameters(function) for name in _names(mark.args[0]))}
    return bool(asked & {*OF_A_TOWN, *shared}) and asked <= known


def is_plotted(file: str) -> bool:
    """Whether that journey is a plot with lines (`tests.builders_telling`), which begins in a town without any desk."""
    return hasattr(import_module(f"tests.journeys.{file}"), "PLOT")


def plotted() -> list[ModuleType]:
    """Those journeys: each has a PLOT and a STORY."""
    return [import_module(f"tests.journeys.{file}") for file in dict(journeys()) if is_plotted(file)]


@cache
def journeys() -> tuple[tuple[str, Callable[..., None]], ...]:
    """Every test of the journeys: its file's name and its function."""
    files = sorted(path.stem for path in JOURNEYS.glob("test_*.py"))
    return tuple((file, function) for file in files for function in _tests(import_module(f"tests.journeys.{file}")))


def asked_by(function: Callable[..., None]) -> set[str]:
    """What the test asks for."""
    return {*inspect.signature(function).parameters} - {"self"}


def _tests(module: ModuleType) -> Iterator[Callable[..., None]]:
    for name, found in vars(module).items():
        if inspect.isclass(found) and name.startswith("Test"):
            yield from (getattr(found, member) for member in dir(found) if member.startswith("test_"))
        elif name.startswith("test_") and callable(found):
            yield found


def _shared(module: ModuleType) -> set[str]:
    """Names of the file's own fixtures, where it says what they are in any town."""
    return {name for name in vars(module) if name in SHARED} if hasattr(module, "lent") else set()


SHARED = ("hub", "report", "tip")
"""What a file's ``lent`` may give."""


def _choices(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    for chosen in product(*(_values(*mark.args[:2]) for mark in _parameters(function))):
        yield {name: value for one in chosen for name, value in one.items()}


def _values(names: str | tuple[str, ...], values: Any) -> list[dict[str, Any]]:
    wanted = _names(names)
    rows = [tuple(one.values) if hasattr(one, "marks") else one if len(wanted) > 1 else (one,) for one in values]
    return [dict(zip(wanted, row, strict=True)) for row in rows]


def _names(names: str | tuple[str, ...]) -> list[str]:
    return [one.strip() for one in names.split(",")] if isinstance(names, str) else list(names)


def _parameters(function: Callable[..., None]) -> list[pytest.Mark]:
    return [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
