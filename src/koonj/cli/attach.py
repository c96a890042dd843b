"""Follow a run in another process, and implement `koonj attach`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from shutil import get_terminal_size
from textwrap import wrap

from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.dialogue import Dialogue
from koonj.cli.follow import signals_to
from koonj.cli.invocation import Call
from koonj.cli.prompt import can_ask, discard_typed, read_line
from koonj.cli.run_dialogue import RunDialogue
from koonj.cli.runs import hash_of_folder
from koonj.humanize import to_the_second
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal_reader import KnownRun, known_runs
from koonj.runner.process.process_wording import left_words
from koonj.runner.run.events import Event, JournalBroken
from koonj.sql.display import visible

_ASK = (
    "The run goes on without this terminal.\n"
    "Type c to cancel it, l to leave it running, or press Enter to keep watching: "
)
_LEAST_ID = 4


def attach(call: Call) -> ExitCode:
    """Run `koonj attach [ID]` and return the exit code of the run.

    Raises:
        UsageError: there is no such run.
    """
    found = _find(call, known_runs(call.environ))
    dialogue = _dialogue(call, found)
    run = FollowedRun(found.files, found.head)
    return end_of(dialogue, run, asyncio.run(watch(dialogue, run)))


def _dialogue(call: Call, found: KnownRun) -> Dialogue:
    if found.head.targets:
        from koonj.cli.fleet_dialogue import FleetDialogue  # noqa: PLC0415 - only for several targets

        return FleetDialogue(call)
    return RunDialogue(call)


def _find(call: Call, runs: list[KnownRun]) -> KnownRun:
    """Return the run that the arguments mean. Raises UsageError."""
    if not runs:
        raise UsageError("No run of this user has a journal on this machine.", _TO_SEE_THE_TARGET)
    wanted = call.args.id
    if wanted is None:
        here = hash_of_folder(call)
        live = [run for run in runs if run.alive is not False and run.head.result is None]
        own, own_live = (_of_folder(some, here) for some in (runs, live))
        found = _whole((own_live or live or own or runs)[0], runs)
        if words := _choice_words(found, here, is_live=bool(live)):
            call.err.info(words)
        return found
    same = [run for run in runs if len(wanted) >= _LEAST_ID and run.id.startswith(wanted.lower())]
    if len(same) != 1:
        number = "Several runs have" if same else "No run has"
        raise UsageError(f"{number} the id {wanted}.", "To list all runs, run: koonj runs")
    return same[0]


def _of_folder(runs: list[KnownRun], here: str) -> list[KnownRun]:
    return [run for run in runs if run.head.folder_hash == here]


def _choice_words(found: KnownRun, here: str, *, is_live: bool) -> str:
    """Return what the user has to know if the run is not one in progress of this folder; else nothing."""
    is_here = found.head.folder_hash == here
    if is_live:
        return "" if is_here else f"no run of this folder is in progress. This one is, in {_folder(found)}."
    which = "the last one" if is_here else f"the last one, in {_folder(found)}"
    return f"no run is in progress. This is {which}, of {to_the_second(found.head.started)}."


def _folder(run: KnownRun) -> str:
    return visible(run.head.folder)


def _whole(found: KnownRun, runs: list[KnownRun]) -> KnownRun:
    """Return the run on several targets of which a run is a part, if it has one; else the run."""
    return next((run for run in runs if run.id == found.head.fleet), found)


_TO_SEE_THE_TARGET = "To see whether one is in progress on the target, run: koonj status"


def wrapped(texts: Iterable[str]) -> Iterator[str]:
    """Yield paragraphs that only a person reads as indented lines, as wide as the terminal."""
    width = max(40, get_terminal_size().columns)
    for text in texts:
        yield from wrap(text, width, initial_indent="  ", subsequent_indent="  ")


async def watch(dialogue: Dialogue, run: FollowedRun) -> Event | None:
    """Print the events of a run in another process. Return the last one; None if the user left."""
    watching = _Watching(dialogue, run)
    with watching.signals():
        printing = asyncio.ensure_future(watching.print_events())
        leaving = asyncio.ensure_future(watching.left.wait())
        try:
            await asyncio.wait((printing, leaving), return_when=asyncio.FIRST_COMPLETED)
            return printing.result() if printing.done() else None
        finally:
            printing.cancel()
            leaving.cancel()
            watching.stop_asking()


def end_of(dialogue: Dialogue, run: FollowedRun, last: Event | None) -> ExitCode:
    """Print how following the run ended, and return the exit code."""
    if last is None:
        dialogue.call.err.info(left_words(run.id))
        return ExitCode.LEFT
    if isinstance(last, JournalBroken):
        dialogue.print_broken(last)
        return ExitCode.ERROR
    return dialogue.print_result(last)


@dataclass
class _Watching:
    """Printer of a run's events, which asks the user what a Ctrl-C means."""

    dialogue: Dialogue
    run: FollowedRun
    left: asyncio.Event = field(default_factory=asyncio.Event)
    asking: asyncio.Task[None] | None = None
    _held: list[Event] = field(default_factory=list)
    """Events that happened while the question was open."""

    async def print_events(self) -> Event | None:
        last: Event | None = None
        async for last in self.run.events():
            if self.asking is None:
                self.dialogue.print_event(last)
            else:
                self._held.append(last)
        self.stop_asking()
        self._print_held()
        return last

    def interrupt(self) -> None:
        """Ask what to do; at the second Ctrl-C, or if there is nobody to ask, leave the run."""
        err = self.dialogue.call.err
        if self.asking is not None or not can_ask(err):
            self.leave()
            return
        self.asking = asyncio.ensure_future(self._ask())

    def leave(self) -> None:
        if self.asking is not None:
            self.dialogue.call.err.prompt("\n")
        self.left.set()

    def stop_asking(self) -> None:
        if self.asking is not None:
            self.asking.cancel()
            self.dialogue.call.err.prompt("\n")
            self.asking = None

    async def _ask(self) -> None:
        err = self.dialogue.call.err
        discard_typed()
        err.prompt("\n")
        err.lines(("If you cancel the run:", *wrapped(self.dialogue.cancel_lines())))
        err.prompt(_ASK)
        answer = (await read_line()).strip().lower()
        self.asking = None
        if answer in {"l", "leave"}:
            self.left.set()
            return
        if answer in {"c", "cancel"}:
            await self._cancel()
        self._print_held()

    async def _cancel(self) -> None:
        err = self.dialogue.call.err
        try:
            await self.run.cancel()
        except OSError as error:
            err.error(f"The run cannot be cancelled from here: {error.strerror}.")
        else:
            err.info("asked the run to cancel its running statement on the server…")

    def _print_held(self) -> None:
        held, self._held = self._held, []
        for event in held:
            self.dialogue.print_event(event)

    @contextmanager
    def signals(self) -> Iterator[None]:
        with signals_to(self.interrupt, signal.SIGINT), signals_to(self.leave, signal.SIGTERM, signal.SIGHUP):
            yield
