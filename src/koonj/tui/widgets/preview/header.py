"""The lines above a tab: file, state, verdict, last entry, mode, problems."""

from __future__ import annotations

from rich.cells import cell_len

from koonj.sql.problem import Problem
from koonj.tui.documents.document import Document
from koonj.tui.render.history_entry_text import interruption_details, state_details
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Row
from koonj.tui.theme import DIM, PLAIN, STATES, STRONG, WARNING, glyph
from koonj.tui.theme.fills import TONES, badge
from koonj.tui.theme.severities import severity_style
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, cut, wrap
from koonj.tui.widgets.preview.tabs import Tab

_PROBLEMS = 3
"""Maximum number of problems that are shown; the others are counted."""
_DETAILS = 4
"""Maximum number of lines about the last history entry."""
_KNOWN = 9
"""Maximum number of lines about an interruption. They replace those about how the statements commit."""
_MODE = 3
"""Maximum number of lines about how the statements commit."""

Lines = list[list[Part]]


def head_lines(
    row: Row, document: Document | None, tab: Tab, rehearsals: Rehearsals, width: int, *, filled: bool = False
) -> Lines:
    """Return the lines, without those that the tab itself shows; `filled`: the state is a badge."""
    lines = [_badged(row, document, width) if filled else _identity(row, document, width)]
    if document is None:
        return [*lines, [(" reading", DIM)]]
    if row.migration is None:
        lines.append([(" File missing. Text from koonj.history.", WARNING)])
    if tab is not Tab.REHEARSAL:
        lines += _verdict(row, rehearsals, width)
    if tab not in {Tab.CHANGES, Tab.REHEARSAL, Tab.HISTORY}:
        lines += [[(" " + text, PLAIN)] for text in wrap(state_details(row), width - 2)[:_DETAILS] if text]
        if details := interruption_details(row):
            known = wrap(details, width - 2, _KNOWN)
            return [*lines, *([(" " + text, PLAIN)] for text in known), *_problems(document, width)]
        mode = document.rollback_mode if tab is Tab.ROLLBACK else document.mode
        lines += [[(" " + text, DIM)] for text in wrap(mode, width - 2, _MODE)]
    return lines + _problems(document, width)


def _identity(row: Row, document: Document | None, width: int) -> list[Part]:
    state = f"{glyph(row.shown_state)} {row.word}"
    path = document.path if document else row.name
    room = width - len(state) - 4
    path = path if len(path) <= room else row.name
    return [(" " + cut(path, room), STRONG), ("  " + state, STATES[row.shown_state])]


def _badged(row: Row, document: Document | None, width: int) -> list[Part]:
    """Return the file at the left, and its state as a badge at the right."""
    looks = STATES[row.shown_state]
    state = f" {glyph(row.shown_state)} {row.word} "
    room = max(1, width - len(state) - 3)
    path = document.path if document else row.name
    path = cut(path if len(path) <= room else row.name, room)
    tone = TONES.get(looks)
    return [
        (" " + path, STRONG),
        (" " * (room + 1 - cell_len(path)), PLAIN),
        (state, badge(tone) if tone else DIM),
    ]


def _verdict(row: Row, rehearsals: Rehearsals, width: int) -> Lines:
    """Return the verdict in one line; the tab Rehearsal shows the details."""
    mark = rehearsals.mark(row.name)
    if mark is None:
        return []
    sign, word, verdict = mark
    rehearsal = rehearsals.results.get(row.name)
    message = f": {rehearsal.message}" if rehearsal is not None and row.name != rehearsals.current else ""
    return [[(f" {sign} {word}", VERDICTS[verdict]), (cut(message, width - len(word) - 4), DIM)]]


def _problems(document: Document, width: int) -> Lines:
    lines: Lines = []
    for problem in document.problems[:_PROBLEMS]:
        style = severity_style(problem.severity)
        texts = wrap(_words(problem), width - 4)[:2]
        lines += [[(" ! " if not i else "   ", style), (text, PLAIN)] for i, text in enumerate(texts)]
    more = len(document.problems[_PROBLEMS:]) + document.more_problems
    return [*lines, [(f"   and {more} more; to list them, run: koonj check", DIM)]] if more else lines


def _words(problem: Problem) -> str:
    where = f", line {problem.line}" if problem.line else ""
    return f"{problem.severity.value}{where}: {problem.message} {problem.hint}"
