"""Every act on one migration, on one target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.style import Style

from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.glyphs import State
from koonj.sql.display import shortened
from koonj.tui.paint import Part, wrap
from koonj.tui.run_lines import clock
from koonj.tui.theme import BAD, DIM, PLAIN, STATES, STRONG, glyph
from koonj.tui.widgets.preview.sheet import Line

_STATES = {
    Action.APPLY: State.APPLIED,
    Action.ROLLBACK: State.PENDING,
    Action.ADOPT: State.ADOPTED,
    Action.ACCEPT: State.APPLIED,
}
"""Whose sign an act that is done bears."""
_ENDS = {Outcome.DONE: "done", Outcome.FAILED: "failed", Outcome.STARTED: "started, its end is not recorded"}


class HistorySheet:
    """Newest first: what, when, by whom, how far, and why it failed or was decided."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = acts
        self._lines = lru_cache(2)(self._all)

    def count(self, width: int) -> int:
        """Some for each act."""
        return len(self._lines(width))

    def line(self, index: int, width: int) -> Line:
        """One of them."""
        return (), self._lines(width)[index]

    def widest(self, width: int) -> int:
        """They are wrapped."""
        return 0

    def _all(self, width: int) -> list[list[Part]]:
        lines: list[list[Part]] = []
        for act in reversed(self._acts):
            lines += [*([[]] if lines else []), *_of(act, width)]
        return lines


def _of(act: Act, width: int) -> Iterator[list[Part]]:
    state = _state(act)
    what = f"accept {act.accepted}" if act.action is Action.ACCEPT else f"{act.action} {_ENDS[act.outcome]}"
    when = act.started.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    yield [(f" {glyph(state)} ", STATES[state]), (what, STRONG)]
    yield from _wrapped(f"{when}{_took(act)}{_done(act)}", width)
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
    took = (act.finished - act.started).total_seconds()
    return f", took {took:.2f} s" if took < 10 else f", took {clock(took)}"


def _done(act: Act) -> str:
    if act.action in {Action.ACCEPT, Action.ADOPT}:
        return ""
    total = act.statements_total
    return f", {act.statements_done} of {total} statement{'' if total == 1 else 's'}"


def _error(act: Act) -> str:
    """Its text is kept from roles that may not see it: errors can hold data."""
    code = f"SQLSTATE {act.sqlstate}" if act.sqlstate else "no SQLSTATE"
    text = shortened(act.error) if act.error else "the error's text is not known to this role"
    return f"error: {text} ({code})"
