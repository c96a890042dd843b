"""A target's status in lines."""

from collections.abc import Iterator

from koonj.cli.diagnostics import ExitCode
from koonj.cli.words import Marks
from koonj.humanize import count, moment
from koonj.migrations.entry import Entry
from koonj.migrations.folder import Folder
from koonj.migrations.glyphs import State
from koonj.migrations.state import counts
from koonj.postgres.advisory_lock import holder_words
from koonj.runner.events import Obstacle
from koonj.runner.status import TargetStatus

UNKNOWN = "unknown"
"""The word for a state that could not be read."""


def status_lines(
    status: TargetStatus, folder: Folder, obstacles: tuple[Obstacle, ...], marks: Marks
) -> Iterator[str]:
    """The target first, then a line for each migration, then what else there is to know."""
    yield from _header(status, folder)
    if not status.known:
        yield from (f"{marks.of(None)} {UNKNOWN}  {migration.name}" for migration in folder.migrations)
    width = max((len(entry.state) for entry in status.entries), default=0)
    for entry in status.entries:
        yield _entry_line(entry, width, marks)
    for obstacle in obstacles:
        yield f"! {obstacle.state}: {obstacle.message}"


def status_code(status: TargetStatus, obstacles: tuple[Obstacle, ...]) -> ExitCode:
    """What a status means for a shell: what must be decided goes before what is pending."""
    if not status.known:
        return ExitCode.ERROR
    if status.problems:
        return ExitCode.DECISION
    if obstacles:
        return ExitCode.ERROR
    return ExitCode.PENDING if status.pending else ExitCode.OK


def _header(status: TargetStatus, folder: Folder) -> Iterator[str]:
    guard = ", protected" if status.protected else ""
    server = str(status.server) if status.server else f"not reached ({status.dsn or 'libpq defaults'})"
    yield f"target {status.target}{guard}: {server}"
    if status.known:
        yield _counts(status)
    else:
        files = count(len(folder.migrations), "migration")
        yield f"{files} in {folder.shown_path}; their states are not known"
    if status.running is not None:
        yield f"A run is going on: {holder_words(status.running)} holds the target's lock."
    if status.known and not status.has_history:
        yield "koonj has never changed this database: it holds no history."
    if not folder.migrations:
        yield f"No migrations in {folder.shown_path}. Write the first: koonj new NAME"


def _counts(status: TargetStatus) -> str:
    """``15 migrations: 12 applied, 1 edited, 2 pending``."""
    found = {state: number for state, number in counts(status.entries).items() if number}
    parts = ", ".join(f"{number} {state}" for state, number in found.items())
    return f"{count(len(status.entries), 'migration')}{': ' + parts if parts else ''}"


def _entry_line(entry: Entry, width: int, marks: Marks) -> str:
    line = f"{marks.of(entry.state)} {entry.state:<{width}}  {entry.name}"
    act = entry.act
    if act is not None and act.finished is not None and entry.state is not State.PENDING:
        line += f"  {moment(act.finished)}"
    return f"{line}  {entry.note}".rstrip()
