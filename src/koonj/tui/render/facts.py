"""The first lines of a dialog that asks before a change: the target, then labels with their text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from koonj.sql.display import visible
from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.theme.fills import DANGER, LIFTED, filled, inked
from koonj.tui.toolkit.strips import Part, wrap

NARROW = 60
"""Cells; a narrower dialog has no columns."""
_ROOMY = 96
"""Cells from which on the band of the target has a line above and below."""
_FACT = 12
"""Cells of a label."""

Line = list[Part]


def target_band(target: str, server: str, width: int, *, protected: bool, fills: bool) -> list[Line]:
    """Return the lines that name the target and its server, on a ground of their own.

    `fills`: whether the theme has backgrounds; without them, a bar at the left holds the lines together.
    """
    tone = "error" if protected else "accent"
    sign = "▴" if protected else "►"
    if fills:
        name: Line = [(f" {sign} {visible(target)}", inked(tone, bold=True))]
        name += [("   PROTECTED", inked(tone, bold=True))] if protected else []
    else:
        name = [("▌", inked(tone)), (f" {target} ", filled("error") if protected else RAISED)]
        name += [("  ", PLAIN), (" PROTECTED ", filled("error"))] if protected else []
    used = _cells(name) + 3
    texts = wrap(server, max(width - used - 1, 8)) if server else [""]
    if len(texts) > 1 and width < _ROOMY:  # a server with a long name has lines of its own
        rest = wrap(server, width - 3)
        lines = [name, *([_bar(tone, fills=fills), (f" {text}", PLAIN)] for text in rest)]
    else:
        lines = [[*name, ("   ", PLAIN), (texts[0], PLAIN)]]
        lines += [[_bar(tone, fills=fills), (" " * (used - 1) + text, PLAIN)] for text in texts[1:]]
    if not fills:
        return lines
    ground = DANGER if protected else LIFTED
    room: list[Line] = [[]] if width >= _ROOMY else []
    grounded = [_on(line, ground, width) for line in (*room, *lines, *room)]
    return [*grounded, []] if room else grounded


def _bar(tone: str, *, fills: bool) -> Part:
    return (" ", PLAIN) if fills else ("▌", inked(tone))


def _on(line: Line, ground: Style, width: int) -> Line:
    parts = [(text, look + ground) for text, look in line]
    return [*parts, (" " * max(0, width - _cells(line)), ground)]


def _cells(parts: Sequence[Part]) -> int:
    return sum(cell_len(visible(text)) for text, _ in parts)


def fact_lines(label: str, text: str, width: int) -> list[Line]:
    """Return label and text in two columns, or in one column if the dialog is narrow."""
    return fact_parts(label, [[(text, PLAIN)]], width)


def fact_parts(label: str, items: Sequence[Sequence[Part]], width: int) -> list[Line]:
    """Return a label and its items. The items stand side by side as far as they fit; the last part wraps."""
    narrow = width < NARROW
    edge = 1 if narrow else _FACT + 1
    room, lines = width - edge - 1, list[Line]()
    current: Line = [(f"{label} ", DIM)] if narrow else []
    for item in items:
        gap: Line = [("   ", PLAIN)] if current and not (narrow and len(current) == 1 and not lines) else []
        if current and _cells(current) + _cells(gap) + _cells(item) > room:
            lines.append(current)
            current, gap = [], []
        current += gap
        *before, (text, look) = item
        first, *rest = wrap(text, room - _cells([*current, *before])) if text else [""]
        current += [*before, (first, look)]
        indent = " " * _cells(before)
        for more in wrap(" ".join(rest), room - len(indent)) if rest else []:
            lines.append(current)
            current = [(indent + more, look)]
    lines.append(current)
    heads = [label if not number and not narrow else "" for number in range(len(lines))]
    return [[(" " + head.ljust(edge - 1), DIM), *line] for head, line in zip(heads, lines, strict=True)]
