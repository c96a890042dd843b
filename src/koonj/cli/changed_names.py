"""Give files other names, for `koonj renumber` and `koonj rename`: check, rename, report."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from koonj.cli.ask_target import run_for_answer
from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.invocation import Call
from koonj.cli.ssh_notice import open_connector
from koonj.cli.unapplied_file import check_skipped, known_targets, refused
from koonj.migrations.file_rename import FileRename
from koonj.migrations.folder import Folder
from koonj.migrations.name_comment import first_line
from koonj.migrations.renumber import NumberError
from koonj.migrations.save import FileRefused, NotSaved
from koonj.postgres.connector import Connector
from koonj.runner.target.renumbering import RenameError, Renumbering

_NOTHING = {
    "renumber": "Nothing to do: the numbers are higher than all others.",
    "rename": "Nothing to do: the file has this name.",
}


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
    async with open_connector() as connector:
        return await plan(connector)


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
