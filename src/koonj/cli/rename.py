"""Implement `koonj rename`: give a pending migration another title."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from koonj.cli.changed_names import change_names
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration
from koonj.cli.unapplied_file import known_targets
from koonj.migrations.file_rename import FileRename
from koonj.migrations.new import SlugError
from koonj.migrations.retitle import retitle_file, retitled
from koonj.postgres.connector import Connector
from koonj.runner.target.renumbering import Renumbering, unused_on


def rename(call: Call) -> ExitCode:
    """Run `koonj rename` and return the exit code.

    Raises:
        CommandError: a target has applied the migration, or the file cannot be renamed.
    """
    args, targets = call.args, known_targets(call)
    folder = call.read_folder(call.project_folders().migrations)
    name = find_migration(folder, args.file).name
    try:
        new = retitled(name, " ".join(args.title))
    except SlugError as error:
        raise UsageError(str(error)) from error

    async def plan(connector: Connector) -> Renumbering:
        found = await unused_on(connector, targets, folder, {name}, skipped=args.skip_target)
        read = tuple(status.target for status in found)
        unread = tuple(target.name for target in targets if target.name not in read)
        return Renumbering((new,) if new.new != name else (), read, unread)

    return change_names(call, folder, plan, _rename)


def _rename(folder: Path, renames: Sequence[FileRename]) -> None:
    for one in renames:
        retitle_file(folder, one)
