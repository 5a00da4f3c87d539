"""A new version of the program brings a new policy: what waited is decided under the old one, and all of it replays."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import structlog.testing
from typer.testing import CliRunner

from sightline.entrypoints.cli import app
from sightline.entrypoints.evidence import explain
from sightline.entrypoints.folder import opened
from sightline.formats.policy_digest import policy_digest
from sightline.kernel.errors import Unavailable
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.ledger.policy import Policy
from tests.builders_hub import (
    CHARITY,
    HEALTH,
    MASH,
    POLICE,
    Town,
    a_child,
    a_cpi,
    a_missing,
    a_town,
    can_read,
    leaves,
    reopened,
    rows,
    sends,
    signs,
    submits,
)
from tests.builders_policy import a_policy_that_says, a_policy_without

OURS = policy_digest(share("policies"))


@pytest.fixture
def narrower(tmp_path: Path) -> Path:
    """A policy by which a report is nothing to the health service's desk."""
    return a_policy_without(tmp_path / "narrower", "health_safeguarding", "missing.reported")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = a_town(tmp_path / "hub")
    town.hub.settle()
    return town


def reports(town: Town) -> str:
    """A report that is recorded and not decided yet; its item."""
    return submits(town, signs(town, POLICE, "missing.reported", a_missing()))[0].item


def told(town: Town, item: str) -> list[tuple[str, str, str]]:
    """What was decided about the item for the health service's desk: type, effect, policy."""
    return [
        (leaf["typ"], leaf.get("eff", ""), leaf.get("pol", ""))
        for leaf in leaves(town, item=item)
        if leaf["desk"] == HEALTH
    ]


def test_what_waits_when_a_new_version_starts_is_decided_under_the_policy_that_was_in_force(
    town: Town, narrower: Path
) -> None:
    item = reports(town)
    town = reopened(town, policies=narrower)
    town.hub.settle()
    theirs = policy_digest(narrower)
    assert told(town, item) == [("decision", "disclose", OURS), ("decision", "withhold", theirs), ("recall", "", "")]
    assert can_read(town, MASH, item)
    assert not can_read(town, HEALTH, item)
    town.hub.close()


def test_desks_are_considered_as_the_policy_in_force_has_them_and_not_the_one_at_hand(
    tmp_path: Path, narrower: Path
) -> None:
    town = a_town(tmp_path / "hub", policies=narrower)
    town.hub.settle()
    item = reports(town)
    town = reopened(town)
    town.hub.settle()
    theirs = policy_digest(narrower)
    # Under the narrower policy that desk was not even considered; the wider one decides for it, for the first time.
    assert told(town, item) == [("decision", "disclose", OURS)]
    assert {leaf["pol"] for leaf in leaves(town, item=item) if leaf["desk"] == MASH} == {theirs}
    assert can_read(town, HEALTH, item)
    town.hub.close()


def test_a_history_over_several_policies_and_back_replays_leaf_by_leaf(town: Town, narrower: Path) -> None:
    sends(town, POLICE, "missing.reported", a_missing())
    for policies in (narrower, None, narrower):
        reports(town)
        town = reopened(town, policies=policies)
        town.hub.settle()
    replay = town.hub.replay()
    assert replay.differences == []
    assert replay.equal == replay.leaves == len(leaves(town))
    assert replay.exit_code == 0
    assert {leaf["pol"] for leaf in leaves(town, typ="policy")} == {OURS, policy_digest(narrower)}
    town.hub.close()


def test_what_an_older_policy_decided_is_explained_in_its_own_words(tmp_path: Path) -> None:
    older = a_policy_that_says(tmp_path / "older", "As it was then: ")
    town = a_town(tmp_path / "hub", policies=older)
    sent = sends(town, POLICE, "missing.reported", a_missing())
    (leaf,) = [leaf for leaf in leaves(town, item=sent.item) if leaf["desk"] == MASH]
    town.hub.close()
    assert words_of(town, leaf["id"]) >= {"As it was then"}
    town = reopened(town)
    rows(town, "DELETE FROM policies WHERE digest = ?", policy_digest(older))
    town.hub.close()
    # Nobody has its words any more, and those of another policy are not put in their place.
    assert words_of(town, leaf["id"]) == set()


def words_of(town: Town, leaf: str) -> set[str]:
    """How the texts of the rules begin that an auditor is shown for that leaf."""
    with opened(town.folder) as folder:
        rules = explain(folder, leaf)["rules"]
    assert rules
    return {text.partition(":")[0] for texts in rules.values() for text in texts}


