"""Run the koonj command: parse, call one subcommand, return its exit code."""

# ruff: noqa: PLC0415 - what only some calls need is imported then, so that koonj starts fast
from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from koonj.cli.arguments import parse
from koonj.cli.commands import COMMANDS
from koonj.cli.diagnostics import CommandError, Diagnostics, ExitCode
from koonj.cli.invocation import Call
from koonj.cli.output import Output

RUNS = frozenset({"apply", "rollback", "rehearse", "drift", "attach"})
"""Commands that can take hours."""
CHANGES = frozenset({"settle", "new", "renumber", "rename", "restore", "set"})
"""Commands that need koonj's own files or history: they are refused in a folder of another tool."""
MIGRATES = frozenset({"apply", "rollback"})
"""Commands that are refused in a folder of another tool unless koonj can keep that tool's history."""
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
            if args.command in CHANGES | MIGRATES:
                call.must_be_koonjs_folder(or_runnable=args.command in MIGRATES)
            code = COMMANDS[args.command](call)
        call.out.check()
        return code
    except CommandError as error:
        return _failed(call, err, error)
    except OSError as error:  # of a file or folder, where no command expects it
        where = f"{error.filename}: " if error.filename else ""
        return _failed(call, err, CommandError(f"{where}{error.strerror or error}."))
    except ImportError as error:
        from koonj.cli.missing_libpq import missing_libpq

        return _failed(call, err, missing_libpq(error))
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


def _failed(call: Call | None, err: Diagnostics, error: CommandError) -> int:
    """Print an error, with --json also on stdout. Return its exit code."""
    err.error(error.message, error.hint)
    if call is not None and call.out.as_json:
        _print_error_as_json(call, error)
    return error.code


def _print_error_as_json(call: Call, error: CommandError) -> None:
    """Print an error as JSON: a line for commands with events, else a document."""
    from koonj.cli.shapes import error_shape

    command, shape = call.args.command, error_shape(error.message, error.hint)
    if command in {"apply", "rollback", "rehearse", "attach"}:
        call.out.event({"command": command, **shape})
    else:
        call.out.document(command, shape)
