"""P5. Every decision can be replayed: from the ledger and an empty memo, leaf by leaf, byte for byte."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from sightline.audit.replay import Replay, Replaying
from sightline.formats.fields import Fields
from sightline.formats.policy_digest import policy_data
from sightline.kernel.errors import Corrupt
from sightline.kernel.ids import DeskId
from sightline.kernel.ports import PolicyEngine
from sightline.kernel.share import share
from sightline.ledger.documents import unpack
from sightline.ledger.kept_policies import ReadyPolicy
from sightline.ledger.world import PolicyData
from tests.builders import the_schemas
from tests.builders_hub import (
    BUREAU,
    CHARITY,
    CSC,
    HEALTH,
    MASH,
    POLICE,
    SCHOOL,
    Town,
    a_child,
    a_consent,
    a_cpi,
    a_flag,
    a_grading,
    a_missing,
    a_return,
    a_sanitised,
    a_town,
    a_withdrawal,
    an_involvement,
    holds,
    leaves,
    passes,
    reopened,
    rows,
    sends,
    signs,
    submits,
)


def a_week(town: Town) -> None:
    """Something of everything: shared and single items, narrowing and widening, clocks, recalls, an hourly epoch."""
    missing = sends(town, POLICE, "missing.reported", a_missing(to=[SCHOOL], urgency="urgent"))
    cpi = sends(town, CHARITY, "cpi.submitted", a_cpi(missing.child, a_child(2)))
    sends(town, BUREAU, "cpi.graded", a_grading(cpi.item))
    sends(town, BUREAU, "cpi.sanitised", a_sanitised(cpi.item, to=[CHARITY]))
    sends(town, CSC, "consent.recorded", a_consent(missing.child, expires_at="2026-11-22T00:00:00Z"))
    sends(town, MASH, "involvement.opened", an_involvement(missing.child, "strategy", involved_desk=SCHOOL))
    passes(town, hours=7)
    town.hub.strike.hourly()
    sends(town, HEALTH, "flag.raised", a_flag(missing.child, "location_protected"))
    sends(town, POLICE, "missing.returned", a_return(missing.child, town.clock.now(), harm_suffered="yes"))
    sends(town, CSC, "consent.withdrawn", a_withdrawal(missing.child))
    sends(town, CHARITY, "item.retracted", {"item": cpi.item, "reason_code": "wrong_child"})
    passes(town, hours=80)
    town.hub.strike.hourly()
    town.hub.settle()


def verdicts(replay: Replay) -> list[str]:
    """What the replay found fault with, in order."""
    return [difference.verdict for difference in replay.differences]


def replayed(town: Town, policies: Mapping[str, ReadyPolicy]) -> Replay:
    """A replay by an auditor who has these policies at hand."""
    return Replaying(
        ledger=town.hub.ledger,
        database=town.hub.database,
        vault=town.hub.decide._vault,  # noqa: SLF001  # the one holder of children's keys in process
        fields=Fields(the_schemas()),
        policies=policies.get,
    ).run()


@pytest.fixture
def lived(town: Town) -> Town:
    """A town with a week behind it."""
    a_week(town)
    return town


def test_everything_that_was_decided_is_derived_again_byte_for_byte(lived: Town) -> None:
    replay = lived.hub.replay()
    assert verdicts(replay) == []
    assert replay.equal == replay.leaves == len(leaves(lived)) > 60
    assert replay.exit_code == 0
    assert {leaf["typ"] for leaf in leaves(lived)} == {"decision", "recall", "policy", "epoch"}
    holds(lived)


def test_replay_needs_nothing_that_the_decider_remembers(lived: Town) -> None:
    for table in ("child_folds", "item_folds", "child_items", "desk_folds", "decide_state"):
        rows(lived, f"DELETE FROM {table}")
    assert verdicts(lived.hub.replay()) == []


def test_the_facts_of_each_decision_are_kept_sealed_beside_it(lived: Town) -> None:
    (cause, item, sealed) = rows(lived, "SELECT cause, item, sealed FROM facts ORDER BY cause LIMIT 1")[0]
    assert b"disclose" not in bytes(sealed)
    assert b"police" not in bytes(sealed)
    assert [x for x in leaves(lived, typ="decision") if (x["cause"], x["item"]) == (cause, item)]


# ------------------------------------------------------------------------------------------------- broken on purpose


def test_a_leaf_altered_with_sql_is_different(lived: Town) -> None:
    (n, body) = rows(
        lived, "SELECT n, body FROM leaves WHERE typ = 'decision' AND eff = 'disclose' ORDER BY n LIMIT 1"
    )[0]
    leaf = orjson.loads(bytes(body))
    leaf["classes"], leaf["withheld"] = sorted([*leaf["classes"], "source"]), leaf["withheld"]
    rows(lived, "UPDATE leaves SET body = ? WHERE n = ?", orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS), n)
    (difference,) = lived.hub.replay().differences
    assert (difference.verdict, difference.n, difference.detail) == ("different", n, "classes")
    assert lived.hub.replay().exit_code == 1


@pytest.mark.parametrize(
    ("column", "value"), [("eff", "disclose"), ("told", "classes"), ("kind", ""), ("desk", SCHOOL), ("sup", "l-none")]
)
def test_what_a_leaf_is_looked_up_by_is_compared_too(lived: Town, column: str, value: str) -> None:
    n = rows(lived, f"SELECT n FROM leaves WHERE typ = 'decision' AND {column} <> ? ORDER BY n LIMIT 1", value)[0][0]
    rows(lived, f"UPDATE leaves SET {column} = ? WHERE n = ?", value, n)
    (difference,) = lived.hub.replay().differences
    assert (difference.verdict, difference.n) == ("different", n)


def test_a_leaf_that_was_due_and_is_not_there_is_missing(lived: Town) -> None:
    (name,) = rows(lived, "DELETE FROM leaves WHERE n = (SELECT MAX(n) FROM leaves WHERE typ = 'recall') RETURNING id")[
        0
    ]
    (difference,) = lived.hub.replay().differences
    assert (difference.verdict, difference.leaf) == ("missing", name)


@pytest.mark.parametrize("cause", ["cause", "0", "-5", "999999", "NULL"])
def test_a_leaf_that_was_never_due_is_extra_wherever_it_pretends_to_come_from(lived: Town, cause: str) -> None:
    rows(
        lived,
        f"INSERT INTO leaves SELECT (SELECT MAX(n) + 1 FROM leaves), 'l-forged', {cause}, item, desk, typ, eff, told,"
        " sup, kind, body FROM leaves WHERE n = 5",
    )
    (difference,) = lived.hub.replay().differences
    assert (difference.verdict, difference.leaf) == ("extra", "l-forged")


def test_facts_that_were_altered_no_longer_open(lived: Town) -> None:
    (cause, item, sealed) = rows(lived, "SELECT cause, item, sealed FROM facts ORDER BY cause LIMIT 1")[0]
    spoilt = bytes(sealed)[:-1] + bytes([bytes(sealed)[-1] ^ 1])
    rows(lived, "UPDATE facts SET sealed = ? WHERE cause = ? AND item = ?", spoilt, cause, item)
    (difference,) = lived.hub.replay().differences
    assert (difference.verdict, difference.leaf) == ("facts", f"{cause}/{item}")


def test_facts_swapped_for_those_of_another_decision_are_found(lived: Town) -> None:
    (one, other) = rows(lived, "SELECT cause, item, sealed FROM facts ORDER BY cause LIMIT 2")
    rows(lived, "UPDATE facts SET sealed = ? WHERE cause = ? AND item = ?", other[2], one[0], one[1])
    assert verdicts(lived.hub.replay()) == ["facts"]


def test_facts_that_were_deleted_are_found(lived: Town) -> None:
    rows(lived, "DELETE FROM facts WHERE cause = (SELECT MAX(cause) FROM facts)")
    assert set(verdicts(lived.hub.replay())) == {"facts"}


def test_a_leaf_of_another_edition_could_not_be_checked(lived: Town) -> None:
    (n, body) = rows(lived, "SELECT n, body FROM leaves WHERE typ = 'decision' ORDER BY n LIMIT 1")[0]
    rows(lived, "UPDATE leaves SET body = ? WHERE n = ?", bytes(body).replace(b'"edn":1', b'"edn":2'), n)
    replay = lived.hub.replay()
    assert [(d.verdict, d.n, d.detail) for d in replay.differences] == [("could_not_check", n, "edition")]
    assert replay.exit_code == 3


def test_without_the_policy_nothing_can_be_checked_and_nothing_is_called_wrong(lived: Town) -> None:
    replay = replayed(lived, {})
    assert verdicts(replay) == ["could_not_check"]
    assert replay.differences[0].detail == f"policy {leaves(lived, typ='policy')[0]['pol']}"
    assert (replay.leaves, replay.exit_code) == (0, 3)


def test_a_destroyed_key_is_a_verdict_of_its_own(town: Town) -> None:
    kept = sends(town, POLICE, "missing.reported", a_missing())
    gone = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    both = sends(town, CHARITY, "cpi.submitted", a_cpi(a_child(3), gone.child))
    passes(town, hours=2)
    town.hub.strike.hourly()
    town.hub.settle()
    erase(town, gone.child["ref"])
    town = reopened(town)
    replay = town.hub.replay()
    assert set(verdicts(replay)) == {"erased", "could_not_check"}
    of_gone = [leaf["id"] for ref in (gone.item, both.items[0], both.items[2]) for leaf in leaves(town, item=ref)]
    epochs = [leaf["id"] for leaf in leaves(town, typ="epoch")]
    erased = {d.leaf for d in replay.differences if d.verdict == "erased"}
    assert erased == {*of_gone, *epochs}
    # The other child's part took its reasons from the shared one, which is gone: of that nothing can be said.
    doubtful = {d.leaf for d in replay.differences if d.verdict == "could_not_check"}
    assert doubtful & {leaf["id"] for leaf in leaves(town, item=both.items[1])}
    assert replay.exit_code == 3
    assert town.hub.view.item(POLICE, gone.item).state == "erased"
    assert town.hub.view.item(POLICE, kept.item).state == "disclosed"
    town.hub.close()


def test_erasing_one_child_leaves_nothing_in_doubt_about_another(town: Town) -> None:
    kept = sends(town, POLICE, "missing.reported", a_missing())
    gone = sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    erase(town, gone.child["ref"])
    town = reopened(town)
    replay = town.hub.replay()
    assert {d.leaf for d in replay.differences} == {leaf["id"] for leaf in leaves(town, item=gone.item)}
    assert set(verdicts(replay)) == {"erased"}
    assert replay.exit_code == 0
    assert replay.equal >= len(leaves(town, item=kept.item))
    town.hub.close()


def erase(town: Town, child: str) -> None:
    """Destroy a child's key, as a later command will."""
    (record,) = rows(town, "SELECT child FROM child_refs WHERE ref = ?", child)[0]
    vault: Any = town.hub.decide._vault  # noqa: SLF001  # the one holder of children's keys in process
    vault._db.execute("DELETE FROM keys WHERE name = ?", (f"child:{record}",))  # noqa: SLF001  # nothing public destroys a key yet


