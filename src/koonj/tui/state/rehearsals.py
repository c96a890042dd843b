"""What rehearsals have told so far, as one frozen value: verdicts, what is rehearsed now, what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from koonj.migrations.folder import Folder
from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    MigrationRehearsalStarted,
    RehearsalFinished,
    RehearsalStarted,
)
from koonj.runner.rehearse.verdict import VERDICT_GLYPHS, Rehearsal, Verdict
from koonj.runner.run.events import Event

REHEARSING = "rehearsing"
"""The word where there is no verdict yet, but one is on its way."""
LONGEST = max(len(REHEARSING), *map(len, Verdict))
"""Cells of a word."""

Place = tuple[int, str]
"""Number and file name: the order of a folder."""
Mark = tuple[str, str, Verdict | None]
"""Glyph, word, and the verdict that they stand for; None while it is being found out."""


@dataclass(frozen=True)
class Rehearsals:
    """All that is known of rehearsals, whichever target is chosen: they take place elsewhere."""

    known: Mapping[str, Rehearsal] = field(default_factory=dict)
    """By file name; what the file and those before it are now."""
    now: str | None = None
    """The one that is rehearsed now."""
    waiting: frozenset[str] = frozenset()
    """Those that have been asked for, and have no verdict yet."""
    trouble: str = ""
    """Why the last ones could not be rehearsed; empty where they could."""
    notes: tuple[str, ...] = ()
    """What there is to know of the scratch they are rehearsed on."""

    @property
    def any(self) -> bool:
        """Is there, or will there be, something to show?"""
        return bool(self.known or self.waiting)

    def mark(self, name: str) -> Mark | None:
        """What a migration's row shows; None: nothing."""
        if name == self.now:
            return "…", REHEARSING, None
        rehearsal = self.known.get(name)
        return None if rehearsal is None else verdict_mark(rehearsal.verdict)

    def word(self, name: str) -> str:
        """The word alone; empty where there is none."""
        mark = self.mark(name)
        return "" if mark is None else mark[1]

    # From one to the next

    def asked(self, names: Iterable[str]) -> Rehearsals:
        """These are to be rehearsed."""
        return replace(self, waiting=frozenset(names), now=None, trouble="")

    def stopped(self) -> Rehearsals:
        """Nothing more comes."""
        return replace(self, waiting=frozenset(), now=None)

    def failed(self, trouble: str) -> Rehearsals:
        """Nothing more comes, and why."""
        return replace(self.stopped(), trouble=trouble)

    def heard(self, events: Iterable[Event]) -> Rehearsals:
        """With what a rehearsal said."""
        known, waiting, rehearsals = dict(self.known), set(self.waiting), self
        for event in events:
            match event:
                case RehearsalStarted():
                    rehearsals = replace(rehearsals, notes=event.notes)
                case MigrationRehearsalStarted():
                    rehearsals = replace(rehearsals, now=event.name)
                case MigrationRehearsalFinished():
                    known[event.rehearsal.name] = event.rehearsal
                    waiting.discard(event.rehearsal.name)
                    rehearsals = replace(rehearsals, now=None)
                case RehearsalFinished():
                    waiting.clear()
                    trouble = f"{event.message} {event.hint}".strip() if event.result == "failed" else ""
                    rehearsals = replace(rehearsals, now=None, trouble=trouble)
        return replace(rehearsals, known=known, waiting=frozenset(waiting))

    def until(self, place: Place | None) -> Rehearsals:
        """Without what stands there or behind: it depends on what was changed there. None: nothing was."""
        if place is None or not self.known:
            return self
        kept = {name: r for name, r in self.known.items() if (r.number, r.name) < place}
        return self if len(kept) == len(self.known) else replace(self, known=kept)


def verdict_mark(verdict: Verdict) -> Mark:
    """Glyph and word of a verdict."""
    return VERDICT_GLYPHS[verdict], verdict.value, verdict


def first_change(old: Folder | None, new: Folder | None) -> Place | None:
    """The first place in which two readings of the folder differ; None where all migrations are the same."""
    if old is new or old is None or new is None:
        return None
    for before, after in zip(old.migrations, new.migrations, strict=False):
        if before is not after and (before.name, before.file_hash) != (after.name, after.file_hash):
            return min((before.number, before.name), (after.number, after.name))
    count = min(len(old.migrations), len(new.migrations))
    rest = (*old.migrations[count:], *new.migrations[count:])
    return (rest[0].number, rest[0].name) if rest else None
