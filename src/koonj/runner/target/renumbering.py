"""Plan new numbers for files that no known target has applied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from koonj.config import Target
from koonj.migrations.file_rename import FileRename
from koonj.migrations.folder import Folder
from koonj.migrations.names import number_of
from koonj.migrations.renumber import NumberError, renumbered
from koonj.postgres.connector import Connector
from koonj.runner.target.all_targets import read_statuses
from koonj.runner.target.migration_use import use_words
from koonj.runner.target.status import TargetStatus


class RenameError(Exception):
    """Raised if a file must keep its name."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsedError(RenameError):
    """Raised if a target has applied or started a migration, or the new number cannot be used."""


class RunInProgressError(RenameError):
    """Raised if a run is in progress on a target: it has read the file already."""


class UnreadTargetsError(RenameError):
    """Raised if targets cannot be read, so that it is not known what they have applied."""

    def __init__(self, targets: Sequence[TargetStatus]) -> None:
        lines = [f"{target.target}: {target.error}" for target in targets]
        message = "koonj cannot read what these targets have applied:"
        super().__init__("\n".join((message, *lines)))
        self.targets = tuple(target.target for target in targets)
        """Names of the targets."""


@dataclass(frozen=True, slots=True)
class Renumbering:
    """New names of files, and the targets that koonj has asked."""

    renames: tuple[FileRename, ...]
    read: tuple[str, ...]
    """Names of the targets that have not applied the files."""
    unread: tuple[str, ...]
    """Names of the targets that the user let koonj skip."""


async def plan_renumbering(
    connector: Connector,
    targets: Sequence[Target],
    folder: Folder,
    names: Collection[str],
    first: int | None = None,
    *,
    skipped: Collection[str] = (),
) -> Renumbering:
    """Return new names for the files `names`. Changes nothing.

    Args:
        connector: connects to the targets.
        targets: all known targets.
        folder: the folder of the files.
        names: file names.
        first: the first new number; None: the next free one.
        skipped: names of targets that may be unknown.

    Raises: RenameError.
    """
    statuses = await unused_on(connector, targets, folder, names, skipped=skipped)
    listed = {status.name for target in statuses for status in target.migrations}
    others = (listed | {migration.name for migration in folder.migrations}) - set(names)
    try:
        renames = renumbered(names, others, first)
    except NumberError as error:
        raise UsedError(str(error), "Use another number, or omit --to for the next free one.") from error
    for target in statuses:
        _must_not_be_late(target, renames)
    read = tuple(target.target for target in statuses)
    unread = tuple(target.name for target in targets if target.name not in read)
    return Renumbering(tuple(renames), read, unread)


async def unused_on(
    connector: Connector,
    targets: Sequence[Target],
    folder: Folder,
    names: Collection[str],
    *,
    skipped: Collection[str] = (),
) -> tuple[TargetStatus, ...]:
    """Return the status of the targets if none of them has applied or started one of the migrations.

    A target in `skipped` that cannot be read is omitted.

    Raises: RenameError.
    """
    asked = await read_statuses(connector, targets, folder)
    unread = [target for target in asked if not target.is_known and target.target not in skipped]
    statuses = tuple(target for target in asked if target.is_known)
    uses = [use for target in statuses for use in _uses(target, names)]
    if uses:
        raise UsedError(
            "\n".join(uses), "Only a migration that is pending on every target can get another name."
        )
    running = [target.target for target in statuses if target.running is not None]
    if running:
        raise RunInProgressError(
            f"A run is in progress on {', '.join(running)}. It has read the files already.",
            "Wait until it has finished, then run the command again.",
        )
    if unread:
        raise UnreadTargetsError(unread)
    return statuses


def _uses(target: TargetStatus, names: Collection[str]) -> Iterator[str]:
    for status in target.migrations:
        words = use_words(status) if status.name in names else ""
        if words:
            yield f"{status.name} {words} on {target.target}."


def _must_not_be_late(target: TargetStatus, renames: Sequence[FileRename]) -> None:
    """Check that the new numbers are above those that are applied.

    Raises: UsedError.
    """
    applied = [status.name for status in target.migrations if status.applied]
    highest = max(applied, key=number_of, default="")
    for rename in renames:
        if applied and number_of(rename.new) < number_of(highest):
            raise UsedError(
                f"{rename.new} would be late: {highest} is already applied on {target.target}.",
                "Use a higher number, or omit --to for the next free one.",
            )
