"""The lines above a tab: file, state, verdict, last entry, mode, problems.

Here is their order; how they look is a `HeadLook`, which the theme decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.document import Document
from koonj.tui.render.history_entry_text import interruption_details, last_run_words, state_details
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.screen_advice import KeyNow, in_keys
from koonj.tui.state.snapshot import Row
from koonj.tui.theme import DIM, PLAIN, STATES, STRONG, WARNING, glyph
from koonj.tui.theme.severities import severity_style
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.key_names import default_key
from koonj.tui.toolkit.strips import Part, cut, wrap
from koonj.tui.widgets.preview.tabs import Tab

_PROBLEMS = 3
"""Maximum number of problems that are shown; the others are counted."""
_LINES = 6
"""Maximum number of lines about the problems that are shown, each of which can have as many."""
_DETAILS = 4
"""Maximum number of lines about the last history entry."""
_KNOWN = 9
"""Maximum number of lines about an interruption. They replace those about how the statements commit."""
_MODE = 3
"""Maximum number of lines about how the statements commit."""

Lines = list[list[Part]]


class HeadLook(Protocol):
    """How the lines look in a theme."""

    def identity(self, row: Row, document: Document | None, width: int) -> list[Part]:
        """Return the file and its state."""

    def verdict(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return the verdict in one line; the tab Rehearsal shows the details."""

    def fact(self, label: str, text: str, width: int, most: int) -> Lines:
        """Return a text of at most `most` lines; `label` says what it is about."""

    def room(self, width: int) -> int:
        """Return how many cells a line of a fact has."""

    def locks(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return the heaviest lock of its apply; no lines if the theme has none."""


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """What the lines are about."""

    row: Row
    document: Document | None
    tab: Tab
    rehearsals: Rehearsals
    is_told: bool = False
    """Whether the Run pane says why the last run of the migration failed."""
    key: KeyNow = default_key
    """Returns the current key for a default key."""


def head_lines(facts: HeadFacts, look: HeadLook, width: int) -> Lines:
    """Return the lines, without those that the tab itself or the Run pane shows."""
    row, document, tab = facts.row, facts.document, facts.tab
    lines = [look.identity(row, document, width)]
    if document is None:
        return [*lines, [(" reading", DIM)]]
    if row.migration is None:
        lines.append([(" File missing. Text from koonj.history.", WARNING)])
    if tab is not Tab.REHEARSAL:
        lines += look.verdict(row, facts.rehearsals, width)
    if tab not in {Tab.CHANGES, Tab.REHEARSAL, Tab.HISTORY}:
        room = look.room(width)
        words = last_run_words(row, room) if facts.is_told else state_details(row, room)
        lines += look.fact("history", words, width, _DETAILS)
        if details := interruption_details(row):
            return [
                *lines,
                *look.fact("run", details, width, _KNOWN),
                *_problem_lines(facts, document, width, facts.key),
            ]
        mode = document.rollback_mode if tab is Tab.ROLLBACK else document.mode
        lines += look.fact("runs", mode, width, _MODE)
        lines += look.locks(row, facts.rehearsals, width) if tab is not Tab.ROLLBACK else []
    return lines + _problem_lines(facts, document, width, facts.key)


class PlainLook:
    """Sentences without labels."""

    def identity(self, row: Row, document: Document | None, width: int) -> list[Part]:
        """Return the file with its state after it."""
        state = f"{glyph(row.shown_state)} {row.word}"
        path = document.path if document else row.name
        room = width - len(state) - 4
        path = path if len(path) <= room else row.name
        return [(" " + cut(path, room), STRONG), ("  " + state, STATES[row.shown_state])]

    def verdict(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return the verdict and its reason."""
        mark = rehearsals.mark(row.name)
        if mark is None:
            return []
        sign, word, verdict = mark
        reason = rehearsals.reason(row.name, width - len(word) - 6)
        return [[(f" {sign} {word}", VERDICTS[verdict]), (f": {reason}" if reason else "", DIM)]]

    def fact(self, label: str, text: str, width: int, most: int) -> Lines:
        """Return the text; muted if it is about how the statements commit."""
        style = DIM if label == "runs" else PLAIN
        return [[(" " + line, style)] for line in wrap(text, width - 2, most) if line]

    def room(self, width: int) -> int:
        """Return the cells beside the margins."""
        return width - 2

    def locks(self, row: Row, rehearsals: Rehearsals, width: int) -> Lines:
        """Return no lines: the tab Rehearsal has them."""
        return []


def _problem_lines(facts: HeadFacts, document: Document, width: int, key: KeyNow) -> Lines:
    """Return the problems of the file; the others are counted.

    While the Run pane says why a run failed, notes leave their room to the statements.
    """
    lines: Lines = []
    problems = [p for p in document.problems if not (facts.is_told and p.severity is Severity.NOTE)]
    shown = problems[:_PROBLEMS]
    for problem in shown:
        style = severity_style(problem.severity)
        texts: Sequence[str] = wrap(_words(problem, key), width - 4, _LINES // len(shown))
        lines += [[(" ! " if not i else "   ", style), (text, PLAIN)] for i, text in enumerate(texts)]
    more = len(problems[_PROBLEMS:]) + document.more_problems
    return [*lines, [(f"   and {more} more; the editor lists them", DIM)]] if more else lines


def _words(problem: Problem, key: KeyNow) -> str:
    where = f", line {problem.line}" if problem.line else ""
    return f"{problem.severity.value}{where}: {problem.message} {in_keys(problem.hint, key)}"
