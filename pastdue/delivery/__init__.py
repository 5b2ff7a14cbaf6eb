"""The outside world: files, PDF, mail, journal, git. Delivery is told what to do; it decides nothing."""


class Stopped(Exception):  # noqa: N818  (it is no error of the program)
    """The outside world does not allow to go on: what is the matter, and what the operator can do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint

    def __str__(self) -> str:
        return f"{self.message}\n    {self.hint}" if self.hint else self.message
