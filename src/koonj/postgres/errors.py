"""What is wrong with a target rather than with a migration."""


class TargetError(Exception):
    """A target, or koonj's history in it, cannot be used. Neither text holds a password."""

    def __init__(self, message: str, hint: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """What to do."""
        self.sqlstate = sqlstate
