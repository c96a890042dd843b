"""Every act on one migration, on one target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.style import Style

from koonj.humanize import count, duration, to_the_second
from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.glyphs import State
from koonj.sql.display import shortened
from koonj.tui.paint import Part, wrap
from koonj.tui.theme import BAD, DIM, PLAIN, STATES, STRONG, glyph
from koonj.tui.widgets.preview.sheet import WrappedSheet

_STATES = {
    Action.APPLY: State.APPLIED,
    Action.ROLLBACK: State.PENDING,
    Action.ADOPT: State.ADOPTED,
    Action.ACCEPT: State.APPLIED,
}
"""Whose sign an act that is done bears."""
_ENDS = {Outcome.DONE: "done", Outcome.FAILED: "failed", Outcome.STARTED: "started, its end is not recorded"}


class HistorySheet(WrappedSheet):
    """Newest first: what, when, by whom, how far, and why it failed or was decided."""

    def __init__(self, acts: Sequence[Act]) -> None:
        super().__init__(partial(_all, acts))


def _all(acts: Sequence[Act], width: int) -> list[list[Part]]:
    lines: list[list[Part]] = []
    for act in reversed(acts):
        lines += [*([[]] if lines else []), *_of(act, width)]
    return lines


def _of(act: Act, width: int) -> Iterator[list[Part]]:
    state = _state(act)
    what = f"accept {act.accepted}" if act.action is Action.ACCEPT else f"{act.action} {_ENDS[act.outcome]}"
    yield [(f" {glyph(state)} ", STATES[state]), (what, STRONG)]
    yield from _wrapped(f"{to_the_second(act.started)}{_took(act)}{_done(act)}", width)
    yield from _wrapped(
        f"by {act.os_user}@{act.host} as {act.database_role}, koonj {act.version}", width, DIM
    )
    if act.reason:
        yield from _wrapped(f"reason: {shortened(act.reason)}", width)
    if act.outcome is Outcome.FAILED:
        yield from _wrapped(_error(act), width, BAD)


def _wrapped(text: str, width: int, style: Style = PLAIN) -> Iterator[list[Part]]:
    return ([("   " + line, style)] for line in wrap(text, width - 4))


def _state(act: Act) -> State:
    if act.outcome is Outcome.DONE:
        return _STATES[act.action]
    return State.FAILED if act.outcome is Outcome.FAILED else State.INTERRUPTED


def _took(act: Act) -> str:
    if act.action is Action.ACCEPT or act.finished is None:
        return ""
    return f", took {duration((act.finished - act.started).total_seconds())}"


def _done(act: Act) -> str:
    if act.action in {Action.ACCEPT, Action.ADOPT}:
        return ""
    return f", {act.statements_done} of {count(act.statements_total, 'statement')}"


def _error(act: Act) -> str:
    """Its text is kept from roles that may not see it: errors can hold data."""
    code = f"SQLSTATE {act.sqlstate}" if act.sqlstate else "no SQLSTATE"
    text = shortened(act.error) if act.error else "the error's text is not known to this role"
    return f"error: {text} ({code})"
