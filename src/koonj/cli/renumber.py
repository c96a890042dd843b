"""Implement `koonj renumber`: give pending migrations other numbers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from koonj.cli.ask_target import run_for_answer
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration
from koonj.config import Target
from koonj.migrations.file_rename import FileRename
from koonj.migrations.folder import Folder
from koonj.migrations.name_comment import first_line
from koonj.migrations.renumber import NumberError, rename_files
from koonj.migrations.save import FileRefused, NotSaved
from koonj.postgres.connector import Connector
from koonj.runner.target.renumbering import (
    RenameError,
    Renumbering,
    RunInProgressError,
    UnreadTargetsError,
    UsedError,
    plan_renumbering,
)

_CODES = {
    UsedError: ExitCode.DECISION,
    RunInProgressError: ExitCode.LOCKED,
    UnreadTargetsError: ExitCode.ERROR,
}

_NOTHING = {
    "renumber": "Nothing to do: the numbers are higher than all others.",
    "rename": "Nothing to do: the file has this name.",
}


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


def change_names(
    call: Call,
    folder: Folder,
    plan: Callable[[Connector], Coroutine[Any, Any, Renumbering]],
    rename: Callable[[Path, Sequence[FileRename]], None],
) -> ExitCode:
    """Plan the new names, rename the files unless only the plan is asked for, and report that.

    Raises:
        CommandError: a target has applied a migration, or a file cannot be renamed.
    """
    check_skipped(known_targets(call), call.args.skip_target)
    try:
        planned = run_for_answer(_connected(plan))
        if not call.args.plan:
            rename(folder.path, planned.renames)
    except RenameError as error:
        raise refused(error, "No file was renamed.") from error
    except NumberError as error:
        raise CommandError(str(error), "Run the command again.", ExitCode.DECISION) from error
    except NotSaved as error:
        raise CommandError(f"{error} No file was renamed.", "Run the command again.") from error
    except FileRefused as error:
        raise CommandError(f"{error} No file was renamed.", error.problem.hint) from error
    except OSError as error:
        what = error.filename2 if isinstance(error, FileExistsError) else error.filename
        raise CommandError(f"{what or folder.path}: {error.strerror}. No file was renamed.") from error
    _report(call, folder, planned)
    return ExitCode.OK


async def _connected(plan: Callable[[Connector], Coroutine[Any, Any, Renumbering]]) -> Renumbering:
    async with Connector() as connector:
        return await plan(connector)


def known_targets(call: Call) -> tuple[Target, ...]:
    """Return all configured targets, and the one of the command line; none if there is none.

    Raises:
        UsageError: the configuration is invalid.
    """
    return () if call.project_settings().target is None else call.settings().targets


async def _plan(
    connector: Connector, call: Call, targets: tuple[Target, ...], folder: Folder, names: set[str]
) -> Renumbering:
    skipped = call.args.skip_target
    return await plan_renumbering(connector, targets, folder, names, call.args.to, skipped=skipped)


def check_skipped(targets: tuple[Target, ...], skipped: list[str]) -> None:
    """Check the targets of --skip-target.

    Raises:
        UsageError: one does not exist.
    """
    for name in skipped:
        if name not in {target.name for target in targets}:
            raise UsageError(
                f"--skip-target {name}: no such target.", f"Targets: {', '.join(t.name for t in targets)}"
            )


def refused(error: RenameError, unchanged: str) -> CommandError:
    """Return the error of a command that must not change a file; `unchanged` says that it did not."""
    hint = error.hint
    if isinstance(error, UnreadTargetsError):
        options = " ".join(f"--skip-target {name}" for name in error.targets)
        hint = f"{unchanged} If you know that none of them has applied it, add {options}"
    return CommandError(error.message, hint, _CODES[type(error)])


def _report(call: Call, folder: Folder, plan: Renumbering) -> None:
    raw = {migration.name: migration.raw for migration in folder.migrations}
    lines = [first_line(raw[rename.old], rename) for rename in plan.renames]
    if call.out.as_json:
        call.out.document(
            call.args.command,
            {
                "renamed": [
                    {"from": rename.old, "to": rename.new, "first_line": line}
                    for rename, line in zip(plan.renames, lines, strict=True)
                ],
                "done": not call.args.plan,
                "targets": list(plan.read),
                "skipped_targets": list(plan.unread),
            },
        )
        return
    if not plan.renames:
        call.out.lines((_NOTHING[call.args.command],))
    verb = "would be renamed to" if call.args.plan else "renamed to"
    for rename, line in zip(plan.renames, lines, strict=True):
        call.out.lines((f"{rename.old} {verb} {rename.new}",))
        if line is not None:
            call.out.lines((f"    - -- {rename.old}", f"    + {line}"))
    call.out.lines(f"not checked: target {name} was not read" for name in plan.unread)
