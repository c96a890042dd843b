"""The command that writes the safe form of what a safety rule has found."""

from __future__ import annotations

import shlex

from koonj.sql.problem import PatternOffer

FILL_IN = "<fill in: "
"""Begins the text in place of a value that only the user knows. `koonj new` refuses it."""


def command_of(offer: PatternOffer) -> str:
    """Return the command for the pattern with its values, as a shell takes it.

    A field that needs a value which is not known has what to write in its place.
    """
    open_fields = ((name, f"{FILL_IN}{what}>") for name, what in offer.missing)
    values = (f"{name}={value}" for name, value in (*offer.values, *open_fields))
    return shlex.join(("koonj", "new", "--pattern", offer.key, *values))
