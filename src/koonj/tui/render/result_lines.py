"""The result of a run as lines: its message, conflicts, and the details of a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import listed
from koonj.runner.process.process_wording import broken_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.events import RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines
from koonj.sql.display import shortened
from koonj.tui.render.conflict_hint import screen_hint
from koonj.tui.render.failure_band import fact, filled_failure
from koonj.tui.render.run_lines import TONES, Line, conflict_lines, marked, result_sentence
from koonj.tui.render.source_cut import around
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.log_line import result_words
from koonj.tui.state.run import RunView
from koonj.tui.state.screen_advice import KeyNow, in_keys
from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, STRONG
from koonj.tui.toolkit.key_names import default_key
from koonj.tui.toolkit.strips import cut, wrap

_LABEL = 12
"""Cells for the labels of a failure."""
_MOST_NAMED = 5
"""Maximum number of migrations that are named."""
_NOTHING = "No part of"
"""Start of a state that says, too, that no statement is committed."""
_CANCELLED = frozenset({None, "57014"})
"""SQLSTATEs of what a cancel of the user stops; None: it was stopped between two statements."""

Block = tuple[FileLine | None, list[Line]]
"""Some lines, and the place that all of them are about."""


def result_lines(view: RunView, width: int, key: KeyNow = default_key) -> list[Line]:
    """Return result, conflicts and details of a failure, wrapped to `width`."""
    return [line for _, lines in result_blocks(view, width, key=key) for line in lines]


def result_blocks(
    view: RunView, width: int, *, has_fills: bool = False, key: KeyNow = default_key
) -> Iterator[Block]:
    """Yield the lines of the result, each with the place that it is about."""
    failure, finished = view.failure, view.finished
    failed = FileLine(failure.name, failure.line) if failure is not None and failure.name else None
    said = finished.message if finished is not None else ""
    if finished is not None:
        tone, word = result_words(finished.result)
        mark, style = TONES[tone]
        yield failed, marked(mark, style, result_sentence(word, _message(view, said)), width, STRONG)
        for conflict in _hints_once(finished.conflicts):
            place = FileLine(conflict.name, conflict.line) if conflict.name else None
            yield place, conflict_lines(conflict, width)
    if view.broken is not None:
        message, hint = broken_words(view.broken)
        yield None, marked("✗", BAD, message, width, STRONG)
        yield None, [[("     ", PLAIN), (text, DIM)] for text in wrap(in_keys(hint, key), width - 6)]
    if failure is not None:
        yield failed, _failure_lines(view, failure, width, has_fills=has_fills)
    label = fact if has_fills else labelled
    if finished is not None and finished.rolled_back:
        yield None, list(label("rolled back", listed(finished.rolled_back, _MOST_NAMED), width))
    if view.not_started:
        yield None, list(label("not started", listed(view.not_started, _MOST_NAMED), width))


def _hints_once(conflicts: Sequence[Conflict]) -> Iterator[Conflict]:
    """Yield the conflicts; of those that follow each other with the same hint, only the last one has it."""
    for conflict, after in zip_longest(conflicts, conflicts[1:]):
        is_same = after is not None and screen_hint(after) == screen_hint(conflict)
        yield replace(conflict, hint="") if is_same else conflict


def _failure_lines(view: RunView, failure: Failure, width: int, *, has_fills: bool) -> list[Line]:
    """Return the failure, without what the result has said already."""
    finished = view.finished
    said = finished.message if finished is not None else ""
    is_cancel = finished is not None and finished.result is RunResult.CANCELLED
    is_cancel = is_cancel and failure.sqlstate in _CANCELLED
    if not has_fills:
        return failure_lines(failure, width, said, is_cancel=is_cancel)
    state = failure.target_state if failure.target_state not in said else ""
    lines = filled_failure(failure, width, state=state, committed=_committed(failure), is_cancel=is_cancel)
    return list(lines)


def _message(view: RunView, message: str) -> str:
    """Return the message of the result; the name of the migration if the lines below it have the message."""
    failure = view.failure
    same = failure is not None and bool(failure.name) and message == failure.message
    return failure.name if failure is not None and same else shortened(message)


def failure_lines(failure: Failure, width: int, said: str = "", *, is_cancel: bool = False) -> list[Line]:
    """Return place, source, error, committed statements and next steps.

    `said`: the message of the result, which is not said again. `is_cancel`: the result says that the user
    cancelled the run; the server's words would say it again.
    """
    return list(_failure(failure, width, said, is_cancel=is_cancel))


def _failure(failure: Failure, width: int, said: str, *, is_cancel: bool) -> Iterator[Line]:
    where = ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)
    which = f"statement {failure.statement} of {failure.of}  " if failure.statement else ""
    if place := which + where:
        yield from ([("   ", PLAIN), (text, STRONG)] for text in wrap(place, width - 4))
    if failure.source_line:
        yield from _source(failure, width)
    if not is_cancel:
        code = f" {failure.sqlstate}:" if failure.sqlstate else ":"
        yield from labelled(f"{failure.severity}{code}", failure.message, width, BAD)
    for label, text in (("DETAIL", failure.detail), ("HINT", failure.hint), ("CONTEXT", failure.context)):
        if text:
            yield from labelled(label, text, width)
    if failure.waited_for is not None:
        waited = (awaited_words(failure.waited_for), *blocker_lines(failure.waited_for))
        yield from labelled("waited for", "\n".join(waited), width, STRONG)
    if committed := _committed(failure):
        yield from labelled("committed", committed, width, STRONG)
    if failure.target_state and failure.target_state not in said:
        yield from labelled("state", failure.target_state, width, STRONG)
    for number, step in enumerate(failure.next_steps):
        yield from labelled("next" if not number else "", step, width)


def _committed(failure: Failure) -> str:
    """Return the committed statements; empty if the state of the target says that there are none."""
    if failure.committed or (failure.name and not failure.target_state.startswith(_NOTHING)):
        return "\n".join(failure.committed) or "no statement of this migration"
    return ""


def _source(failure: Failure, width: int) -> Iterator[Line]:
    """Yield the source line, cut around the column, and a caret below the column."""
    room = width - 6
    before, after = around(failure.source_line, (failure.column or 1) - 1, room * 2 // 3)
    yield [("      ", PLAIN), (cut(before + after, room), ACCENT)]
    if failure.column is not None:
        yield [(" " * (6 + cell_len(before)) + "^", BAD)]


def labelled(label: str, text: str, width: int, style: Style = PLAIN) -> Iterator[Line]:
    """Yield a text, wrapped, after its label."""
    space = max(_LABEL, len(label) + 1)
    for number, line in enumerate(wrap(shortened(text), width - space - 4)):
        yield [("   " + (label if not number else "").ljust(space), style), (line, PLAIN)]