def spoil(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        pytest.param(spoil, "policy_damaged", id="altered"),
        pytest.param(lambda raw: raw[: len(raw) // 2], "policy_damaged", id="cut short"),
        pytest.param(lambda _: b"", "policy_damaged", id="emptied"),
    ],
)
def test_a_kept_policy_that_was_damaged_decides_nothing_and_vouches_for_nothing(
    town: Town, narrower: Path, spoilt: Callable[[bytes], bytes], code: str
) -> None:
    item = reports(town)
    (kept,) = rows(town, "SELECT bundle FROM policies WHERE digest = ?", OURS)[0]
    rows(town, "UPDATE policies SET bundle = ? WHERE digest = ?", spoilt(bytes(kept)), OURS)
    town = reopened(town, policies=narrower)
    with structlog.testing.capture_logs() as logs, pytest.raises(Unavailable) as why:
        town.hub.settle()
    assert why.value.code == "policy_missing"
    assert leaves(town, item=item) == []
    assert {one["code"] for one in logs if one["event"] == "kept policy unusable"} == {code}
    town = reopened(town)  # the version that it was recorded under finishes what it began
    town.hub.settle()
    assert can_read(town, MASH, item)
    town = reopened(town, policies=narrower)
    town.hub.settle()
    assert {one.verdict for one in town.hub.replay().differences} == {"could_not_check"}
    town.hub.close()


def test_another_policy_put_in_its_place_is_not_believed(town: Town, narrower: Path) -> None:
    item = reports(town)
    town = reopened(town, policies=narrower)
    rows(
        town,
        "UPDATE policies SET bundle = (SELECT bundle FROM policies WHERE digest <> ?) WHERE digest = ?",
        OURS,
        OURS,
    )
    with pytest.raises(Unavailable) as why:
        town.hub.settle()
    assert why.value.code == "policy_missing"
    assert leaves(town, item=item) == []
    town.hub.close()


def test_another_module_under_the_same_sources_is_not_believed(town: Town, narrower: Path) -> None:
    """Whoever may write the database could have it say what suits them; the ledger and the register name the module."""
    item = reports(town)
    town = reopened(town, policies=narrower)
    (bundle,) = rows(town, "SELECT bundle FROM policies WHERE digest = ?", OURS)[0]
    files = msgspec.msgpack.decode(zlib.decompress(bytes(bundle)))
    files["build/policy.wasm"] += b"\x00\x05\x04else"  # a custom section: it still runs, and says the same
    rows(town, "UPDATE policies SET bundle = ? WHERE digest = ?", zlib.compress(msgspec.msgpack.encode(files)), OURS)
    with structlog.testing.capture_logs() as logs, pytest.raises(Unavailable) as why:
        town.hub.settle()
    assert why.value.code == "policy_missing"
    assert {one["code"] for one in logs if one["event"] == "kept policy unusable"} == {"engine_not_named"}
    assert leaves(town, item=item) == []
    assert "could_not_check" in {one.verdict for one in town.hub.replay().differences}
    town.hub.close()


def test_an_older_policy_is_not_decided_by_with_another_engine_than_the_ledger_names(
    tmp_path: Path, narrower: Path
) -> None:
    class Elsewhere:
        """The real engine, as if it were a server."""

        def __init__(self, engine: PolicyEngine) -> None:
            self.policy, self.decide = engine.policy, engine.decide
            self.engine = f"sha256:{'s' * 42}A"

    town = a_town(tmp_path / "hub", engine=Elsewhere)
    town.hub.settle()
    item = reports(town)
    town = reopened(town, policies=narrower)
    with pytest.raises(Unavailable) as why:
        town.hub.settle()
    assert why.value.code == "policy_missing"
    assert leaves(town, item=item) == []
    town.hub.close()


def test_a_policy_is_kept_once_however_often_the_hub_starts(town: Town, narrower: Path) -> None:
    for policies in (None, narrower, None, narrower):
        town = reopened(town, policies=policies)
    assert {digest for (digest,) in rows(town, "SELECT digest FROM policies")} == {OURS, policy_digest(narrower)}
    assert len(town.hub.ledger.read(0, 1000, (Policy.Activated.TOPIC,))) == 4
    town.hub.close()


def test_an_operator_sees_which_policies_were_in_force_and_that_they_are_kept(town: Town, narrower: Path) -> None:
    for policies in (narrower, None):
        town = reopened(town, policies=policies)
    rows(town, "DELETE FROM policies WHERE digest = ?", policy_digest(narrower))
    town.hub.close()
    command = ["policy", "history", "--data", str(town.folder)]
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert [(one["policy"], one["kept"]) for one in told] == [
        (OURS, True),
        (policy_digest(narrower), False),
        (OURS, True),
    ]
    assert OURS[:20] in CliRunner().invoke(app, command).stdout


def test_folds_made_anew_over_several_policies_are_those_that_stand(town: Town, narrower: Path) -> None:
    for policies in (narrower, None, narrower, None):
        reports(town)
        sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(2)))
        reports(town)
        town = reopened(town, policies=policies)
        town.hub.settle()
    town.hub.close()
    done = CliRunner().invoke(app, ["admin", "rebuild", "folds", "--check", "--data", str(town.folder), "--json"])
    assert done.exit_code == 0, done.stdout
