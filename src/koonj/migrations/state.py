"""Compute the state of each migration from the files and the history entries.

No function here uses a database.
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
    """Facts about the other migrations that the state of one migration depends on."""

    twins: Mapping[int, int]
    """Number of files for each migration number."""
    highest: int
    """Highest applied number, -1 if no migration is applied."""
    highest_name: str
    unusable: Mapping[str, str]
    """Why a file that exists cannot be used, by file name."""


def states(folder: Folder, acts: Sequence[Act]) -> tuple[Entry, ...]:
    """Return the status of every file and of every applied migration without a file.

    Sorted by number, then name. Only files whose bytes differ from the history are parsed, so 10,000 applied
    migrations take milliseconds.
    """
    known = standings(acts)
    around = _surroundings(folder, known)
    nothing = Standing()
    entries = [_of_file(m, known.pop(m.name, nothing), around) for m in folder.migrations]
    gone = (_without_file(name, standing, around) for name, standing in known.items())
    entries.extend(entry for entry in gone if entry is not None)
    return tuple(sorted(entries, key=lambda e: (e.number, e.name)))


def counts(entries: Iterable[Entry]) -> Mapping[State, int]:
    """Return the number of migrations in each state; states without any have 0."""
    found = Counter(entry.state for entry in entries)
    return {state: found[state] for state in State}


def problems_of(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the conflicts: migrations in a `DECISIVE` state that is not allowed."""
    return tuple(entry for entry in entries if entry.state in DECISIVE and not entry.accepted)


def _surroundings(folder: Folder, known: Mapping[str, Standing]) -> _Surroundings:
    applied = ((number_of(name), name) for name, standing in known.items() if standing.applied)
    highest, name = max(applied, default=(-1, ""))
    unusable = {name: problem.message for name, problem in folder.problems if problem.code in _UNUSABLE}
    return _Surroundings(Counter(m.number for m in folder.migrations), highest, name, unusable)


_UNUSABLE = frozenset({"unreadable", "leaves-folder"})


def _of_file(migration: Migration, standing: Standing, around: _Surroundings) -> Entry:
    """Return the status of a migration that has a file."""
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
    """Return the status of a migration without a file.

    None if nothing of it is in the database.
    """
    attempt, dropped = _attempt(standing, None)
    if attempt is not None and (
        _cut_off(attempt) or attempt.statements_done > 0 or attempt.action is Action.ROLLBACK
    ):
        entry = _stopped(name, None, standing, attempt)
        entry = _with_note(entry, around.unusable.get(name, "its file is missing"))
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
    """Return the attempt that decides the state, and a later rollback without effect.

    A rollback in one transaction that failed changed nothing, so the earlier state still holds.
    """
    attempts = list(standing.attempts)
    dropped = None
    while attempts and _changed_nothing(attempts[-1], migration):
        dropped = dropped or attempts[-1]
        attempts.pop()
    return (attempts[-1] if attempts else None), dropped


def _changed_nothing(act: Act, migration: Migration | None) -> bool:
    """Return whether the entry is a failed rollback in one transaction.

    Outside one transaction, even a statement that is not counted can have an effect (an INVALID index). The
    history entry does not say which case it was; the rollback in the file does.
    """
    failed = act.action is Action.ROLLBACK and act.outcome is Outcome.FAILED and act.statements_done == 0
    shape = migration.rollback_shape if failed and migration is not None else None
    return shape is not None and shape.mode is Mode.TRANSACTION


def _cut_off(act: Act) -> bool:
    return act.outcome is Outcome.STARTED


def _applied(migration: Migration, standing: Standing, ran: Act) -> Entry:
    """Return the status of a file whose body is in the database: unchanged, or edited."""
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
    """Return the status after an apply or rollback that stopped before its end.

    It was cut off, or it failed and committed something.
    """
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
    """Return the state of a migration that is not applied.

    A conflict comes first: neither a failure nor an earlier decision about something else hides it.
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
            f"{around.highest_name} is already applied" if State.LATE in stops else "",
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
    """Describe how far an attempt came, as far as koonj knows."""
    what = "the rollback" if act.action is Action.ROLLBACK else "the apply"
    if _cut_off(act):
        ending = "was started, but koonj has no record that it finished"
    else:
        ending = f"failed: {act.error}" if act.error else "failed"
    return f"{what} {ending} ({act.statements_done} of {act.statements_total} statements committed)"


def _noted(entry: Entry, dropped: Act | None) -> Entry:
    """Add a note about a failed rollback that changed nothing."""
    if dropped is None:
        return entry
    error = f": {dropped.error}" if dropped.error else ""
    return _with_note(entry, f"a rollback failed and changed nothing{error}")


def _with_note(entry: Entry, note: str) -> Entry:
    return replace(entry, note=_join(entry.note, note))


def _accepted(accept: Act | None) -> str:
    if accept is None:
        return ""
    return f"allowed: {accept.reason}" if accept.reason else "allowed"


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
