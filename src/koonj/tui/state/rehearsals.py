"""State of the rehearsals: verdicts, the current one, the last error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rich.cells import cell_len

from koonj.migrations.folder import Folder
from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    MigrationRehearsalStarted,
    RehearsalFinished,
    RehearsalStarted,
    WaitingForScratch,
)
from koonj.runner.rehearse.rehearsal_wording import short_reason, waiting_for_scratch_words
from koonj.runner.rehearse.verdict import VERDICT_GLYPHS, Rehearsal, Verdict
from koonj.runner.run.events import Event
from koonj.sql.display import shortened

REHEARSING = "rehearsing"
"""Word that is shown while the verdict is being found."""
REHEARSING_GLYPH = "▹"
"""Its glyph; no state and no verdict has it. One cell in every terminal (East Asian width N)."""
WORD_WIDTH = max(len(REHEARSING), *map(len, Verdict))
"""Number of cells of the longest word."""

FAILING = frozenset({Verdict.BROKEN, Verdict.INCOMPLETE})
"""Verdicts of a rehearsal that failed."""

Place = tuple[int, str]
"""Number and file name of a migration: its place in the folder's order."""
Mark = tuple[str, str, Verdict | None]
"""Glyph, word and verdict that they stand for; the verdict is None during the rehearsal."""


@dataclass(frozen=True)
class Rehearsals:
    """State of all rehearsals. It does not depend on the chosen target."""

    results: Mapping[str, Rehearsal] = field(default_factory=dict)
    """Last rehearsal of each migration by file name, valid for the present files."""
    current: str | None = None
    """Name of the migration that is being rehearsed."""
    waiting: frozenset[str] = frozenset()
    """Names of the migrations that wait for a verdict."""
    asked: int = 0
    """Number of migrations for which the rehearsal was started."""
    later: int = 0
    """Number of migrations that the next rehearsal will be started for."""
    blocked: str = ""
    """For which other koonj process the rehearsal waits, in words; empty if it does not wait."""
    error: str = ""
    """Why the last rehearsal has no result; empty if it has one."""
    notes: tuple[str, ...] = ()
    """Notes about the scratch server."""
    start_themselves: bool = False
    """Whether koonj rehearses without being asked, now or as soon as the user trusts the folder."""

    @property
    def has_any(self) -> bool:
        """Whether there is, or will be, a verdict to show."""
        return bool(self.results or self.waiting or self.start_themselves)

    @property
    def progress(self) -> str:
        """How far the rehearsal is: ``rehearsing 3 of 12``; empty if there is none."""
        if not self.waiting:
            return ""
        done, of = self.asked - len(self.waiting), self.asked + self.later
        return f"rehearsing {done + 1} of {of}"

    def mark(self, name: str) -> Mark | None:
        """Return the mark in a migration's row; None if there is none."""
        if name == self.current:
            return REHEARSING_GLYPH, REHEARSING, None
        rehearsal = self.results.get(name)
        return None if rehearsal is None else verdict_mark(rehearsal.verdict)

    def reason(self, name: str, room: int) -> str:
        """Return the reason of a verdict in at most `room` cells; in short words if the sentence is longer.

        Empty if there is none, or if the short words do not fit either.
        """
        rehearsal = self.results.get(name)
        if rehearsal is None or name == self.current:
            return ""
        words = (rehearsal.message, short_reason(rehearsal))
        return next((text for text in words if cell_len(shortened(text)) <= room), "")

    def fails(self, name: str) -> bool:
        """Return whether the last rehearsal of a migration failed."""
        rehearsal = self.results.get(name)
        return rehearsal is not None and rehearsal.verdict in FAILING

    @property
    def words(self) -> Mapping[str, str]:
        """The words of all marks, by file name."""
        names = self.results.keys() | {self.current}
        marks = {name: self.mark(name) for name in names if name is not None}
        return {name: mark[1] for name, mark in marks.items() if mark is not None}

    # Changes

    def with_waiting(self, names: Iterable[str], later: int = 0) -> Rehearsals:
        """Return the state in which a rehearsal of these names has started. `later`: of the next one."""
        waiting = frozenset(names)
        return replace(self, waiting=waiting, asked=len(waiting), later=later, current=None, error="")

    def without_waiting(self) -> Rehearsals:
        """Return the state in which no verdict is awaited."""
        return replace(self, waiting=frozenset(), current=None, blocked="")

    def with_error(self, error: str) -> Rehearsals:
        """Return the state after a rehearsal without a result."""
        return replace(self.without_waiting(), error=error)

    def with_events(self, events: Iterable[Event]) -> Rehearsals:
        """Return the state after some events of a rehearsal."""
        results, waiting, rehearsals = dict(self.results), set(self.waiting), self
        for event in events:
            match event:
                case WaitingForScratch():
                    words = waiting_for_scratch_words(event.holder, 0)
                    rehearsals = replace(rehearsals, blocked=words)
                case RehearsalStarted():
                    rehearsals = replace(rehearsals, notes=event.notes, blocked="")
                case MigrationRehearsalStarted():
                    rehearsals = replace(rehearsals, current=event.name)
                case MigrationRehearsalFinished():
                    results[event.rehearsal.name] = event.rehearsal
                    waiting.discard(event.rehearsal.name)
                    rehearsals = replace(rehearsals, current=None)
                case RehearsalFinished():
                    waiting.clear()
                    error = f"{event.message} {event.hint}".strip() if event.result == "failed" else ""
                    rehearsals = replace(rehearsals, current=None, error=error, blocked="")
        return replace(rehearsals, results=results, waiting=frozenset(waiting))

    def before(self, place: Place | None) -> Rehearsals:
        """Return the state without the verdicts at `place` and after it.

        These depend on the file that has changed at `place`. None as `place` means that no file has changed.
        """
        if place is None or not self.results:
            return self
        kept = {name: r for name, r in self.results.items() if (r.number, r.name) < place}
        return self if len(kept) == len(self.results) else replace(self, results=kept)


def verdict_mark(verdict: Verdict) -> Mark:
    """Return the glyph and the word of a verdict."""
    return VERDICT_GLYPHS[verdict], verdict.value, verdict


def first_change(old: Folder | None, new: Folder | None) -> Place | None:
    """Return the first place where two versions of the folder differ.

    Returns None if their migrations are equal.
    """
    if old is new or old is None or new is None:
        return None
    for before, after in zip(old.migrations, new.migrations, strict=False):
        if before is not after and (before.name, before.file_hash) != (after.name, after.file_hash):
            return min((before.number, before.name), (after.number, after.name))
    count = min(len(old.migrations), len(new.migrations))
    rest = (*old.migrations[count:], *new.migrations[count:])
    return (rest[0].number, rest[0].name) if rest else None
