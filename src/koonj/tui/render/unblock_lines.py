"""The sessions in the way of a run, and what can be done about each, as lines of a dialog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style

from koonj.postgres.blocking_sessions import BlockingSession, Ending
from koonj.runner.run.unblock_wording import ending_words, session_lines, why_not
from koonj.sql.display import shortened
from koonj.tui.render.run_lines import Line
from koonj.tui.theme import DIM, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import wrap

_CHOICE = 6
"""Cells before the text of a choice."""
_MOST = 9
"""Choices that have a key."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One session, and what would be done to it."""

    session: BlockingSession
    how: Ending


def choices(sessions: Sequence[BlockingSession]) -> tuple[Choice, ...]:
    """Return what the user can choose, in the order of the keys 1 to 9."""
    offered = [Choice(session, how) for session in sessions for how in session.endings]
    return tuple(offered[:_MOST])


def unblock_lines(sessions: Sequence[BlockingSession], width: int) -> Iterator[Line]:
    """Yield each session in the way, with its choices or the reason why there are none."""
    keys = {choice: key for key, choice in enumerate(choices(sessions), start=1)}
    for index, session in enumerate(sessions):
        if index:
            yield []
        depth = 2 * (session.blocker.depth - 1)
        label = "" if session.blocker.depth == 1 else f"pid {session.blocker.behind} is blocked by "
        first, *more = session_words(session)
        yield from wrapped(f"{label}{first}", width, 1 + depth)
        for line in more:
            yield from wrapped(line, width, 3 + depth, DIM)
        if (reason := why_not(session)) is not None:
            yield from wrapped(reason, width, 3 + depth, WARNING)
        for how in session.endings:
            if (key := keys.get(Choice(session, how))) is not None:
                words = ending_words(session, how)
                text = f"{words[0].upper()}{words[1:]}"
                yield [(f"   {key}  ", STRONG), (text, STRONG)]


def session_words(session: BlockingSession) -> tuple[str, ...]:
    """Return a session and its last statement, each as one short line."""
    lines = tuple(line.strip() for line in session_lines(session))
    told = lines if why_not(session) is None else lines[:-1]
    return tuple(shortened(line) for line in told)


def wrapped(text: str, width: int, edge: int, style: Style = PLAIN) -> Iterator[Line]:
    """Yield `text`, wrapped, with `edge` blanks before each line."""
    return ([(" " * edge, PLAIN), (line, style)] for line in wrap(text, width - edge - 1) if line)
