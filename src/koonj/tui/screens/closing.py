"""What Ctrl+Q means, wherever one is."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Closable(Protocol):
    """A screen that can be left."""

    def close(self) -> None:
        """Leave it, as Esc does, or the main screen and koonj; what would be lost is asked for first."""
