"""Format a target's status as lines of text, and choose its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import ExitCode
from koonj.cli.marks import StateMarks
from koonj.humanize import count, moment
from koonj.migrations.states import State
from koonj.migrations.tally import tally_words
from koonj.postgres.advisory_lock import holder_words, progress_words
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.run_name import user_at_host
from koonj.runner.evidence.interruption_wording import interruption_lines
from koonj.sql.display import spaced

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder
    from koonj.migrations.layouts.layout_reader import FolderLayout
    from koonj.migrations.migration_status import MigrationStatus
    from koonj.postgres.advisory_lock import LockHolder
    from koonj.runner.evidence.interruption import Interruption
    from koonj.runner.run.conflict import Conflict
    from koonj.runner.target.status import TargetStatus

INTERRUPTIBLE = (State.RUNNING, State.INTERRUPTED, State.FAILED)
"""States of migrations of which a statement can have left something."""

UNKNOWN = "unknown"
"""The word for the state of a migration whose target could not be read."""


def status_lines(
    status: TargetStatus, folder: Folder, conflicts: tuple[Conflict, ...], marks: StateMarks
) -> Iterator[str]:
    """Yield the status report: target, one line per migration, then conflicts."""
    yield from _header(status, folder)
    if not status.is_known:
        yield from (f"{marks.for_state(None)} {UNKNOWN}  {migration.name}" for migration in folder.migrations)
    width = max((len(spaced(migration.state)) for migration in status.migrations), default=0)
    for migration in status.migrations:
        yield _migration_line(migration, width, marks)
        interruption = status.interruptions.get(migration.name)
        if interruption is not None and migration.state in INTERRUPTIBLE:
            yield from _interruption_lines(interruption, migration, status.target_option)
    for leftover in status.leftovers:
        yield f"note: {leftover.problem} {leftover.repair}".rstrip()
    if folder.layout is not None:
        yield from (f"note: {name}: {problem.message}" for name, problem in folder.problems)
    for conflict in conflicts:
        yield f"! {spaced(conflict.state)}: {conflict.message}"


def _interruption_lines(
    interruption: Interruption, migration: MigrationStatus, target_option: str
) -> Iterator[str]:
    for line in interruption_lines(interruption, migration, target_option):
        yield f"    {line}"


def status_code(status: TargetStatus, conflicts: tuple[Conflict, ...]) -> ExitCode:
    """Return the exit code of a status. Conflicts count more than pending migrations."""
    if not status.is_known:
        return ExitCode.ERROR
    if status.problems:
        return ExitCode.DECISION
    if conflicts:
        return ExitCode.ERROR
    return ExitCode.PENDING if status.tally.pending else ExitCode.OK


def _header(status: TargetStatus, folder: Folder) -> Iterator[str]:
    guard = ", protected" if status.protected else ""
    server = str(status.server) if status.server else f"{_why(status)} ({status.dsn or 'libpq defaults'})"
    yield f"target {status.target}{guard}: {server}"
    yield from (f"warning: {warning}" for warning in status.warnings)
    if status.is_known:
        yield _counts(status)
    else:
        files = count(len(folder.migrations), "migration")
        yield f"{files} in {folder.shown_path}; their states are unknown"
    if status.running is not None:
        yield running_words(status.running)
        yield from (f"    {line}" for line in status.silence)
    if folder.layout is not None:
        yield from _tool_lines(status, folder.layout)
    elif status.is_known and not status.has_history:
        yield "koonj has never changed this database: it has no table koonj.history."
    if not folder.migrations and folder.layout is None:
        yield f"No migrations in {folder.shown_path}. To create one, run: koonj new NAME"


def _tool_lines(status: TargetStatus, layout: FolderLayout) -> Iterator[str]:
    """Yield which tool the folder belongs to, and where its history is."""
    read_only = ", read-only" if layout.writer is None else ""
    yield f"folder of {layout.name}{read_only}: {layout.evidence}"
    if status.is_known:
        place = status.tool_history
        yield f"history: {place}" if place else f"{layout.name} has no history on this target."


def running_words(holder: LockHolder) -> str:
    """Return who runs migrations on the target, and how to follow the run if it is the user's own."""
    if holder.run is None:
        return f"A run is in progress: {holder_words(holder)} holds the koonj lock."
    own = holder.run.who and user_at_host().startswith(holder.run.who)
    follow = f" To follow it, run: koonj attach {holder.run.id}" if own else ""
    return f"{progress_words(holder, holder.run)}{follow}"


def _why(status: TargetStatus) -> str:
    return "not connected" if status.problem is ConnectProblem.UNTRUSTED else "not reachable"


def _counts(status: TargetStatus) -> str:
    """Return the counts, such as ``15 migrations: 13 applied (1 edited), 2 pending, 1 conflict``."""
    parts = tally_words(status.migrations)
    return f"{count(len(status.migrations), 'migration')}{': ' + parts if parts else ''}"


def _migration_line(status: MigrationStatus, width: int, marks: StateMarks) -> str:
    line = f"{marks.for_state(status.state)} {spaced(status.state):<{width}}  {status.name}"
    entry = status.last_entry
    if entry is not None and entry.finished is not None and status.state is not State.PENDING:
        line += f"  {moment(entry.finished)}"
    return f"{line}  {status.note}".rstrip()
