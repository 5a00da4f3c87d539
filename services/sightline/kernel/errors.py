"""The three ways in which something does not go through, told apart because what must follow differs.

`Refused` is the sender's: record it, answer 4xx, go on. `Unavailable` is ours and passes: answer 503, try again.
`Corrupt` means that our own evidence disagrees with itself: stop, call a person.
"""


class SightlineError(Exception):
    """Root of all errors that Sightline raises on purpose. `code` is stable, the wording is free."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Refused(SightlineError):
    """What was asked is not allowed or not well formed. `detail` never holds personal data."""


class Unavailable(SightlineError):
    """Something we need does not answer now. Nothing was decided; the same call may succeed later."""


class Corrupt(SightlineError):
    """Stored evidence contradicts itself. Work stops; nobody guesses."""
