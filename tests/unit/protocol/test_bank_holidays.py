"""The bank holidays that are kept in a file are those of the package, and so are those of every other year."""

import subprocess
import sys
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sightline.protocol.bank_holidays import FILE, YEARS, bank_holidays, of_package, written


def test_the_file_is_what_the_package_says() -> None:
    assert FILE.read_text() == written(YEARS), "make bank-holidays writes it anew"


@given(st.integers(1871, 2200))
def test_any_year_has_the_days_that_the_package_gives_it(year: int) -> None:
    assert bank_holidays(year) == of_package(year)


def test_a_year_that_is_kept_is_no_reason_to_load_the_whole_package() -> None:
    program = (
        "import sys; from datetime import date; from sightline.protocol.calendar import add_working_days as after;"
        "print(after(date(2026, 12, 24), 1), 'holidays' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["2026-12-29", "False"]


def test_a_coronation_is_no_working_day() -> None:
    assert date(2023, 5, 8) in bank_holidays(2023)
