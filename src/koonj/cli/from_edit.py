"""Implement `koonj new --from-edit`: put the changes of an edited file into a new migration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from koonj.cli import restore
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call
from koonj.cli.prompt import can_ask
from koonj.config.project import shortest_path
from koonj.migrations.edit_draft import EditDraft, draft_of_edit
from koonj.migrations.names import name_parts
from koonj.migrations.new import SlugError, create, slugify
from koonj.migrations.states import State
from koonj.runner.target.restoration import NothingToRestoreError, Restoration


def new_from_edit(call: Call) -> ExitCode:
    """Run `koonj new --from-edit FILE` and return the exit code.

    Raises:
        CommandError: the file is not edited, or a file cannot be written.
    """
    if call.args.pattern is not None:
        raise UsageError("Use either --from-edit or --pattern, not both.")
    folder = call.read_folder(call.settings().migrations)
    try:
        found = restore.read(call, folder, call.args.from_edit)
    except NothingToRestoreError as error:
        raise CommandError(error.message, "There is no edit to put into a new migration.") from error
    made = _draft(call, found)
    try:
        (path,) = create(folder.path, (made.draft,))
    except OSError as error:
        where = error.filename or folder.path
        raise CommandError(f"{where} cannot be written: {error.strerror}.") from error
    created = shortest_path(path, call.cwd)
    if not call.out.as_json:
        call.out.lines(_created_lines(created, made))
        call.out.lines(restore.difference_lines(call, found, restore.difference(found)))
    is_restored = _restores(call, found)
    kept = restore.write(call, folder, found) if is_restored else None
    if call.out.as_json:
        _report(call, created, made, kept)
    elif is_restored:
        call.out.lines(restore.done_lines(call, folder, found, kept))
    else:
        command = f"koonj restore {found.name}{call.settings().target.option}"
        call.out.lines((f"{found.name} is still edited. To restore it, run: {command}",))
    return ExitCode.OK


def _draft(call: Call, found: Restoration) -> EditDraft:
    """Return the new migration.

    Raises:
        CommandError: the file is not edited.
    """
    status = found.status
    if status.migration is None or status.state is not State.EDITED:
        words = status.state.replace("_", " ")
        raise CommandError(
            f"{found.name} is {words} on {call.settings().target.name}. --from-edit requires state edited.",
            f"To restore the text that ran, run: koonj restore {found.name}{call.settings().target.option}",
        )
    try:
        slug = slugify(" ".join(call.args.words) or f"{name_parts(found.name)[1]}_edit")
    except SlugError as error:
        raise UsageError(str(error)) from error
    made = draft_of_edit(found.recorded, status.migration, slug)
    if made is None:
        raise CommandError(
            f"The edit of {found.name} changed only the order of its statements. No file was created.",
            f"To restore the text that ran, run: koonj restore {found.name}{call.settings().target.option}",
        )
    return made


def _restores(call: Call, found: Restoration) -> bool:
    """Return whether the user wants the file to be restored. Does not ask if nobody can answer."""
    if call.args.yes:
        return True
    if call.out.as_json or call.in_ci or not can_ask(call.err):
        return False
    return restore.confirmed(call, found)


def _created_lines(created: str, made: EditDraft) -> Iterator[str]:
    yield created
    if made.to_write:
        statements = "1 statement" if made.to_write == 1 else f"{made.to_write} statements"
        yield f"    {statements} to write: the comments in the file say which."


def _report(call: Call, created: str, made: EditDraft, kept: Path | None) -> None:
    call.out.document(
        "new",
        {
            "created": [created],
            "added": made.added,
            "to_write": made.to_write,
            "restored": kept is not None,
            "replaced_text": None if kept is None else str(kept),
        },
    )
