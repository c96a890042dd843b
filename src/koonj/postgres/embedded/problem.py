"""The one error of the embedded server."""


class EmbeddedError(Exception):
    """The embedded server cannot be had. The text says what, where, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        """`message` is what happened; `hint` is what to do about it."""
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint
