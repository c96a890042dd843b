"""What is known on this machine about the koonj process that holds the koonj lock of a target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HolderState:
    """Why the process of a lock holder does nothing, as far as that is known here.

    It is known if the run belongs to this user and this machine.
    """

    stopped: int | None = None
    """The pid of its koonj process, if it is stopped by a signal."""
    ended: int | None = None
    """The pid of its koonj process, if it has ended and the server has not noticed."""


WORKS = HolderState()
"""It works, or it is not known here what it does."""
