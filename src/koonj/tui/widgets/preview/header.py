"""The lines above a tab: file, state, verdict, last entry, mode, problems."""

from __future__ import annotations

from koonj.sql.problem import Problem
from koonj.tui.documents.document import Document
from koonj.tui.render.history_entry_text import interruption_details, state_details
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.screen_advice import in_keys
from koonj.tui.state.snapshot import Row
from koonj.tui.theme import DIM, PLAIN, STATES, STRONG, WARNING, glyph
from koonj.tui.theme.severities import severity_style
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, cut, wrap
from koonj.tui.widgets.preview.tabs import Tab

_PROBLEMS = 3
"""Maximum number of problems that are shown; the others are counted."""
_LINES = 2
"""Maximum number of lines about one problem."""
DETAILS = 4
"""Maximum number of lines about the last history entry."""
KNOWN = 9
"""Maximum number of lines about an interruption. They replace those about how the statements commit."""
MODE = 3
"""Maximum number of lines about how the statements commit."""

Lines = list[list[Part]]


def head_lines(row: Row, document: Document | None, tab: Tab, rehearsals: Rehearsals, width: int) -> Lines:
    """Return the lines, without those that the tab itself shows."""
    lines = [_identity(row, document, width)]
    if document is None:
        return [*lines, [(" reading", DIM)]]
    if row.migration is None:
        lines.append([(" File missing. Text from koonj.history.", WARNING)])
    if tab is not Tab.REHEARSAL:
        lines += _verdict(row, rehearsals, width)
    if tab not in {Tab.CHANGES, Tab.REHEARSAL, Tab.HISTORY}:
        lines += [[(" " + text, PLAIN)] for text in wrap(state_details(row), width - 2, DETAILS) if text]
        if details := interruption_details(row):
            known = wrap(details, width - 2, KNOWN)
            return [*lines, *([(" " + text, PLAIN)] for text in known), *problem_lines(document, width)]
        mode = document.rollback_mode if tab is Tab.ROLLBACK else document.mode
        lines += [[(" " + text, DIM)] for text in wrap(mode, width - 2, MODE)]
    return lines + problem_lines(document, width)


def _identity(row: Row, document: Document | None, width: int) -> list[Part]:
    state = f"{glyph(row.shown_state)} {row.word}"
    path = document.path if document else row.name
    room = width - len(state) - 4
    path = path if len(path) <= room else row.name
    return [(" " + cut(path, room), STRONG), ("  " + state, STATES[row.shown_state])]


def _verdict(row: Row, rehearsals: Rehearsals, width: int) -> Lines:
    """Return the verdict in one line; the tab Rehearsal shows the details."""
    mark = rehearsals.mark(row.name)
    if mark is None:
        return []
    sign, word, verdict = mark
    rehearsal = rehearsals.results.get(row.name)
    message = f": {rehearsal.message}" if rehearsal is not None and row.name != rehearsals.current else ""
    return [[(f" {sign} {word}", VERDICTS[verdict]), (cut(message, width - len(word) - 4), DIM)]]


def problem_lines(document: Document, width: int) -> Lines:
    """Return the problems of the file; the others are counted."""
    lines: Lines = []
    for problem in document.problems[:_PROBLEMS]:
        style = severity_style(problem.severity)
        texts = wrap(_words(problem), width - 4, _LINES)
        lines += [[(" ! " if not i else "   ", style), (text, PLAIN)] for i, text in enumerate(texts)]
    more = len(document.problems[_PROBLEMS:]) + document.more_problems
    return [*lines, [(f"   and {more} more; the editor lists them", DIM)]] if more else lines


def _words(problem: Problem) -> str:
    where = f", line {problem.line}" if problem.line else ""
    return f"{problem.severity.value}{where}: {problem.message} {in_keys(problem.hint)}"
