"""Define the error of the embedded server."""


class EmbeddedError(Exception):
    """Raised when the embedded server cannot be used.

    The text says what happened, where, and what to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Store `message` (what happened) and `hint` (what to do)."""
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint
