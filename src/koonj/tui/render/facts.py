"""The facts at the top of a dialog that asks before a change: the target, then labels with their text."""

from __future__ import annotations

from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.theme.fills import filled
from koonj.tui.toolkit.strips import Part, wrap

NARROW = 60
"""Cells; a narrower dialog has no columns."""
_FACT = 12
"""Cells of a label."""


def target_line(target: str, width: int, *, protected: bool) -> list[Part]:
    """Return the line with the name of the target, and whether it is protected."""
    label = "target".ljust(_FACT - 1 if width >= NARROW else 0)
    line: list[Part] = [(f" {label}", DIM), (f" {target} ", filled("error") if protected else RAISED)]
    return [*line, ("  ", PLAIN), (" PROTECTED ", filled("error"))] if protected else line


def fact_lines(label: str, text: str, width: int) -> list[list[Part]]:
    """Return label and text in two columns, or in one column if the dialog is narrow."""
    if width < NARROW:
        return [[(f" {one}", PLAIN)] for one in wrap(f"{label} {text}", width - 2)]
    texts = wrap(text, width - _FACT - 2)
    return [[(" " + (label if not i else "").ljust(_FACT), DIM), (one, PLAIN)] for i, one in enumerate(texts)]
