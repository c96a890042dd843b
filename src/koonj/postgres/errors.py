"""What is wrong with a target rather than with a migration."""


class TargetError(Exception):
    """Raised if a target, or the history in it, cannot be used.

    Neither `message` nor `hint` contains a password.
    """

    def __init__(self, message: str, hint: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        """Next step for the user."""
        self.sqlstate = sqlstate
