"""Implement `koonj restore`: write the text that was applied back into a file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call, number_of
from koonj.cli.prompt import can_ask, confirm
from koonj.config.project import shortest_path
from koonj.humanize import moment
from koonj.migrations.file_reader import FileRefused
from koonj.migrations.file_rename import rename_file
from koonj.migrations.folder import Folder
from koonj.migrations.restore import restore_file
from koonj.migrations.save import NotSaved
from koonj.runner.run.codec import to_plain
from koonj.runner.target.restoration import (
    NothingToRestoreError,
    Restoration,
    RestoreError,
    read_restoration,
)
from koonj.sql.text_diff import TextDiff, diff_texts
from koonj.user_folders import UserFolderError


def restore(call: Call) -> ExitCode:
    """Run `koonj restore` and return the exit code.

    Raises:
        CommandError: the text cannot be read or written, or nobody can confirm.
    """
    settings = call.settings()
    folder = call.read_folder(settings.migrations)
    try:
        found = read(call, folder, call.args.file)
    except NothingToRestoreError as error:
        if call.out.as_json:
            call.out.document("restore", _shape(call, None, None, None, restored=False))
        else:
            call.out.lines((error.message,))
        return ExitCode.OK
    change = None if found.rename is not None else difference(found)
    if not call.out.as_json:
        call.out.lines(difference_lines(call, found, change))
    kept = None
    if not call.args.plan:
        if not confirmed(call, found):
            call.err.info("nothing was changed.")
            return ExitCode.ERROR
        kept = write(call, folder, found)
    if call.out.as_json:
        call.out.document("restore", _shape(call, found, change, kept, restored=not call.args.plan))
    elif not call.args.plan:
        call.out.lines(done_lines(call, folder, found, kept))
    return ExitCode.OK


def read(call: Call, folder: Folder, text: str) -> Restoration:
    """Return the recorded text of the file with this name or number.

    Raises:
        NothingToRestoreError: the file does not differ.
        CommandError: the target or the text cannot be read.
    """
    target = call.settings().target
    number, name = number_of(text), None if text.isdigit() else Path(text).name
    try:
        return ask_target(target, lambda connector: read_restoration(connector, target, folder, number, name))
    except NothingToRestoreError:
        raise
    except RestoreError as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error


def difference(found: Restoration) -> TextDiff:
    """Return what restoring changes in the file: ``-`` is the file now, ``+`` the text that ran."""
    text = "" if found.status.migration is None else found.status.migration.text
    return diff_texts(text, found.recorded.text)


def difference_lines(call: Call, found: Restoration, change: TextDiff | None) -> Iterator[str]:
    """Format what ran when, and what restoring changes in the file."""
    entry, status = found.entry, found.status
    yield f"{call.marks.for_state(status.state)} {status.state.replace('_', ' ')}  {status.name}"
    yield f"    ran {moment(entry.started)} by {entry.os_user} on {entry.host}"
    if found.rename is not None:
        yield f"    would be renamed to {found.rename.new}"
    if change is None:
        return
    if not found.is_exact:
        yield "    The recorded text does not have exactly the bytes that ran."
    yield from (f"    {note}" for note in change.notes)
    yield "- the file now, + the text that ran"
    yield from (f"{line.sign} {line.text}" for line in change.lines)


def confirmed(call: Call, found: Restoration) -> bool:
    """Return the user's answer.

    Raises:
        UsageError: nobody can answer.
    """
    if call.args.yes:
        return True
    if call.out.as_json or call.in_ci or not can_ask(call.err):
        raise UsageError(
            "Confirmation required, but there is no terminal. Nothing was changed.",
            "To see only the difference, add --plan. To confirm without a prompt, add --yes",
        )
    what = (
        f"Rename {found.name} to {found.rename.new}?" if found.rename else f"Write this text to {found.name}?"
    )
    return asyncio.run(confirm(what, call.err))


def write(call: Call, folder: Folder, found: Restoration) -> Path | None:
    """Restore the file. Return where the replaced text is kept.

    Raises:
        CommandError: the file cannot be written.
    """
    try:
        if found.rename is not None:
            rename_file(folder.path, found.rename)
            return None
        return restore_file(folder.path, found.name, found.recorded.raw, found.before, call.environ)
    except NotSaved as error:
        raise CommandError(f"{error} Nothing was changed.", "Run the command again.") from error
    except FileRefused as error:
        raise CommandError(f"{found.name}: {error.problem.message}", error.problem.hint) from error
    except UserFolderError as error:
        raise CommandError(f"{error.message} Nothing was changed.", error.hint) from error
    except OSError as error:
        path = (error.filename2 if isinstance(error, FileExistsError) else error.filename) or folder.path
        raise CommandError(f"{path}: {error.strerror}. {found.name} was not restored.") from error


def done_lines(call: Call, folder: Folder, found: Restoration, kept: Path | None) -> Iterator[str]:
    """Format what was written, and where the replaced text is."""
    if found.rename is not None:
        yield f"{found.rename.old} renamed to {found.rename.new}"
        return
    yield f"restored {shortest_path(folder.path / found.name, call.cwd)}"
    if kept is not None:
        yield f"The text that was replaced is in {kept}"


def _shape(
    call: Call, found: Restoration | None, change: TextDiff | None, kept: Path | None, *, restored: bool
) -> dict[str, Any]:
    return {
        "target": call.settings().target.name,
        "name": None if found is None else found.name,
        "state": None if found is None else found.status.state.value,
        "entry": None if found is None else found.entry.id,
        "exact": None if found is None else found.is_exact,
        "diff": [to_plain(line) for line in change.lines] if change else [],
        "notes": list(change.notes) if change else [],
        "rename_to": None if found is None or found.rename is None else found.rename.new,
        "restored": restored,
        "replaced_text": None if kept is None else str(kept),
    }
