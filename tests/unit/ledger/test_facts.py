"""Facts from folds: ages, consents, involvement, the strongest since an item (design §6, catalogue 3.5)."""

from datetime import UTC, date, datetime

import orjson
import pytest

from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from sightline.ledger import documents as d
from sightline.ledger import facts as f
from sightline.ledger.folds import ChildFold, Consent, Involvement
from sightline.ledger.reading import birth_date, described, justification, looked_after, on_scale, presumed, trafficking

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PURPOSE = "missing_or_safeguarding_response"


@pytest.mark.parametrize(
    ("born", "today", "band"),
    [
        pytest.param("2013-03-03", date(2026, 3, 2), "under_13", id="the day before 13"),
        pytest.param("2013-03-02", date(2026, 3, 2), "13_to_15", id="13 today"),
        pytest.param("2010-03-03", date(2026, 3, 2), "13_to_15", id="the day before 16"),
        pytest.param("2010-03-02", date(2026, 3, 2), "16_to_17", id="16 today"),
        pytest.param("2008-03-03", date(2026, 3, 2), "16_to_17", id="the day before 18"),
        pytest.param("2008-03-02", date(2026, 3, 2), "adult", id="18 today"),
        pytest.param("2008-02-29", date(2026, 2, 28), "16_to_17", id="born on a leap day, the day before"),
        pytest.param("2008-02-29", date(2026, 3, 1), "adult", id="born on a leap day, the day after"),
        pytest.param("2026-03-02", date(2026, 3, 2), "under_13", id="born today"),
        pytest.param("2026-03-03", date(2026, 3, 2), "unknown", id="not born yet cannot be right"),
        pytest.param("", date(2026, 3, 2), "not_recorded", id="nothing recorded is known"),
        pytest.param("unknown", date(2026, 3, 2), "unknown", id="what could not be read is not"),
    ],
)
def test_the_age_band(born: str, today: date, band: str) -> None:
    assert f.age_band(born, today) == band


def consents(*said: Consent) -> ChildFold:
    return ChildFold(id="c", consents={PURPOSE: list(said)})


def a_consent(
    position: str, agency: str = "health", *, giver: str = "child", confirming: bool = False, expires: float = 0
) -> Consent:
    return Consent(position, giver, agency, confirming, expires)


@pytest.mark.parametrize(
    ("said", "agency", "expected"),
    [
        pytest.param([], "school", ("not_sought", "none"), id="nothing was said"),
        pytest.param([a_consent("given")], "school", ("given", "child"), id="given"),
        pytest.param([a_consent("given", "school")], "school", ("not_sought", "none"), id="by its own word alone"),
        pytest.param(
            [a_consent("given", "school"), a_consent("given", "mash", confirming=True)],
            "school",
            ("given", "child"),
            id="confirmed by another",
        ),
        pytest.param(
            [a_consent("given", "school"), a_consent("given", "mash", giver="pr_holder", confirming=True)],
            "school",
            ("given", "pr_holder"),
            id="another giver's consent does not confirm this one's, it stands by itself",
        ),
        pytest.param(
            [a_consent("refused"), a_consent("given", "school")],
            "school",
            ("refused", "child"),
            id="its own word does not undo a refusal",
        ),
        pytest.param(
            [a_consent("given"), a_consent("refused", giver="pr_holder")],
            "school",
            ("refused", "pr_holder"),
            id="a refusal outweighs",
        ),
        pytest.param(
            [a_consent("given", expires=NOW.timestamp())], "school", ("not_sought", "none"), id="over at its end"
        ),
        pytest.param(
            [a_consent("given", expires=NOW.timestamp() + 1)], "school", ("given", "child"), id="not over before"
        ),
    ],
)
def test_the_position_on_consent(said: list[Consent], agency: str, expected: tuple[str, str]) -> None:
    assert f.consent_for(consents(*said), PURPOSE, agency, NOW) == expected


@pytest.mark.parametrize(
    ("at", "band"),
    [
        pytest.param("2026-06-30T22:59:59Z", "under_13", id="the last second before, in summer time"),
        pytest.param("2026-06-30T23:00:00Z", "13_to_15", id="the first of the birthday"),
    ],
)
def test_an_age_is_that_of_the_day_where_the_people_are(at: str, band: str) -> None:
    """T-81, T-82."""
    child = ChildFold(id="c", born="2013-07-01")
    assert f.child_facts(child, [], 1, datetime.fromisoformat(at)).age_band == band


