"""The subcommands of koonj: what each of them calls."""

# ruff: noqa: PLC0415 - each subcommand imports only the modules it needs, so that it starts fast
from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from koonj import release_contents
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.invocation import Call, find_migration

if TYPE_CHECKING:
    from koonj.runner.run.direction import Direction


def screen(call: Call) -> int:
    """Open the screen: `koonj` without a command."""
    if call.args.json:
        raise UsageError("--json requires a command.", "To list the commands, run: koonj --help")
    if release_contents.FILE_NAME:
        from koonj.cli.missing_libpq import check_libpq

        check_libpq()
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
    from koonj.runner.run.direction import Direction

    return _run(call, Direction.APPLY)


def rollback(call: Call) -> int:
    """Run `koonj rollback`."""
    from koonj.runner.run.direction import Direction

    return _run(call, Direction.ROLLBACK)


def _run(call: Call, direction: Direction) -> int:
    if call.args.all_targets or call.args.targets:
        from koonj.cli.fleet import run_on_targets

        return run_on_targets(call, direction)
    from koonj.cli.apply import run

    return run(call, direction)


def rehearse(call: Call) -> int:
    """Run `koonj rehearse`."""
    from koonj.cli.rehearse import rehearse as run

    return run(call)


def drift(call: Call) -> int:
    """Run `koonj drift`."""
    from koonj.cli.drift import drift as run

    return run(call)


def adopt(call: Call) -> int:
    """Run `koonj adopt`."""
    from koonj.cli.adopt import adopt as run

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


def tunnel(call: Call) -> int:
    """Run `koonj tunnel TARGET -- PROGRAM`."""
    from koonj.cli.tunnel import tunnel as run

    return run(call)


def check(call: Call) -> int:
    """Run `koonj check`."""
    from koonj.cli.check import check as run

    return run(call)


def trust(call: Call) -> int:
    """Run `koonj trust`."""
    from koonj.cli.trust import trust as run

    return run(call)


def doctor(call: Call) -> int:
    """Run `koonj doctor`."""
    from koonj.cli.doctor import doctor as run

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
        "adopt": adopt,
        "history": history,
        "runs": runs,
        "attach": attach,
        "settle": settle,
        "unblock": unblock,
        "tunnel": tunnel,
        "check": check,
        "init": init,
        "trust": trust,
        "doctor": doctor,
    }
)
