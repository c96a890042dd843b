"""The state of each migration on one target: the folder's files and the history's acts, put side by side.

One function answers one question; none of them asks a database.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from koonj.migrations.act import Act, Action, Outcome
from koonj.migrations.content import compare
from koonj.migrations.entry import DECISIVE, Entry
from koonj.migrations.folder import Folder
from koonj.migrations.glyphs import State
from koonj.migrations.migration import Migration
from koonj.migrations.names import number_of
from koonj.migrations.standing import Standing, standings
from koonj.sql.blocks import Mode

__all__ = ["Entry", "State", "counts", "problems_of", "states"]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the state of one migration depends on, beside the migration itself."""

    twins: Mapping[int, int]
    """How many files have a number."""
    highest: int
    """The highest number that is applied, -1 where nothing is."""
    highest_name: str
    unusable: Mapping[str, str]
    """Of files that are there and could not be taken: why, by name."""


def states(folder: Folder, acts: Sequence[Act]) -> tuple[Entry, ...]:
    """Every file, and every migration that the target holds without a file; by number, then name.

    Only files whose bytes differ from what history says are parsed: 10,000 applied ones take milliseconds.
    """
    known = standings(acts)
    around = _surroundings(folder, known)
    nothing = Standing()
    entries = [_of_file(m, known.pop(m.name, nothing), around) for m in folder.migrations]
    gone = (_without_file(name, standing, around) for name, standing in known.items())
    entries.extend(entry for entry in gone if entry is not None)
    return tuple(sorted(entries, key=lambda e: (e.number, e.name)))


def counts(entries: Iterable[Entry]) -> Mapping[State, int]:
    """How many are in each state; every state is there, with 0 if need be."""
    found = Counter(entry.state for entry in entries)
    return {state: found[state] for state in State}


