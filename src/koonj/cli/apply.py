"""Implement `koonj apply` and `koonj rollback`."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, find_migration, number_of
from koonj.cli.run_dialogue import RunDialogue
from koonj.cli.ssh_notice import open_connector
from koonj.config import EMBEDDED, Settings, Target
from koonj.config.rehearsal import switched
from koonj.migrations.folder import FolderReader
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunFinished, RunStarted
from koonj.runner.run.request import Extent, Request
from koonj.runner.run.row_check import Preflight
from koonj.runner.run.run import Run
from koonj.runner.start import start


def run(call: Call, direction: Direction) -> ExitCode:
    """Run `koonj apply` or `koonj rollback` and return the exit code.

    Raises:
        CommandError: the arguments, the settings or the folder cannot be used.
    """
    settings = call.settings()
    confirm = call.args.confirm
    if confirm is not None and confirm != settings.target.name:
        raise UsageError(
            f"--confirm {confirm} does not match the name of the target, {settings.target.name}."
        )
    reader = call.folder_reader(settings.migrations)
    request = request_of(call, settings.target, reader, direction)
    dialogue = RunDialogue(call, settings.target.name if settings.target.protected else "")
    if moves(call, settings.target):
        from koonj.cli.moved_run import run_moved  # noqa: PLC0415 - only for a run that moves

        return run_moved(dialogue, settings, reader, request)
    return asyncio.run(_run(dialogue, reader, request, settings))


def moves(call: Call, target: Target) -> bool:
    """Return whether the run continues in a process of its own after its confirmation.

    Raises:
        CommandError: --detach cannot be used here.
    """
    args = call.args
    if args.plan or args.probe or args.foreground:
        return False
    if args.detach and target.dsn == EMBEDDED:
        raise CommandError(
            "--detach cannot be used with the embedded server, which stops with the last koonj process. "
            "Nothing was changed.",
            "Run the command again without --detach.",
        )
    if args.detach:
        return True
    return call.moves_runs_on(target)


def request_of(call: Call, target: Target, reader: FolderReader, direction: Direction) -> Request:
    """Return the request of the arguments.

    Raises:
        CommandError: no migration has the file name, or the folder cannot be read.
    """
    args = call.args
    batch = getattr(args, "batch", False)
    every = args.all or (batch and args.number is None)
    extent = Extent.ALL if every else Extent.NEXT if args.number is None else Extent.UP_TO
    return Request(
        direction=direction,
        extent=extent,
        number=_number(call, args, reader) if args.number is not None else None,
        allow=args.allow,
        reason=args.reason,
        assume_yes=args.yes or args.confirm == target.name,
        wait=args.wait,
        plan_only=args.plan,
        override=args.override,
        probe=args.probe,
        batch=batch,
        measure=_plan_is_read(call) or _asks_rows(call),
        preflight=Preflight(getattr(args, "preflight", None) or "quick"),
    )


def _plan_is_read(call: Call) -> bool:
    """Return whether a user can read the plan before anything is changed.

    Only then koonj measures the locks of the plan.
    """
    args = call.args
    confirmed = args.yes or args.confirm is not None
    return (args.plan or not confirmed) and not args.probe and switched(call.environ) is not False


def _asks_rows(call: Call) -> bool:
    """Return whether the user wants the target's rows to be asked, even if nothing else is."""
    wanted = getattr(call.args, "preflight", None) in {"quick", "exact"}
    return wanted and not call.args.probe and switched(call.environ) is not False


def _number(call: Call, args: Namespace, reader: FolderReader) -> int:
    """Return the migration number of the argument.

    The file does not have to exist: the run also finds a number in the history.

    Raises:
        UsageError: no migration has the file name.
    """
    number = number_of(args.number)
    if not args.number.isdigit():
        folder = call.read_folder(reader.path)
        if args.command == "apply" or any(m.number == number for m in folder.migrations):
            find_migration(folder, args.number)
    return number


async def _run(dialogue: RunDialogue, reader: FolderReader, request: Request, settings: Settings) -> ExitCode:
    async with open_connector() as connector:
        connector.passwords.begin_run()
        started: Run = start(connector, settings.target, reader, request, settings.scratch)
        if not (request.plan_only or request.probe):
            started = _recorded(dialogue.call, started, reader)
        out, err = dialogue.call.out, dialogue.call.err
        last = await follow(
            started, dialogue.print_event, dialogue.answer, err, out.flush, dialogue.cancel_lines
        )
    assert isinstance(last, RunFinished)
    return dialogue.print_result(last)


def _recorded(call: Call, run: Run, reader: FolderReader) -> Run:
    """Return a run that others can follow: it has a journal, if one can be written. If not, koonj says so."""
    from koonj.runner.own_process import new_journal  # noqa: PLC0415 - not for a plan
    from koonj.runner.process.journal import Journal, JournalError  # noqa: PLC0415 - as above
    from koonj.runner.process.recorded_run import RecordedRun  # noqa: PLC0415 - as above

    def open_journal(started: RunStarted, plan: PlanMade) -> Journal | None:
        try:
            return new_journal(started, (plan,), reader.path)
        except JournalError as error:  # a run without a terminal can be one without a home
            from koonj.runner.process.process_wording import no_journal_words  # noqa: PLC0415 - seldom needed

            call.err.info(no_journal_words(error))
            return None

    return RecordedRun(run, open_journal)