def test_an_erased_leaf_that_was_altered_as_well_still_breaks_the_tree(town: Town) -> None:
    gone = sends(town, POLICE, "missing.reported", a_missing())
    erase(town, gone.child["ref"])
    town = reopened(town)
    n = leaves(town, item=gone.item)[0]
    rows(town, "UPDATE leaves SET body = ? WHERE id = ?", b"{}", n["id"])
    assert set(verdicts(town.hub.replay())) == {"erased"}
    with pytest.raises(Corrupt):
        town.hub.register.reader.prove(town.hub.register.reader.number(n["id"]))
    town.hub.close()


# --------------------------------------------------------------------------------------- another policy or engine


class Renamed:
    """The real engine under another policy's or engine's name: as after an upgrade that changed no decision."""

    def __init__(self, engine: PolicyEngine, *, policy: str = "", engine_name: str = "") -> None:
        self._engine = engine
        self.policy = policy or engine.policy
        self.engine = engine_name or engine.engine

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        return self._engine.decide(facts)


def digest(letter: str) -> str:
    return f"sha256:{letter * 42}A"


DATA = PolicyData.read(policy_data(share("policies")))


def test_after_a_new_policy_each_leaf_is_checked_under_the_one_in_force_then(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    a_week(town)
    held: dict[str, ReadyPolicy] = {}

    def upgraded(engine: PolicyEngine) -> PolicyEngine:
        held[engine.policy] = ReadyPolicy(engine, DATA)
        new = Renamed(engine, policy=digest("n"))
        held[new.policy] = ReadyPolicy(new, DATA)
        return new

    town = reopened(town, engine=upgraded)
    town.hub.settle()
    before = len(leaves(town))
    sends(town, POLICE, "missing.reported", a_missing(a_child(9)))
    assert {leaf["pol"] for leaf in leaves(town)[before:] if "pol" in leaf} == {digest("n")}
    assert verdicts(replayed(town, held)) == []
    missing_one = dict(list(held.items())[1:])
    replay = replayed(town, missing_one)
    assert verdicts(replay) == ["could_not_check"]
    assert replay.equal == replay.leaves > 0  # everything since the new policy still is
    assert replay.exit_code == 3
    town.hub.close()


def test_an_engine_upgrade_decides_nothing_again_and_replay_says_that_it_copied_the_digest(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    sends(town, POLICE, "missing.reported", a_missing())
    before = len(leaves(town))
    town = reopened(town, engine=lambda engine: Renamed(engine, engine_name=digest("e")))
    town.hub.settle()
    assert [leaf["typ"] for leaf in leaves(town)[before:]] == ["policy"]
    sends(town, POLICE, "missing.reported", a_missing(a_child(2)))
    assert {leaf["eng"] for leaf in leaves(town, typ="decision")[-6:]} == {digest("e")}
    town = reopened(town)
    town.hub.settle()
    replay = town.hub.replay()
    assert verdicts(replay) == []
    assert replay.under_another_engine > 0
    holds(town)
    town.hub.close()


def test_an_engine_change_in_the_middle_of_a_batch_parts_the_leaves_before_it_from_those_after(tmp_path: Path) -> None:
    town = a_town(tmp_path)
    town.hub.settle()
    submits(town, signs(town, POLICE, "missing.reported", a_missing()))
    old = leaves(town, typ="policy")[0]["eng"]
    town = reopened(town, engine=lambda engine: Renamed(engine, engine_name=digest("e")))
    submits(town, signs(town, POLICE, "missing.reported", a_missing(a_child(2))))
    town.hub.settle()
    engines = [leaf["eng"] for leaf in leaves(town) if "eng" in leaf]
    assert engines == sorted(engines, key=[old, digest("e")].index)
    assert set(engines) == {old, digest("e")}
    holds(town)
    town.hub.close()


def test_kept_facts_are_the_documents_that_the_policy_was_asked_about(town: Town) -> None:
    sent = sends(town, POLICE, "missing.reported", a_missing())
    (position,) = rows(town, "SELECT position FROM item_folds WHERE ref = ?", sent.item)[0]
    steps = town.hub.decide._derivation  # noqa: SLF001  # the decider's folds, at hand for once
    assert steps is not None
    item = steps.working.items[position]
    key = steps.working.key(
        position, item.children, item.area, town.hub.ledger.read(0, 99)[-1].entry.originator_id, item.version
    )
    assert key is not None
    (cause, sealed) = rows(town, "SELECT cause, sealed FROM facts WHERE item = ?", position)[0]
    documents = unpack(key.open(f"facts {cause}", bytes(sealed)))
    assert orjson.loads(documents[DeskId(MASH)][0])["desk"]["roles"] == ["mash"]