def test_without_a_child_nobody_was_asked() -> None:
    assert f.consent_for(None, PURPOSE, "school", NOW) == ("not_sought", "none")


def test_a_situation_counts_at_its_strongest_since_the_item() -> None:
    child = ChildFold(id="c")
    for position, value in ((10, "absent"), (20, "missing"), (30, "none"), (40, "absent"), (50, "none")):
        child.move("missing", value, position)
    assert [child.strongest("missing", since) for since in (0, 19, 29, 30, 49, 50)] == [
        "missing",
        "missing",
        "missing",
        "absent",
        "absent",
        "none",
    ]


def test_what_could_not_be_read_counts_as_strongest_while_it_stands() -> None:
    child = ChildFold(id="c")
    child.move("urgency", "unknown", 10)
    assert child.strongest("urgency", 0) == "unknown"
    child.move("urgency", "routine", 20)
    assert child.strongest("urgency", 25) == "routine"


def test_an_involvement_counts_by_kind_and_at_its_strongest_since_the_item() -> None:
    involvement = Involvement(kinds=["school_place"], claimed=["strategy"], past={"cp_plan": 30})
    assert involvement.counting(10) == ["cp_plan", "school_place"]
    assert involvement.counting(30) == ["school_place"]
    assert Involvement(claimed=["strategy"]).counts(0)
    assert not Involvement(past={"cp_plan": 30}).counts(30)


@pytest.mark.parametrize("value", [None, "", [], {}, 5, True, "2011-13-01", "yesterday", ["2011-05-04"]])
def test_a_birth_date_that_cannot_be_read_is_unknown_and_never_an_error(value: object) -> None:
    assert birth_date({"date_of_birth": value}) in {"", "unknown"}


@pytest.mark.parametrize(
    ("value", "read"), [(True, "yes"), (False, "no"), ("yes", "yes"), (None, ""), (1, "unknown"), ([], "unknown")]
)
def test_whether_a_child_is_looked_after_is_read_strictly(value: object, read: str) -> None:
    assert looked_after({"is_looked_after": value}) == read


def test_an_unreadable_presumption_leaves_what_is_known() -> None:
    assert presumed({"presumed_child": ["x"]}, True)
    assert not presumed({"presumed_child": "yes"}, False)
    assert not presumed({"presumed_child": False}, True)


def test_codes_off_their_scale_are_unknown() -> None:
    said: list[object] = [None, "high", "sky_high", [], 5]
    assert [on_scale("risk", value) for value in said] == [
        "none_recorded",
        "high",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert trafficking({"trafficking_status": {"a": 1}}) == "unknown"
    assert trafficking({}) == ""


def test_a_form_that_speaks_of_no_child_describes_none() -> None:
    assert described({"child": "nobody"}) == []
    assert justification({"sharing": {}}) == b""


def some_facts(position: str = "given") -> d.Facts:
    child = f.ChildFacts(age_band="13_to_15").section((position, "child"))
    desk = d.interned(d.DESK, tuple((() if n in {"roles", "told_by_duty"} else False) for n in d.DESK))
    item = d.interned(d.ITEM, tuple((("identity",) if n == "classes" else False) for n in d.ITEM))
    return d.Facts(child, desk, item, d.interned(d.PROTOCOL, ("hampshire", "4lscb_guide", ())))


def test_equal_sections_are_one_object_and_documents_are_canonical() -> None:
    assert some_facts() == some_facts()
    assert some_facts().child is some_facts().child
    assert some_facts() != some_facts("refused")
    document = some_facts().document()
    assert orjson.dumps(orjson.loads(document), option=orjson.OPT_SORT_KEYS) == document


def test_packed_facts_come_back_as_the_documents_they_were() -> None:
    given, refused = some_facts(), some_facts("refused")
    packed = d.pack({DeskId("a/b"): (given, refused), DeskId("a/c"): (given,)}, 1)
    assert d.unpack(packed) == {
        "a/b": (given.document(), refused.document()),
        "a/c": (given.document(),),
    }


def test_packed_facts_of_another_edition_could_not_be_checked() -> None:
    with pytest.raises(Refused) as why:
        d.unpack(d.pack({DeskId("a/b"): (some_facts(),)}, 99))
    assert why.value.code == "edition_unknown"
