"""The demo ends 0 only if every promise was checked and held: so a hub that breaks one must make it end otherwise."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters import sqlite
from sightline.adapters.keyfile import load_or_create
from sightline.adapters.opa_wasm import WasmEngine
from sightline.adapters.vault import SqliteVault
from sightline.entrypoints.demo.run import OpenHub, main, run
from sightline.entrypoints.demo.tally import PROMISES, Tally
from sightline.entrypoints.demo.telling import Teller, console_for
from sightline.feed.reading import FeedPage, FeedReader
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import Clock, PolicyEngine
from sightline.kernel.share import share
from sightline.ledger.store import Ledger
from sightline.runtime.build import Parts, build
from sightline.runtime.embedded import embedded
from sightline.runtime.hub import Hub
from sightline.runtime.stores import WRAPPING
from sightline.view.reading import ItemView, View

Raw = Mapping[str, Any]


def test_the_demo_ends_with_zero_and_checked_every_promise(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(json_output=True)
    found = json.loads(capsys.readouterr().out)
    assert found["failures"] == []
    assert code == found["exit_code"] == 0
    assert found["promises"].keys() == PROMISES.keys()
    for name, count in found["promises"].items():
        assert count["checks"] == count["held"] > 0, name
    assert found["verify"] == {"true_copy": 0, "tampered_copy": 1}
    assert found["replay"]["equal"] == found["replay"]["leaves"] == found["leaves"] > 100


def test_the_story_is_readable_at_a_hundred_columns_and_shows_no_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(keep=tmp_path / "kept") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    for heading in ("Refused submissions", "Recalls of the week", "Alerts", "Every promise was checked, and held."):
        assert heading in text
    for raw in ('{"', "'}", "i-", "sha256:", "None"):
        assert not any(word.startswith(raw) for word in text.split()), raw
    assert (tmp_path / "kept" / "hub" / "register" / "checkpoint").exists()


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").touch()
    assert main(keep=tmp_path) == 2
    assert "not empty" in capsys.readouterr().err


def test_one_report_walks_through_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(walk=True, json_output=True) == 0
    stops = json.loads(capsys.readouterr().out)
    stages = ["agency", "submit", "verify", "record", "decide", "register", "feed", "view", "audit"]
    assert [stop["stage"] for stop in stops] == stages
    package = share("schemas").parent / "services" / "sightline"
    assert all((package / stop["file"]).exists() for stop in stops)


@pytest.mark.slow
def test_days_of_a_simulated_area_are_accepted_counted_desk_by_desk_verified_and_decided_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(days=1) == 0
    said = capsys.readouterr().out
    assert "isle-of-wight-mash/desk" in said
    assert "audit verify, offline: PASS" in said
    assert main(days=1, json_output=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["submissions"] > 0
    assert found["refused"] == 0
    assert found["replay"]["equal"] == found["replay"]["leaves"] == found["leaves"]


def test_a_promise_that_was_never_checked_does_not_hold() -> None:
    tally = Tally()
    for name in list(PROMISES)[1:]:
        tally.check(name, True, "")
    assert not tally.all_held
    tally.check("P1", True, "")
    assert tally.all_held
    tally.check("P1", False, "something is lost")
    assert not tally.all_held
    assert tally.failures == ["P1: something is lost"]


class Wrapped:
    """The compiled policy, with its answers changed on the way."""

    def __init__(self, engine: WasmEngine, change: Callable[[Raw], Raw]) -> None:
        self._engine = engine
        self._change = change
        self.policy = engine.policy
        self.engine = engine.engine

    def decide(self, facts: Sequence[bytes]) -> list[Raw]:
        return [self._change(answer) for answer in self._engine.decide(facts)]


def with_engine(wrap: Callable[[WasmEngine], PolicyEngine]) -> OpenHub:
    """The embedded hub, with another engine."""

    def opened(folder: Path, *, origin: str, clock: Clock | None = None) -> Hub:
        assert clock is not None
        keys = load_or_create(folder / "keys", origin)
        vault = SqliteVault(folder / "keys" / "children.sqlite", {WRAPPING: keys.wrapping})
        ledger = Ledger(env={"PERSISTENCE_MODULE": sqlite.MODULE, "SQLITE_DBNAME": str(folder / "sightline.sqlite")})
        engine = WasmEngine(share("policies"))

        def close() -> None:
            engine.close()
            ledger.close()
            vault.close()

        return build(
            Parts(
                origin=origin,
                ledger=ledger,
                vault=vault,
                engine=wrap(engine),
                policies=share("policies"),
                keys=keys,
                clock=clock,
                register_folder=folder / "register",
                on_step=lambda _: None,
                close=close,
            )
        )

    return opened


def classes_of(answer: Raw) -> list[str]:
    return sorted({*answer["classes"], *(one.partition(":")[0] for one in answer["withheld"])})


def withholds_everything(answer: Raw) -> Raw:
    withheld = [f"{name}:H-01" for name in classes_of(answer)]
    nothing: dict[str, Any] = {"outcome": "withhold", "classes": [], "told": "nothing", "basis": [], "obligations": []}
    return {**nothing, "withheld": withheld, "rules": ["H-01"]}


def shows_what_no_form_has(answer: Raw) -> Raw:
    """Wherever something is shown, the unknown field is shown as well."""
    if "unknown:H-02" not in answer["withheld"] or not answer["classes"]:
        return answer
    withheld = [one for one in answer["withheld"] if one != "unknown:H-02"]
    rules = sorted({*answer["rules"]} - {"H-02"})
    return {**answer, "classes": sorted([*answer["classes"], "unknown"]), "withheld": withheld, "rules": rules}


class Leaking(View):
    """Hands out one word more than was decided."""

    def items_at(self, desk: DeskId, positions: Sequence[int]) -> list[ItemView]:
        views = super().items_at(desk, positions)
        return [replace(v, body={**v.body, "address": "3 Example Mews"}) if v.body else v for v in views]


class Forgetful(FeedReader):
    """Leaves out the third entry of every feed."""

    def page(self, desk: DeskId, *, after: int, limit: int = 500) -> FeedPage:
        page = super().page(desk, after=after, limit=limit)
        return replace(page, entries=tuple(e for e in page.entries if e.seq != 3))


def leaking(folder: Path, *, origin: str, clock: Clock | None = None) -> Hub:
    hub = embedded(folder, origin=origin, clock=clock)
    hub.view.__class__ = Leaking
    return hub


def forgetful(folder: Path, *, origin: str, clock: Clock | None = None) -> Hub:
    hub = embedded(folder, origin=origin, clock=clock)
    hub.feeds.__class__ = Forgetful
    return hub


def tampered(folder: Path, *, origin: str, clock: Clock | None = None) -> Hub:
    """Before anybody audits, one bit of one leaf in the published register is changed."""
    hub = embedded(folder, origin=origin, clock=clock)
    replay = hub.replay

    def tampering() -> Any:
        bundle = min(p for p in (hub.register_folder / "tile" / "entries").rglob("*") if p.is_file())
        bundle.chmod(0o600)
        entries = bytearray(bundle.read_bytes())
        entries[len(entries) // 2] ^= 1
        bundle.write_bytes(entries)
        return replay()

    return replace(hub, replay=tampering)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("open_hub", "says"),
    [
        pytest.param(with_engine(lambda e: Wrapped(e, withholds_everything)), "the story stopped", id="withholds all"),
        pytest.param(with_engine(lambda e: Wrapped(e, shows_what_no_form_has)), "P6", id="shows the unknown"),
        pytest.param(leaking, "P7", id="a view that leaks"),
        pytest.param(forgetful, "P10", id="a feed with a gap"),
        pytest.param(tampered, "audit verify", id="a register that was tampered with"),
    ],
)
def test_a_broken_hub_makes_the_demo_fail(tmp_path: Path, open_hub: OpenHub, says: str) -> None:
    found = run(tmp_path, Teller(console_for(quiet=True)), open_hub=open_hub)
    assert found["exit_code"] != 0
    assert any(says in failure for failure in found["failures"]), found["failures"]