def problems_of(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Those that need a person: late, edited, missing, duplicate or interrupted, and not accepted."""
    return tuple(entry for entry in entries if entry.state in DECISIVE and not entry.accepted)


def _surroundings(folder: Folder, known: Mapping[str, Standing]) -> _Surroundings:
    applied = ((number_of(name), name) for name, standing in known.items() if standing.applied)
    highest, name = max(applied, default=(-1, ""))
    unusable = {name: problem.message for name, problem in folder.problems if problem.code in _UNUSABLE}
    return _Surroundings(Counter(m.number for m in folder.migrations), highest, name, unusable)


_UNUSABLE = frozenset({"unreadable", "leaves-folder"})


def _of_file(migration: Migration, standing: Standing, around: _Surroundings) -> Entry:
    """The state of a migration whose file is there."""
    attempt, dropped = _attempt(standing, migration)
    if attempt is not None and _cut_off(attempt):
        entry = _stopped(migration.name, migration, standing, attempt)
    elif standing.ran is not None and attempt is None:
        entry = _applied(migration, standing, standing.ran)
    elif attempt is not None and (standing.applied or attempt.statements_done > 0):
        entry = _stopped(migration.name, migration, standing, attempt)
    else:
        entry = _not_applied(migration, standing, attempt, around)
    return _noted(entry, dropped)


def _without_file(name: str, standing: Standing, around: _Surroundings) -> Entry | None:
    """The state of a migration without a file; None where the target holds nothing of it."""
    attempt, dropped = _attempt(standing, None)
    if attempt is not None and (
        _cut_off(attempt) or attempt.statements_done > 0 or attempt.action is Action.ROLLBACK
    ):
        entry = _stopped(name, None, standing, attempt)
        entry = _with_note(entry, around.unusable.get(name, "its file is gone"))
    elif standing.ran is not None:
        accept = standing.accept_of(State.MISSING, standing.ran)
        note = _join(around.unusable.get(name, ""), _accepted(accept))
        entry = Entry(
            number_of(name),
            name,
            State.MISSING,
            None,
            standing.ran,
            applied=True,
            accepted=bool(accept),
            note=note,
        )
    else:
        return None
    return _noted(entry, dropped)


def _attempt(standing: Standing, migration: Migration | None) -> tuple[Act | None, Act | None]:
    """The attempt that decides the state, and a later failed rollback that left everything as it was.

    A rollback in one transaction that failed changed nothing: what was true before it is true still.
    """
    attempts = list(standing.attempts)
    dropped = None
    while attempts and _changed_nothing(attempts[-1], migration):
        dropped = dropped or attempts[-1]
        attempts.pop()
    return (attempts[-1] if attempts else None), dropped


def _changed_nothing(act: Act, migration: Migration | None) -> bool:
    """Whether it was a rollback in one transaction, and failed.

    Outside one, a statement that is not counted can have left something (an INVALID index). The act does not
    say which it was: the file's rollback does.
    """
    failed = act.action is Action.ROLLBACK and act.outcome is Outcome.FAILED and act.statements_done == 0
    shape = migration.rollback_shape if failed and migration is not None else None
    return shape is not None and shape.mode is Mode.TRANSACTION


def _cut_off(act: Act) -> bool:
    return act.outcome is Outcome.STARTED


def _applied(migration: Migration, standing: Standing, ran: Act) -> Entry:
    """Of a file whose body is in the database: is it still what ran?"""
    state, accept = compare(migration, ran, standing.accepts)
    return Entry(
        migration.number,
        migration.name,
        state,
        migration,
        ran,
        applied=True,
        accepted=accept is not None,
        note=_accepted(accept),
    )


def _stopped(name: str, migration: Migration | None, standing: Standing, act: Act) -> Entry:
    """Of an apply or a rollback that was cut off, or that failed and left something."""
    state = State.INTERRUPTED if _cut_off(act) else State.FAILED
    accept = standing.accept_of(state, act)
    changed = (
        "" if migration is None or migration.file_hash == act.file_hash else "the file has changed since"
    )
    return Entry(
        number_of(name),
        name,
        state,
        migration,
        act,
        applied=standing.applied,
        accepted=accept is not None,
        note=_join(_progress(act), changed, _accepted(accept)),
    )


def _not_applied(
    migration: Migration, standing: Standing, failed: Act | None, around: _Surroundings
) -> Entry:
    """Of a file of which nothing is in the database: what, if anything, speaks against applying it?

    What a person has to decide comes first, and is hidden neither by a failure nor by an earlier decision
    about something else.
    """
    through = standing.through
    stops = [state for state, holds in _stops(migration, around) if holds]
    accepts = {state: standing.accept_of(state, through) for state in stops}
    undecided = [state for state in stops if accepts[state] is None]
    usual = [State.FAILED] if failed is not None else [*stops, State.PENDING]
    state = (undecided or usual)[0]
    accept = accepts.get(state)
    return Entry(
        migration.number,
        migration.name,
        state,
        migration,
        failed or through,
        applied=False,
        accepted=accept is not None,
        note=_join(
            f"{around.highest_name} is applied" if State.LATE in stops else "",
            _progress(failed) if failed is not None else "",
            _accepted(accept),
        ),
    )


def _stops(migration: Migration, around: _Surroundings) -> tuple[tuple[State, bool], ...]:
    return (
        (State.DUPLICATE, around.twins[migration.number] > 1),
        (State.LATE, migration.number < around.highest),
    )


def _progress(act: Act) -> str:
    """How far an attempt came, as far as it is known."""
    what = "the rollback" if act.action is Action.ROLLBACK else "the apply"
    if _cut_off(act):
        ending = "was started, and its end is not recorded"
    else:
        ending = f"failed: {act.error}" if act.error else "failed"
    return f"{what} {ending} ({act.statements_done} of {act.statements_total} statements committed)"


def _noted(entry: Entry, dropped: Act | None) -> Entry:
    """With a word about a failed rollback that changed nothing."""
    if dropped is None:
        return entry
    error = f": {dropped.error}" if dropped.error else ""
    return _with_note(entry, f"a rollback failed and changed nothing{error}")


def _with_note(entry: Entry, note: str) -> Entry:
    return replace(entry, note=_join(entry.note, note))


def _accepted(accept: Act | None) -> str:
    if accept is None:
        return ""
    return f"accepted: {accept.reason}" if accept.reason else "accepted"


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
