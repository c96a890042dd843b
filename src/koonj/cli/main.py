"""The command: one function for each of its words. Parse, call, hand to output."""

# ruff: noqa: PLC0415 - a command imports what it needs and no more, so that each starts fast
from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from koonj.cli.arguments import parse
from koonj.cli.diagnostics import CommandError, Diagnostics, ExitCode, UsageError
from koonj.cli.invocation import Call, found, meant
from koonj.cli.output import Output


def entry() -> None:
    """What the installed command runs."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run the command that `argv` names; its exit code."""
    err = Diagnostics()
    call = None
    try:
        args = parse(argv)
        call = Call(args, Output(as_json=args.json), err, Path.cwd(), os.environ)
        if args.version:
            from koonj.cli.version import version_lines

            call.out.lines(version_lines())
            code: int = ExitCode.OK
        else:
            code = COMMANDS[args.command](call)
        call.out.check()
        return code
    except CommandError as error:
        err.error(error.message, error.hint)
        if call is not None and call.out.as_json:
            _tell_program(call, error)
        return error.code
    except KeyboardInterrupt:
        err.say("interrupted.")
        return ExitCode.CANCELLED
    except SystemExit as error:  # argparse after --help
        return error.code if isinstance(error.code, int) else ExitCode.OK


def _tell_program(call: Call, error: CommandError) -> None:
    """The error in JSON: a document, or one line where lines are read."""
    from koonj.cli.shapes import error_shape

    command, shape = call.args.command, error_shape(error.message, error.hint)
    if command in {"apply", "rollback", "rehearse"}:
        call.out.event({"command": command, **shape})
    else:
        call.out.document(command, shape)


def screen(call: Call) -> int:
    """``koonj``: the full-screen view."""
    if call.args.json:
        raise UsageError("--json is for a command, and none was given.", "See koonj --help")
    from koonj.config import ConfigError
    from koonj.tui.launch import run

    try:
        return run(call.settings(), call.wishes(), ascii_only=call.args.ascii)
    except ConfigError as error:
        raise UsageError(str(error)) from error


def status(call: Call) -> int:
    """``koonj status``."""
    from koonj.cli.ask_target import answer_of
    from koonj.cli.status_shape import status_shape
    from koonj.cli.status_text import status_code, status_lines
    from koonj.runner.plan.selection import folder_conflicts
    from koonj.runner.target.status import read_status

    settings = call.settings()
    folder = call.folder(settings.migrations)
    read = answer_of(settings.target, lambda connector: read_status(connector, settings.target, folder))
    conflicts = folder_conflicts(folder)
    if call.out.as_json:
        call.out.document("status", status_shape(read, folder))
    else:
        call.out.lines(status_lines(read, folder, conflicts, call.marks))
    if read.error is not None:
        call.err.error(f"{read.target}: {read.error}", read.hint or "")
    return status_code(read, conflicts)


def show(call: Call) -> int:
    """``koonj show N``."""
    from koonj.cli.file_text import no_rollback, statement_lines, text_lines, text_of
    from koonj.cli.shapes import migration_shape

    args, out = call.args, call.out
    migration = found(call.folder(call.places().migrations), args.number)
    if args.rollback and migration.sections.rollback is None:
        raise CommandError(no_rollback(migration), code=ExitCode.DECISION)
    if out.as_json:
        out.document("show", {"migration": migration_shape(migration)})
    elif args.statements:
        out.lines(statement_lines(migration.rollback_shape if args.rollback else migration.shape))
    elif args.numbers or out.is_terminal:
        out.lines(text_lines(migration, rollback=args.rollback, numbers=args.numbers))
    else:
        out.verbatim(text_of(migration, rollback=args.rollback))
    return ExitCode.OK


def new(call: Call) -> int:
    """``koonj new NAME``."""
    from koonj.cli.new import new as make
    from koonj.config.project import shortest_path

    paths = [shortest_path(path, call.cwd) for path in make(call)]
    if call.out.as_json:
        call.out.document("new", {"created": paths})
    else:
        call.out.lines(paths)
    return ExitCode.OK


def patterns(call: Call) -> int:
    """``koonj patterns``."""
    from koonj.cli.new import find_pattern
    from koonj.cli.pattern_text import pattern_lines, pattern_list
    from koonj.cli.shapes import pattern_shape
    from koonj.patterns.pattern import load

    folder, key = call.places().patterns, call.args.pattern
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
    """``koonj apply``."""
    from koonj.cli.apply import run
    from koonj.runner.run.events import Direction

    return run(call, Direction.APPLY)


def rollback(call: Call) -> int:
    """``koonj rollback``."""
    from koonj.cli.apply import run
    from koonj.runner.run.events import Direction

    return run(call, Direction.ROLLBACK)


def rehearse(call: Call) -> int:
    """``koonj rehearse``."""
    from koonj.cli.rehearse import rehearse as run

    return run(call)


def drift(call: Call) -> int:
    """``koonj drift``."""
    from koonj.cli.drift import drift as run

    return run(call)


def history(call: Call) -> int:
    """``koonj history``."""
    from koonj.cli.ask_target import answer_of
    from koonj.cli.history_text import history_lines, of_one
    from koonj.cli.shapes import history_shape
    from koonj.runner.target.history import read_history

    settings = call.settings()
    target = settings.target
    entries = answer_of(target, lambda connector: read_history(connector, target))
    if call.args.number is not None:
        entries = of_one(entries, call.args.number)
        if not entries:
            meant(call.folder(settings.migrations), call.args.number)  # a file that was never run has none
    if call.out.as_json:
        call.out.document("history", history_shape(target.name, entries))
    else:
        call.out.lines(history_lines(entries, call.marks))
    return ExitCode.OK


def check(call: Call) -> int:
    """``koonj check``."""
    from koonj.cli.file_text import check_code, check_lines
    from koonj.cli.shapes import check_shape
    from koonj.migrations.folder import check as problems_of

    folder = call.folder(call.places().migrations)
    problems = problems_of(folder)
    if call.out.as_json:
        call.out.document("check", check_shape(folder, problems))
    else:
        call.out.lines(check_lines(folder, problems))
    return check_code(problems)


def init(call: Call) -> int:
    """``koonj init``."""
    from koonj.config import ConfigError
    from koonj.config.project import shortest_path
    from koonj.migrations.init import init as begin

    try:
        made = [shortest_path(path, call.cwd) for path in begin(call.cwd)]
    except ConfigError as error:
        raise CommandError(str(error)) from error
    if call.out.as_json:
        call.out.document("init", {"created": made})
    else:
        call.out.lines((*(f"made {path}" for path in made), "Next: koonj new NAME, then koonj status"))
    return ExitCode.OK


COMMANDS: Mapping[str | None, Callable[[Call], int]] = MappingProxyType(
    {
        None: screen,
        "status": status,
        "show": show,
        "new": new,
        "patterns": patterns,
        "apply": apply,
        "rollback": rollback,
        "rehearse": rehearse,
        "drift": drift,
        "history": history,
        "check": check,
        "init": init,
    }
)
