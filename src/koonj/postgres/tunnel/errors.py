"""Define the error of a tunnel."""

from koonj.postgres.errors import TargetError


class TunnelError(TargetError):
    """Raised if a target cannot be reached because of its tunnel."""
