"""What scanning cannot find."""

PLACES: dict[str, str] = {
    **{f"SE-{n:02d}": "`protocol/seraf.py: score`" for n in range(1, 31)},
    **{f"ME-{n:02d}": "`protocol/episodes.py`" for n in range(1, 9)},
    "S-01": "`cpi.submitted`",
    "S-06": "`missing.reported`",
    "S-07": "`missing.categorised`",
    "S-10": "`duties.json` N-27",
    "S-12": "`clocks_missing.json` golden_hour_police",
    "S-41": "`seraf.completed`",
    "S-45": "`trafficking.assessed` port_of_entry_indicators",
    "S-52": "`nrm.referred` lead_first_responder",
    "S-57": "`icta.referred`",
    "S-61": "`age.assessed` independent_visitor",
    "S-69": "`referral.confirmed`",
    "S-71": "`flag.raised` flag",
    "S-81": "`advice.sought` told_of_statutory_defence",
    "S-83": "`strategy.held` disruption_powers",
    "S-92": "`immediate_actions.recorded` actions_done",
    "S-97": "`ledger/items.py: ItemEntry`",
    "N-25": "`missing.reported`",
    "N-26": "`missing.reported` reporter_enquiries",
    "N-41": "`missing.reported`",
    "N-134": "`redaction.rego` D-12",
    "N-135": "`remits.json` police_missing_persons",
    "N-148": "edition key `immediate_safety_plan`",
    "X-03": "edition key `counted_categories`",
    "X-04": "edition key `mash_notified_on_report`",
    "X-19": "edition key `strategy_decision_hours`",
    "X-35": "edition key `areas`",
}
"""Worked examples live where what they are examples of does; a system where the form is that stands for it."""

READ_FROM_DATA = (
    "tests/contracts/test_policy_engine.py",
    "tests/guards/test_clock_rules.py",
    "tests/guards/test_forms.py",
    "tests/journeys/test_every_clock_*.py",
    "tests/unit/formats/test_forms_of_rows.py",
    "tests/unit/protocol/test_editions.py",
    "tests/unit/protocol/test_seraf.py",
)
"""Test files whose parameters are read from data, so that only their own marks tell which rows they name."""
