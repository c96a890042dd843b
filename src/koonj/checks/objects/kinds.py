"""What a statement can do with an object."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a statement does with an object."""

    MADE = "made"
    """It creates it, or gives it this name or this schema."""
    LOST = "lost"
    """It drops it, or takes this name away from it."""
    USED = "used"
    """It fails if there is no such object."""
    SEEN = "seen"
    """It names it, with or without effect: in a function, a DO block, or after IF EXISTS."""
