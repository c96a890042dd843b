"""A target's history in lines."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from koonj.cli.call import number_of
from koonj.cli.words import Marks
from koonj.humanize import count, duration, moment
from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.glyphs import State
from koonj.migrations.names import number_of as name_number

_STATES = {
    (Action.APPLY, Outcome.DONE): State.APPLIED,
    (Action.ROLLBACK, Outcome.DONE): State.PENDING,
    (Action.ADOPT, Outcome.DONE): State.ADOPTED,
    (Action.ACCEPT, Outcome.DONE): State.APPLIED,
}
"""Whose mark an act that is done bears."""


def history_lines(acts: Iterable[Act], marks: Marks) -> Iterator[str]:
    """Each act, with why it failed or why it was decided; oldest first."""
    for act in acts:
        when = f"{moment(act.started)}{_took(act)}"
        yield f"{marks.of(_state(act))} {_what(act)}  {act.name}  {when}  {_who(act)}"
        if act.reason:
            yield f"    reason: {act.reason}"
        if act.error:
            code = f" (SQLSTATE {act.sqlstate})" if act.sqlstate else ""
            first, *rest = act.error.split("\n")
            yield f"    error: {first}{code}"
            yield from (f"    {line}" for line in rest)


def of_one(acts: Iterable[Act], text: str) -> tuple[Act, ...]:
    """Those on the migration that a number or a file name means. Raises UsageError."""
    number, named = number_of(text), not text.isdigit()
    name = PurePath(text).name
    return tuple(act for act in acts if (act.name == name if named else name_number(act.name) == number))


def _state(act: Act) -> State:
    if act.outcome is Outcome.FAILED:
        return State.FAILED
    return _STATES.get((act.action, act.outcome), State.INTERRUPTED)


def _what(act: Act) -> str:
    """``apply done``, ``apply failed, 1 of 3 statements``, ``accept edited``."""
    if act.action is Action.ACCEPT:
        return f"accept {act.accepted}"
    if act.outcome is Outcome.DONE:
        return f"{act.action} done"
    done = f"{act.statements_done} of {count(act.statements_total, 'statement')} committed"
    return f"{act.action} {act.outcome}, {done}"


def _took(act: Act) -> str:
    if act.finished is None or act.action is Action.ACCEPT:
        return ""
    return f"  {duration((act.finished - act.started).total_seconds())}"


def _who(act: Act) -> str:
    return f"by {act.os_user} on {act.host} as {act.database_role}"
