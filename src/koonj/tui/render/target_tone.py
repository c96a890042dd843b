"""The colour by which a target is recognised everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from koonj.config import Target

_TONES: Mapping[str, str] = MappingProxyType(
    {"cyan": "accent", "green": "ok", "yellow": "warn", "magenta": "alert", "red": "error", "blue": "info"}
)


def target_tone(target: Target) -> str:
    """Return the token of the target's colour: its own, or the one of danger if it is protected."""
    return _TONES.get(target.colour, "error" if target.protected else "accent")


def target_sign(target: Target) -> str:
    """Return the sign before the name of the chosen target; a protected one has its own."""
    return "▴" if target.protected else "►"
