"""Q-24 †: whatever an area's counts are, nobody who subtracts published numbers finds a small one."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol import counts as c
from sightline.protocol.suppression import found_out, held_back, is_small

ADDED = [c.REFERRALS, c.DEFICITS, c.PATTERN, c.DIFFICULTIES, c.NRM, c.PPN1, c.DECISIONS, c.OUTSIDE]
CHILD = st.tuples(st.sampled_from(c.IN_SCOPE.parts), st.booleans(), st.booleans(), st.booleans(), st.booleans())
THING = st.tuples(st.sampled_from(ADDED), st.integers(0, 5), st.integers(1, 12))
CLOCK = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(c.CLOCK_PARTS))


def counted(
    children: list[tuple[str, bool, bool, bool, bool]],
    things: list[tuple[c.Measure, int, int]],
    clocks: list[tuple[str, str]],
    weeks: list[int],
) -> c.Counts:
    """Counts of children who live somewhere and of whom some were referred, went missing, or are victims."""
    made = c.Counts()
    for number, child in enumerate(children):
        add_child(made, f"child {number}", *child)
    for measure, part, times in things:
        for _ in range(times):
            made.add(measure, measure.parts[part] if part < len(measure.parts) else "")
    for rule, became in clocks:
        made.add_clock(rule, became)
    for week in weeks:
        made.weeks[f"2026-W{week}"] += 1
        made.add(c.SCREENING, c.SCREENING.parts[week % 4])
    return made


def add_child(made: c.Counts, name: str, living: str, referred: bool, gone: bool, back: bool, victim: bool) -> None:
    """A child in scope, and what became of it."""
    made.add_child(c.IN_SCOPE, name, living)
    if referred:
        made.add_child(c.REFERRED, name)
    if gone:
        made.add_child(c.GONE_VICTIMS, name, "returned" if back else "not_returned")
        made.add_child(c.REPEATED, name, "assessed" if referred else "not_assessed")
    if victim and living in c.IN_CARE:
        made.add_child(c.IN_CARE_VICTIMS, name)


@given(
    st.lists(CHILD, max_size=40),
    st.lists(THING, max_size=12),
    st.lists(CLOCK, max_size=20),
    st.lists(st.integers(10, 15), max_size=30),
    st.integers(2, 10),
)
def test_q_24_no_published_table_gives_a_small_number_away_by_subtraction(
    children: list[tuple[str, bool, bool, bool, bool]],
    things: list[tuple[c.Measure, int, int]],
    clocks: list[tuple[str, str]],
    weeks: list[int],
    threshold: int,
) -> None:
    table = c.table(counted(children, things, clocks, weeks))
    assert all(n >= 0 for n in table.values.values())
    for one in table.sums:
        assert sum(table.values[cell] for cell in one.whole) == sum(table.values[cell] for cell in one.parts)
    hidden = held_back(table.values, table.sums, threshold=threshold, unprinted=table.unprinted)
    published = table.values.keys() - hidden - table.unprinted
    assert not [cell for cell in published if is_small(table.values[cell], threshold)]
    found = found_out(table.values, table.sums, hidden | table.unprinted)
    assert not {cell: n for cell, n in found.items() if is_small(n, threshold)}
