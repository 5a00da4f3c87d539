"""Exit codes that mean something, and errors that show nobody's data."""

import pytest
import typer

from sightline.entrypoints.cli_out import FAIL, REFUSED, UNAVAILABLE, USAGE, answered
from sightline.kernel.errors import Corrupt, Refused, Unavailable

NAME = "Perrin Oakapple"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(Refused("not_found", "nothing here"), REFUSED, id="refused"),
        pytest.param(Unavailable("unreachable"), UNAVAILABLE, id="unavailable"),
        pytest.param(Corrupt("head_differs"), FAIL, id="corrupt"),
        pytest.param(FileNotFoundError(2, "No such file", f"/{NAME}"), USAGE, id="system"),
        pytest.param(RuntimeError(NAME), FAIL, id="unexpected"),
    ],
)
def test_an_error_ends_with_its_own_code_and_shows_no_data(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    @answered
    def fails() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        fails()
    said = capsys.readouterr()
    assert ended.value.exit_code == code
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert NAME not in said.err
