"""Every row of the protocol catalogue: where it lives, and the test that names it, or why software has no part in it.

`python -m tests.traceability` writes docs/traceability.md; `--rows` prints the rows that lack something. Where a row lives
and which test names it is found by reading the repository. Kept by hand are only the rows themselves
(docs/catalogue_rows.json), the reasons (docs/no_part.json) and what scanning cannot find (`found_by_hand.py`).
"""
