"""Implement `koonj set`: write settings into the comments of a file that is not applied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from koonj.cli.ask_target import run_for_answer
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration
from koonj.cli.prompt import can_ask, confirm
from koonj.cli.ssh_notice import open_connector
from koonj.cli.unapplied_file import check_skipped, known_targets, refused
from koonj.config.project import shortest_path
from koonj.migrations.file_reader import FileRefused
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.save import NotSaved, save
from koonj.runner.run.codec import to_plain
from koonj.runner.target.renumbering import RenameError
from koonj.runner.target.unapplied import must_be_unapplied
from koonj.sql.retry_settings import with_settings
from koonj.sql.settings import setting_problem
from koonj.sql.text_diff import TextDiff, diff_texts


def set_settings(call: Call) -> ExitCode:
    """Run `koonj set` and return the exit code.

    Raises:
        CommandError: a target has applied the migration, or the file cannot be written.
    """
    wanted = _wanted(call.args.settings)
    folder = call.read_folder(call.project_folders().migrations)
    migration = find_migration(folder, call.args.file)
    new = _new_text(migration, wanted)
    read = _checked(call, folder, migration.name)
    change = diff_texts(migration.text, new)
    written = False
    if not call.out.as_json:
        call.out.lines(_difference(call, folder, migration, change))
    if new != migration.text and not call.args.plan:
        if not _confirmed(call, migration.name):
            call.err.info("nothing was changed.")
            return ExitCode.ERROR
        _write(folder, migration, new)
        written = True
    if call.out.as_json:
        call.out.document("set", _shape(migration.name, wanted, change, read, written=written))
    elif written:
        call.out.lines((f"wrote {shortest_path(folder.path / migration.name, call.cwd)}",))
    return ExitCode.OK


def _wanted(texts: Sequence[str]) -> Mapping[str, str]:
    """Return the settings of the command line.

    Raises:
        UsageError: one is unknown, or its value is wrong.
    """
    wanted: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, value = name.strip().lower(), value.strip()
        if not equals:
            raise UsageError(f"{text}: a setting has the form NAME=VALUE, for example lock_wait=20min.")
        if (problem := setting_problem(name, value)) is not None:
            raise UsageError(problem.message, problem.hint)
        wanted[name] = value
    return wanted


def _new_text(migration: Migration, wanted: Mapping[str, str]) -> str:
    new = with_settings(migration.text, wanted)
    if new is None or migration.text.encode() != migration.raw:
        comment = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise CommandError(
            f"koonj cannot write settings into {migration.name}: those that it has, or its text, are wrong.",
            f"To see what is wrong, run: koonj check. Or add a line at its start: -- koonj: {comment}",
        )
    return new


def _checked(call: Call, folder: Folder, name: str) -> tuple[str, ...]:
    """Return the targets that have not applied the migration.

    Raises:
        CommandError: one has applied it, a run is in progress, or one cannot be read.
    """
    targets, skipped = known_targets(call), call.args.skip_target
    check_skipped(targets, skipped)

    async def read() -> tuple[str, ...]:
        async with open_connector() as connector:
            return await must_be_unapplied(connector, targets, folder, name, skipped=skipped)

    try:
        return run_for_answer(read())
    except RenameError as error:
        raise refused(error, "The file was not changed.") from error


def _difference(call: Call, folder: Folder, migration: Migration, change: TextDiff) -> Iterator[str]:
    if not change.lines:
        yield f"Nothing to do: {migration.name} has these settings."
        return
    yield f"- {shortest_path(folder.path / migration.name, call.cwd)} now, + with the settings"
    yield from (f"{line.sign} {line.text}" for line in change.lines)


def _confirmed(call: Call, name: str) -> bool:
    if call.args.yes:
        return True
    if call.out.as_json or call.in_ci or not can_ask(call.err):
        raise UsageError(
            "Confirmation required, but there is no terminal. Nothing was changed.",
            "To see only the difference, add --plan. To confirm without a prompt, add --yes",
        )
    return asyncio.run(confirm(f"Write this into {name}?", call.err))


def _write(folder: Folder, migration: Migration, new: str) -> None:
    try:
        save(folder.path, migration.name, new.encode(), migration.raw)
    except NotSaved as error:
        raise CommandError(f"{error} Nothing was changed.", "Run the command again.") from error
    except FileRefused as error:
        raise CommandError(f"{migration.name}: {error.problem.message}", error.problem.hint) from error
    except OSError as error:
        path = error.filename or folder.path / migration.name
        raise CommandError(f"{path}: {error.strerror}. {migration.name} was not changed.") from error


def _shape(
    name: str, wanted: Mapping[str, str], change: TextDiff, read: Sequence[str], *, written: bool
) -> dict[str, object]:
    return {
        "name": name,
        "settings": dict(wanted),
        "diff": [to_plain(line) for line in change.lines],
        "written": written,
        "targets": list(read),
    }
