"""What an auditor is told about rules and bases is what the policy says of itself."""

from pathlib import Path

from sightline.entrypoints.rules import citations, texts_of_rules
from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share

REGO = """# METADATA
# description: D-01. Said on one line.
a := 1

# METADATA
# description: >-
#   H-02. Said on
#   two lines.
b := 2

# METADATA
# description: D-01. Said again elsewhere.
c := 3

# METADATA
# description: No rule of the catalogue.
d := 4
"""


def test_descriptions_are_read_from_the_metadata(tmp_path: Path) -> None:
    (tmp_path / "sightline").mkdir()
    (tmp_path / "sightline" / "a.rego").write_text(REGO)
    (tmp_path / "sightline" / "a_test.rego").write_text("# METADATA\n# description: D-99. Only a test.\n")
    assert texts_of_rules(tmp_path) == {
        "D-01": ("Said on one line.", "Said again elsewhere."),
        "H-02": ("Said on two lines.",),
    }


def test_every_rule_that_a_basis_hangs_on_is_described() -> None:
    folder = share("policies")
    assert set(policy_data(folder)["bases"]["rows"]) <= set(texts_of_rules(folder))


def test_every_basis_has_a_citation() -> None:
    assert all(citations(share("policies")).values())
