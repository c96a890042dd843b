"""Format the events of a rehearsal as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from koonj.humanize import count, duration
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalStarted, WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import (
    ddl_diff,
    effects,
    failure_lines,
    failure_place,
    held_words,
    lock_words,
    waiting_for_scratch_words,
)
from koonj.runner.rehearse.verdict import ASCII_VERDICT_GLYPHS, VERDICT_GLYPHS, Rehearsal, Verdict
from koonj.runner.run.events import Event


@dataclass(frozen=True, slots=True)
class RehearsalText:
    """Formatter of the events of a rehearsal."""

    ascii_only: bool
    verbose: bool
    """Whether to show locks and times of each statement."""

    def lines(self, event: Event) -> Iterator[str]:
        """Yield the lines of one event; some events have none."""
        match event:
            case WaitingForScratch():
                yield waiting_for_scratch_words(event.holder, event.seconds)
            case RehearsalStarted():
                yield from _started(event)
            case MigrationRehearsalFinished():
                yield from self._rehearsed(event)

    def _rehearsed(self, event: MigrationRehearsalFinished) -> Iterator[str]:
        rehearsal = event.rehearsal
        glyphs = ASCII_VERDICT_GLYPHS if self.ascii_only else VERDICT_GLYPHS
        verdict = rehearsal.verdict
        took = duration(rehearsal.apply_seconds + rehearsal.rollback_seconds)
        cached = ", cached" if event.cached else ""
        yield f"{glyphs[verdict]} {verdict.value:<12}  {rehearsal.name}  {took}{cached}"
        if verdict is not Verdict.VERIFIED:
            yield f"    {rehearsal.message}"
            yield from _details(rehearsal)
        yield from (f"    {finding}" for finding in rehearsal.findings)
        if self.verbose:
            yield from _statements("apply", rehearsal.apply)
            yield from _statements("rollback", rehearsal.rollback)


def _started(event: RehearsalStarted) -> Iterator[str]:
    start = f"the schema of {event.like}" if event.like else "the folder's own files"
    yield f"rehearsing {count(len(event.names), 'migration')} on {event.server}, from {start}"
    yield from (f"note: {note}" for note in event.notes)


def _details(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield the failure, the losses of data and the differences of a rehearsal."""
    if rehearsal.failure is not None:
        yield f"    {failure_place(rehearsal.failure)}"
        for label, text in failure_lines(rehearsal.failure):
            first, *rest = text.split("\n")
            yield f"    {label}: {first}"
            yield from (f"        {line}" for line in rest)
    yield from (f"    lost: the migration {loss}" for loss in rehearsal.losses)
    for difference in rehearsal.differences:
        yield f"    {describe(difference)}"
        yield from (f"      {sign} {line}" for sign, line in ddl_diff(difference))


def _statements(script: str, traces: tuple[StatementTrace, ...]) -> Iterator[str]:
    for trace in traces:
        yield f"  {script}, line {trace.line}: {trace.summary}  {duration(trace.seconds)}"
        yield from (f"      {words}" for words in (*lock_words(trace), *held_words(trace), *effects(trace)))
