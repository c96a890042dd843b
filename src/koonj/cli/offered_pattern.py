"""The command that writes the safe form of what a safety rule has found."""

from __future__ import annotations

import shlex

from koonj.sql.problem import PatternOffer


def command_of(offer: PatternOffer) -> str:
    """Return the command for the pattern with its values, as a shell takes it."""
    return shlex.join(
        ("koonj", "new", "--pattern", offer.key, *(f"{name}={value}" for name, value in offer.values))
    )
