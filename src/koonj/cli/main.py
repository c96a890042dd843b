"""Run the koonj command: parse, call one subcommand, return its exit code."""

# ruff: noqa: PLC0415 - each subcommand imports only the modules it needs, so that it starts fast
from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from koonj.cli.arguments import parse
from koonj.cli.diagnostics import CommandError, Diagnostics, ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration
from koonj.cli.output import Output

RUNS = frozenset({"apply", "rollback", "rehearse", "drift", "attach"})
"""Commands that can take hours."""
_NEW_OBJECTS = 100_000
"""New objects after which such a command looks for garbage. A plan of thousands of files makes millions of
objects, and none is garbage."""


def entry() -> None:
    """Run koonj with the arguments of this process, then exit."""
    _open_standard_streams()
    # Imports and values of a history are no garbage: looking for it takes a quarter of a status.
    gc.disable()
    code = main(sys.argv[1:], own_process=True)
    gc.freeze()  # Python looks once more when it exits, which takes another sixth
    sys.exit(code)


def _open_standard_streams() -> None:
    """Open /dev/null in the place of each standard stream that is closed.

    Otherwise the next file that is opened gets its number, and the stream's output goes into that file.
    """
    while True:
        null = os.open(os.devnull, os.O_RDWR)
        if null > 2:
            os.close(null)
            return
        os.set_inheritable(null, True)  # noqa: FBT003 - it takes no names


def main(argv: Sequence[str], *, own_process: bool = False) -> int:
    """Run the command in `argv` and return its exit code.

    `own_process`: this process is the koonj command, so that a run can continue in a fork of it.
    """
    err = Diagnostics()
    call = None
    try:
        args = parse(argv)
        if args.handed_over:
            from koonj.cli.handed_over import take

            take(args)
        out = Output(as_json=args.json)
        call = Call(args, out, err, Path(os.sep), os.environ)  # enough to report that there is no folder
        call = replace(call, cwd=_working_folder(needed=not args.version), own_process=own_process)
        if args.version:
            from koonj.cli.version import version_lines

            call.out.lines(version_lines())
            code: int = ExitCode.OK
        else:
            if args.command in RUNS:
                gc.freeze()  # else enabling it is a reason to look at everything at once
                gc.set_threshold(_NEW_OBJECTS)
                gc.enable()
            code = COMMANDS[args.command](call)
        call.out.check()
        return code
    except CommandError as error:
        err.error(error.message, error.hint)
        if call is not None and call.out.as_json:
            _print_error_as_json(call, error)
        return error.code
    except OSError as error:  # of a file or folder, where no command expects it
        where = f"{error.filename}: " if error.filename else ""
        failure = CommandError(f"{where}{error.strerror or error}.")
        err.error(failure.message, failure.hint)
        if call is not None and call.out.as_json:
            _print_error_as_json(call, failure)
        return failure.code
    except KeyboardInterrupt:
        err.info("cancelled.")
        return ExitCode.CANCELLED
    except SystemExit as error:  # argparse exits after --help
        return error.code if isinstance(error.code, int) else ExitCode.OK


def _working_folder(*, needed: bool) -> Path:
    """Return the working directory. Raises CommandError."""
    try:
        return Path.cwd()
    except OSError as error:
        if not needed:
            return Path(os.sep)
        raise CommandError(
            f"The working directory cannot be used: {error.strerror}.",
            "It was deleted or moved. Change to an existing folder (cd), then run the command again.",
        ) from error


def _print_error_as_json(call: Call, error: CommandError) -> None:
    """Print an error as JSON: a line for commands with events, else a document."""
    from koonj.cli.shapes import error_shape

    command, shape = call.args.command, error_shape(error.message, error.hint)
    if command in {"apply", "rollback", "rehearse", "attach"}:
        call.out.event({"command": command, **shape})
    else:
        call.out.document(command, shape)


def screen(call: Call) -> int:
    """Open the screen: `koonj` without a command."""
    if call.args.json:
        raise UsageError("--json requires a command.", "To list the commands, run: koonj --help")
    from koonj.config import ConfigError
    from koonj.tui.launch import run

    try:
        return run(call.settings(), call.screen_settings(), ascii_only=call.args.ascii)
    except ConfigError as error:
        raise UsageError(str(error)) from error


def status(call: Call) -> int:
    """Run `koonj status`."""
    if call.args.all_targets:
        from koonj.cli.all_targets import status_of_all

        return status_of_all(call)
    from koonj.cli.ask_target import ask_target
    from koonj.cli.status_text import status_code, status_lines
    from koonj.runner.plan.folder_conflicts import folder_conflicts
    from koonj.runner.target.status import read_status

    settings = call.settings()
    folder = call.read_folder(settings.migrations)
    status = ask_target(settings.target, lambda connector: read_status(connector, settings.target, folder))
    conflicts = folder_conflicts(folder)
    if call.out.as_json:
        from koonj.cli.status_shape import status_shape

        call.out.document("status", status_shape(status, folder))
    else:
        call.out.lines(status_lines(status, folder, conflicts, call.marks))
    if status.error is not None:
        call.err.error(f"{status.target}: {status.error}", status.hint or "")
    return status_code(status, conflicts)


