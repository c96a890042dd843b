"""The look of the lines above a tab in themes with fills: the state as a badge, then facts with labels."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style

from koonj.tui.documents.document import Document
from koonj.tui.render.lock_meter import heaviest, meter
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Row
from koonj.tui.theme import DIM, MOVING, PLAIN, STATES, STRONG, glyph
from koonj.tui.theme.fills import TONES, badge
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, cut, wrap
from koonj.tui.widgets.preview.header import Lines

_LABEL = 11
"""Cells of a label."""
_LABELLED = 50
"""Minimum cells of a pane with labels."""


class FilledLook:
    """Facts with labels, and the state as a badge."""

    def identity(self, row: Row, document: Document | None, width: int) -> list[Part]:
        """Return the file at the left, and its state as a badge at the right."""
        state = f" {glyph(row.shown_state)} {row.word} "
        room = max(1, width - len(state) - 3)
        path = document.path if document else row.name
        path = cut(path if len(path) <= room else row.name, room)
        tone = TONES.get(STATES[row.shown_state])
        gap = " " * (room + 1 - cell_len(path))
        return [(" " + path, STRONG), (gap, PLAIN), (state, badge(tone) if tone else DIM)]

    def fact(self, label: str, text: str, width: int, most: int) -> Lines:
        """Return the text after its label."""
        lead = _label(label, width)
        look: Style = PLAIN if len(lead) > 1 else DIM
        texts = [line for line in wrap(text, width - len(lead) - 1, most) if line]
        return [
            [(lead if not index else " " * len(lead), DIM), (line, look)] for index, line in enumerate(texts)
        ]

    def verdict(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return the verdict after its label, with its reason."""
        mark = rehearsals.mark(row.name)
        if mark is None:
            return []
        sign, word, verdict = mark
        lead = _label("rehearsal", width)
        looks = MOVING if verdict is None else VERDICTS[verdict]
        message = rehearsals.reason(row.name, width - len(lead) - len(word) - 5)
        is_calm = TONES.get(looks) == "ok"
        parts: list[Part] = [(lead, DIM), (f"{sign} ", looks), (word, PLAIN if is_calm else looks)]
        return [[*parts, (f"  {message}" if message else "", DIM)]]

    def room(self, width: int) -> int:
        """Return the cells after the label."""
        return width - len(_label("", width)) - 1

    def locks(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return the heaviest lock of its apply, if a rehearsal has measured it."""
        rehearsal = rehearsals.results.get(row.name)
        found = heaviest(rehearsal.apply) if rehearsal is not None else None
        if found is None:
            return []
        mode, names = found
        lead = _label("locks", width)
        sign, looks = meter(mode)
        room = width - len(lead) - len(sign) - len(mode.value) - 5
        where = cut(", ".join(names), room) if room > 0 else ""
        return [[(lead, DIM), (sign, looks), (f"  {mode.value}", PLAIN), (f"  {where}", DIM)]]


def _label(text: str, width: int) -> str:
    return " " + text.ljust(_LABEL) if width >= _LABELLED else " "
