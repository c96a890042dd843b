"""Implement `koonj adopt`: record as applied what a target already has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from koonj.cli.adopt_text import plan_lines
from koonj.cli.ask_target import run_for_answer
from koonj.cli.comparison_progress import ComparisonProgress
from koonj.cli.diagnostics import CommandError, ExitCode, UsageError
from koonj.cli.follow import follow
from koonj.cli.invocation import Call, find_migration
from koonj.cli.prompt import ask, can_ask
from koonj.cli.ssh_notice import open_connector
from koonj.config import Settings
from koonj.runner.adopt.run import AdoptionFinished, AdoptionJob, AdoptionPlanned, start_adoption
from koonj.runner.run.codec import to_plain
from koonj.runner.run.events import Event, Question, RunResult

_CODES = {
    RunResult.DONE: ExitCode.OK,
    RunResult.NOTHING: ExitCode.OK,
    RunResult.REFUSED: ExitCode.DECISION,
    RunResult.LOCKED: ExitCode.LOCKED,
    RunResult.CANCELLED: ExitCode.CANCELLED,
}


def adopt(call: Call) -> ExitCode:
    """Run `koonj adopt` and return the exit code.

    Raises:
        CommandError: it was refused, or it failed.
    """
    settings, args = call.settings(), call.args
    target = settings.target
    if args.confirm is not None and args.confirm != target.name:
        raise UsageError(f"--confirm {args.confirm} does not match the name of the target, {target.name}.")
    if args.convert != (args.into is not None):
        raise UsageError("--convert and --into FOLDER belong together: the folder gets koonj's files.")
    last = None
    if args.number is not None:
        last = find_migration(call.read_folder(settings.migrations), args.number).name
    dialogue = _Dialogue(call, settings)
    return dialogue.finish(run_for_answer(_run(dialogue, last)))


async def _run(dialogue: _Dialogue, last: str | None) -> AdoptionFinished:
    call, settings, args = dialogue.call, dialogue.settings, dialogue.call.args
    async with open_connector() as connector:
        job = AdoptionJob(
            connector,
            settings.target,
            call.folder_reader(settings.migrations),
            settings.scratch,
            last=last,
            reason=args.reason,
            plan_only=args.plan,
            assume_yes=args.yes,
            major=args.pg,
            baseline=args.baseline,
            into=None if args.into is None else (call.cwd / args.into).absolute(),
            shown_into="" if args.into is None else str(args.into),
        )
        end = await follow(start_adoption(job), dialogue.show, dialogue.answer, call.err, call.out.flush)
    assert isinstance(end, AdoptionFinished)
    return end


@dataclass
class _Dialogue:
    """Printer of the plan, which also answers the question. With --json, the output is one document."""

    call: Call
    settings: Settings
    planned: AdoptionPlanned | None = field(default=None, init=False)
    cannot_ask: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.progress = ComparisonProgress(self.call, "migrations")

    def show(self, event: Event) -> None:
        """Print the plan, and how far the comparison is."""
        self.progress.show(event)
        if isinstance(event, AdoptionPlanned):
            self.planned = event
            if not self.call.out.as_json:
                self.call.out.lines(plan_lines(event.plan, verbose=self.call.args.verbose))

    async def answer(self, question: Question) -> str:
        """Return the user's answer; empty if there is nobody to ask."""
        call = self.call
        if call.args.confirm is not None:
            return question.expected
        if call.out.as_json or not can_ask(call.err):
            self.cannot_ask = True
            return ""
        if not call.out.is_terminal and self.planned is not None:
            call.err.lines(plan_lines(self.planned.plan, verbose=call.args.verbose))
        return await ask(question, call.err)

    def finish(self, end: AdoptionFinished) -> ExitCode:
        """Print how it ended, and return the exit code.

        Raises:
            CommandError: it was refused, or it failed.
        """
        target = self.settings.target
        if end.result is RunResult.DECLINED and self.cannot_ask:
            name = f"--confirm {target.name}" if target.protected else "--yes"
            raise UsageError(
                f"Confirmation required, but there is no terminal. {end.message}",
                f"To see only the plan, add --plan. To confirm without a prompt, add {name}",
            )
        code = _CODES.get(end.result, ExitCode.ERROR)
        if self.call.out.as_json and (self.planned is not None or code is ExitCode.OK):
            self.call.out.document("adopt", self._shape(end))
            if code is not ExitCode.OK:
                self.call.err.error(f"{target.name}: {end.message}", end.hint)
            return code
        if end.result in (RunResult.DECLINED, RunResult.CANCELLED):
            self.call.err.info(end.message)
        elif code is not ExitCode.OK:
            raise CommandError(f"{target.name}: {end.message}", end.hint, code)
        else:
            self.call.out.lines((*(f"created {path}" for path in end.written), end.message))
            if self.call.args.into is not None:
                self.call.out.lines(
                    (f'To use the new files, write into koonj.toml: migrations = "{self.call.args.into}"',)
                )
        return code

    def _shape(self, end: AdoptionFinished) -> dict[str, Any]:
        return {
            "target": self.settings.target.name,
            "plan": None if self.planned is None else to_plain(self.planned.plan),
            "result": end.result.value,
            "message": end.message,
            "hint": end.hint,
            "adopted": list(end.adopted),
            "written": list(end.written),
        }
