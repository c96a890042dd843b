"""Define the error of a tunnel."""

from koonj.postgres.errors import TargetError


class TunnelError(TargetError):
    """Raised if a target cannot be reached because of its tunnel."""

    def __init__(self, message: str, hint: str, *, login: bool = False) -> None:
        super().__init__(message, hint)
        self.login = login
        """The bastion refuses the login, or its host key is not known: trying again changes nothing, and a
        host can lock out who tries often."""
