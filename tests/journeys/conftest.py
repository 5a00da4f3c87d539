"""Towns for journeys: embedded, and with SIGHTLINE_JOURNEYS=both distributed too, where each must come to the same.

The distributed ones are not part of CI yet: their border runs in a thread of the test process, which Hypothesis does not
bear beside it, and after another file's town it was seen to give a town's answers to the next.
"""

import inspect
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders_hub import Town, a_town, holds
from tests.builders_kafka import Node
from tests.builders_modes import Area, Result, an_area, assert_equal, result

EMBEDDED, DISTRIBUTED = "embedded", "distributed"
_SERVICES = (pytest.mark.slow, pytest.mark.postgres, pytest.mark.opa, pytest.mark.kafka)


@pytest.fixture(scope="session")
def services_of_both(
    postgres_server: str, opa_server: str, kafka_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Area]:
    """What the distributed towns of a run share."""
    with an_area(postgres_server, opa_server, Node(folder=kafka_server), tmp_path_factory.mktemp("area")) as area:
        yield area


MODES = [
    EMBEDDED,
    *([pytest.param(DISTRIBUTED, marks=_SERVICES)] if os.environ.get("SIGHTLINE_JOURNEYS") == "both" else []),
]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How the hub of the journey is run."""
    return str(request.param)


@pytest.fixture
def town(mode: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Town]:
    """A hub with the whole cast; closed at the end, whichever hub of its folder is open then."""
    if mode == DISTRIBUTED:
        area: Area = request.getfixturevalue("services_of_both")
        with area.town(tmp_path / "hub") as made:
            yield made
        return
    made = a_town(tmp_path / "hub")
    yield made
    made.hub.close()


@pytest.fixture
def journey(town: Town) -> Iterator[Town]:
    """A town whose register must verify offline and replay leaf by leaf, whatever the test did."""
    yield town
    holds(town)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Once a journey is over in both modes, what came of it must be equal: entries, decisions, views, feeds, notices."""
    done = yield
    mode = pyfuncitem.funcargs.get("mode")
    if mode in {EMBEDDED, DISTRIBUTED}:
        name, town = _town_of(pyfuncitem)
        if mode == EMBEDDED:
            pyfuncitem.session.stash.setdefault(_RESULTS, {})[_journey(pyfuncitem)] = result(town)
        else:
            assert_equal(result(town), _embedded(pyfuncitem, name, town))
    return done


_RESULTS = pytest.StashKey[dict[str, Result]]()
"""What came of the journeys that were made embedded in this process."""


def _embedded(item: pytest.Function, name: str, town: Town) -> Result:
    """What comes of the same journey embedded; where it was not made in this process it is made now."""
    known = item.session.stash.setdefault(_RESULTS, {}).pop(_journey(item), None)
    if known is not None:
        return known
    twin = a_town(town.folder.with_name("twin"))
    try:
        given = {name: item.funcargs[name] for name in inspect.signature(item.function).parameters}
        item.obj(**given | {name: twin})
        return result(twin)
    finally:
        twin.hub.close()


def _town_of(item: pytest.Function) -> tuple[str, Town]:
    """The argument of the test that is its town, and that town."""
    (name,) = inspect.signature(item.function).parameters.keys() & {"town", "journey"}
    town = item.funcargs[name]
    assert isinstance(town, Town)
    return name, town


def _journey(item: pytest.Function) -> str:
    """The test's name without its mode."""
    return item.nodeid.replace(EMBEDDED, "").replace(DISTRIBUTED, "")