def show(call: Call) -> int:
    """Run `koonj show N`."""
    from koonj.cli.file_text import no_rollback, raw_text, statement_lines, text_lines
    from koonj.cli.shapes import migration_shape

    args, out = call.args, call.out
    folder = call.read_folder(call.project_folders().migrations)
    migration = find_migration(folder, args.number)
    if args.rollback and migration.sections.rollback is None:
        raise CommandError(no_rollback(migration), code=ExitCode.DECISION)
    if out.as_json:
        from koonj.checks.check import check_file

        problems = check_file(folder, migration, call.check_levels())
        out.document("show", {"migration": migration_shape(migration, problems)})
    elif args.statements:
        out.lines(statement_lines(migration.rollback_shape if args.rollback else migration.shape))
    elif args.numbers or out.is_terminal:
        out.lines(text_lines(migration, rollback=args.rollback, numbers=args.numbers))
    else:
        out.verbatim(raw_text(migration, rollback=args.rollback))
    return ExitCode.OK


def new(call: Call) -> int:
    """Run `koonj new NAME`."""
    if call.args.from_edit is not None:
        from koonj.cli.from_edit import new_from_edit

        return new_from_edit(call)
    from koonj.cli.new import create_files
    from koonj.config.project import shortest_path

    paths = [shortest_path(path, call.cwd) for path in create_files(call)]
    if call.out.as_json:
        call.out.document("new", {"created": paths})
    else:
        call.out.lines(paths)
    return ExitCode.OK


def renumber(call: Call) -> int:
    """Run `koonj renumber FILE`."""
    from koonj.cli.renumber import renumber as run

    return run(call)


def rename(call: Call) -> int:
    """Run `koonj rename FILE TITLE`."""
    from koonj.cli.rename import rename as run

    return run(call)


def set_(call: Call) -> int:
    """Run `koonj set FILE NAME=VALUE`."""
    from koonj.cli.set_settings import set_settings as run

    return run(call)


def restore(call: Call) -> int:
    """Run `koonj restore FILE`."""
    from koonj.cli.restore import restore as run

    return run(call)


def patterns(call: Call) -> int:
    """Run `koonj patterns`."""
    from koonj.cli.new import find_pattern
    from koonj.cli.pattern_text import pattern_lines, pattern_list
    from koonj.cli.shapes import pattern_shape
    from koonj.patterns.pattern import load

    folder, key = call.project_folders().patterns, call.args.pattern
    listed, problems = load(folder)
    if key is not None:
        listed, problems = (find_pattern(call, folder, key),), ()
    if call.out.as_json:
        call.out.document("patterns", {"patterns": [pattern_shape(pattern) for pattern in listed]})
    else:
        call.out.lines(pattern_list(listed) if key is None else pattern_lines(listed[0]))
    for problem in problems:
        call.err.error(str(problem))
    return ExitCode.ERROR if problems else ExitCode.OK


def apply(call: Call) -> int:
    """Run `koonj apply`."""
    if call.args.all_targets or call.args.targets:
        from koonj.cli.fleet import apply_to_targets

        return apply_to_targets(call)
    from koonj.cli.apply import run
    from koonj.runner.run.direction import Direction

    return run(call, Direction.APPLY)


def rollback(call: Call) -> int:
    """Run `koonj rollback`."""
    from koonj.cli.apply import run
    from koonj.runner.run.direction import Direction

    return run(call, Direction.ROLLBACK)


def rehearse(call: Call) -> int:
    """Run `koonj rehearse`."""
    from koonj.cli.rehearse import rehearse as run

    return run(call)


def drift(call: Call) -> int:
    """Run `koonj drift`."""
    from koonj.cli.drift import drift as run

    return run(call)


def history(call: Call) -> int:
    """Run `koonj history`."""
    from koonj.cli.history import history as run

    return run(call)


def runs(call: Call) -> int:
    """Run `koonj runs`."""
    from koonj.cli.runs import list_runs

    return list_runs(call)


def attach(call: Call) -> int:
    """Run `koonj attach [ID]`."""
    from koonj.cli.attach import attach as run

    return run(call)


def settle(call: Call) -> int:
    """Run `koonj settle`."""
    from koonj.cli.settle import settle_command

    return settle_command(call)


def unblock(call: Call) -> int:
    """Run `koonj unblock`."""
    from koonj.cli.unblock import unblock_command

    return unblock_command(call)


def check(call: Call) -> int:
    """Run `koonj check`."""
    from koonj.cli.check import check as run

    return run(call)


def trust(call: Call) -> int:
    """Run `koonj trust`."""
    from koonj.cli.trust import trust as run

    return run(call)


def init(call: Call) -> int:
    """Run `koonj init`."""
    from koonj.cli.trust import trust_created
    from koonj.config import ConfigError
    from koonj.config.project import shortest_path
    from koonj.migrations.init import init as create_project

    try:
        made = create_project(call.cwd)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    created, trusted = [shortest_path(path, call.cwd) for path in made], trust_created(call, made)
    if call.out.as_json:
        call.out.document("init", {"created": created, "trusted": trusted})
    else:
        call.out.lines(f"created {path}" for path in created)
        if not trusted:
            call.out.lines(("To let koonj run what this folder already contains, run: koonj trust",))
        call.out.lines(("To create a migration, run: koonj new NAME",))
    return ExitCode.OK


COMMANDS: Mapping[str | None, Callable[[Call], int]] = MappingProxyType(
    {
        None: screen,
        "status": status,
        "show": show,
        "new": new,
        "renumber": renumber,
        "rename": rename,
        "restore": restore,
        "set": set_,
        "patterns": patterns,
        "apply": apply,
        "rollback": rollback,
        "rehearse": rehearse,
        "drift": drift,
        "history": history,
        "runs": runs,
        "attach": attach,
        "settle": settle,
        "unblock": unblock,
        "check": check,
        "init": init,
        "trust": trust,
    }
)
