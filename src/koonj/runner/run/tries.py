"""How a run tries to get the locks of a migration, for those that look at it meanwhile."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tries:
    """The tries of one migration. The first one has failed."""

    began: float
    """When the first one began to wait (`time.monotonic`)."""
    number: int = 1
    """Number of the present try."""
    stalled: float = 0.0
    """Seconds that another session can have waited behind one of them, at most."""
    polls: bool = False
    """The present try does not queue: whom it waits for is known without looking at it."""
