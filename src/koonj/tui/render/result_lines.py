"""The result of a run as lines: its message, conflicts, and the details of a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from koonj.humanize import listed
from koonj.runner.process.process_wording import broken_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.events import RunResult
from koonj.runner.run.failure import Failure
from koonj.sql.display import shortened
from koonj.tui.render.conflict_hint import screen_hint
from koonj.tui.render.failure_lines import (
    FILLED_FAILURE,
    LIMITS,
    PLAIN_FAILURE,
    WHOLE,
    FailureLook,
    TextLimit,
    failure_lines,
)
from koonj.tui.render.run_lines import TONES, Line, conflict_lines, marked, result_sentence
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.fleet_run import FleetRunView
from koonj.tui.state.log_line import result_words
from koonj.tui.state.run import RunView
from koonj.tui.state.screen_advice import KeyNow, in_keys
from koonj.tui.theme import BAD, DIM, PLAIN, STRONG
from koonj.tui.toolkit.key_names import default_key
from koonj.tui.toolkit.strips import wrap

_MOST_NAMED = 5
"""Maximum number of migrations that are named."""
_CANCELLED = frozenset({None, "57014"})
"""SQLSTATEs of what a cancel of the user stops; None: it was stopped between two statements."""

Block = tuple[FileLine | None, list[Line]]
"""Some lines, and the place that all of them are about."""


def result_lines(view: RunView, width: int, key: KeyNow = default_key) -> list[Line]:
    """Return result, conflicts and details of a failure, wrapped to `width`."""
    return [line for _, lines in result_blocks(view, width, key=key) for line in lines]


def fitting_blocks(
    view: RunView, width: int, room: int, *, has_fills: bool, key: KeyNow
) -> tuple[list[Block], bool]:
    """Return the result as `result_blocks` does, in `room` lines if possible, and whether a text is cut.

    Only what the server says of a failure is cut.
    """
    whole = list(result_blocks(view, width, has_fills=has_fills, key=key))
    size, blocks = _count(whole), whole
    if view.failure is None or size <= room:
        return whole, False
    for limit in LIMITS:
        blocks = list(result_blocks(view, width, has_fills=has_fills, key=key, limit=limit))
        if _count(blocks) <= room:
            break
    return blocks, _count(blocks) < size


def _count(blocks: Sequence[Block]) -> int:
    return sum(len(lines) for _, lines in blocks)


def result_blocks(
    view: RunView,
    width: int,
    *,
    has_fills: bool = False,
    key: KeyNow = default_key,
    limit: TextLimit = WHOLE,
) -> Iterator[Block]:
    """Yield the lines of the result, each with the place that it is about."""
    failure, finished = view.failure, view.finished
    look = FILLED_FAILURE if has_fills else PLAIN_FAILURE
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
        message, hint = broken_words(view.broken, of_targets=isinstance(view, FleetRunView))
        yield None, marked("✗", BAD, message, width, STRONG)
        yield None, [[("     ", PLAIN), (text, DIM)] for text in wrap(in_keys(hint, key), width - 6)]
    if failure is not None:
        yield failed, _failure_lines(view, failure, width, look, limit)
    if finished is not None and finished.rolled_back:
        yield None, list(look.fact("rolled back", listed(finished.rolled_back, _MOST_NAMED), width))
    if view.not_started:
        yield None, list(look.fact("not started", listed(view.not_started, _MOST_NAMED), width))


def _hints_once(conflicts: Sequence[Conflict]) -> Iterator[Conflict]:
    """Yield the conflicts; of those that follow each other with the same hint, only the last one has it."""
    for conflict, after in zip_longest(conflicts, conflicts[1:]):
        is_same = after is not None and screen_hint(after) == screen_hint(conflict)
        yield replace(conflict, hint="") if is_same else conflict


def _failure_lines(
    view: RunView, failure: Failure, width: int, look: FailureLook, limit: TextLimit
) -> list[Line]:
    """Return the failure, without what the result has said already."""
    finished = view.finished
    said = finished.message if finished is not None else ""
    is_cancel = finished is not None and finished.result is RunResult.CANCELLED
    is_cancel = is_cancel and failure.sqlstate in _CANCELLED
    return list(failure_lines(failure, width, look, said, is_cancel=is_cancel, limit=limit))


def _message(view: RunView, message: str) -> str:
    """Return the message of the result; the name of the migration if the lines below it have the message."""
    failure = view.failure
    same = failure is not None and bool(failure.name) and message == failure.message
    return failure.name if failure is not None and same else shortened(message)
