"""What scanning cannot find."""

PLACES: dict[str, str] = {
    **{f"SE-{n:02d}": "`protocol/seraf.py: score`" for n in range(1, 31)},
    **{f"ME-{n:02d}": "`protocol/episodes.py`" for n in range(1, 9)},
}
"""Worked examples live where what they are examples of does."""

READ_FROM_DATA = (
    "tests/contracts/test_policy_engine.py",
    "tests/guards/test_forms.py",
)
"""Test files whose parameters are read from data, so that only their own marks tell which rows they name."""
