"""Implement `koonj renumber`: give pending migrations other numbers."""

from __future__ import annotations

from koonj.cli.changed_names import change_names
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration
from koonj.cli.unapplied_file import known_targets
from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.renumber import rename_files
from koonj.postgres.connector import Connector
from koonj.runner.target.renumbering import Renumbering, plan_renumbering


def renumber(call: Call) -> ExitCode:
    """Run `koonj renumber` and return the exit code.

    Raises:
        CommandError: a target has applied the migration, or the file cannot be renamed.
    """
    args, targets = call.args, known_targets(call)
    folder = call.read_folder(call.project_folders().migrations)
    names = {find_migration(folder, text).name for text in args.files}
    if args.to is not None and args.to < 0:
        raise UsageError(f"--to {args.to}: a number cannot be negative.")
    return change_names(
        call, folder, lambda connector: _plan(connector, call, targets, folder, names), rename_files
    )


async def _plan(
    connector: Connector, call: Call, targets: tuple[Target, ...], folder: Folder, names: set[str]
) -> Renumbering:
    skipped = call.args.skip_target
    return await plan_renumbering(connector, targets, folder, names, call.args.to, skipped=skipped)
