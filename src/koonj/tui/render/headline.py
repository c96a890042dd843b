"""The content of the first line: concerns by importance, then counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import count, sentences
from koonj.migrations.migration_status import DECISIVE, MigrationStatus
from koonj.migrations.names import number_words
from koonj.migrations.states import GLYPHS, State
from koonj.postgres.advisory_lock import holder_words
from koonj.runner.rehearse.verdict import Verdict
from koonj.sql.display import spaced, visible
from koonj.tui.state.rehearsals import Rehearsals, verdict_mark
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut

if TYPE_CHECKING:
    from koonj.postgres.encryption import Encryption  # imports psycopg, which would delay the first paint


class Weight(IntEnum):
    """Importance of a concern; the lowest number comes first."""

    UNREACHABLE = 1
    OTHER_DATABASE = 2
    """The target is another database than at the first connection."""
    FOLDER_UNREADABLE = 3
    NOT_TRUSTED = 4
    """The user does not trust the folder, so koonj runs nothing."""
    RUNNING = 5
    """A run is in progress on the target."""
    INTERRUPTED = 6
    FAILED = 7
    CONFLICT = 8
    """Edited, missing, duplicate or late, and not allowed."""
    LEFTOVERS = 9
    """Statements that stopped in the middle have left something in the database."""
    IGNORED_FILES = 10
    """Files in the folder that are not in the list, because their names are invalid."""
    NOT_VERIFIED = 11
    """Pending, and the rehearsal ended with another verdict than `verified`."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One problem, or something to wait for."""

    weight: Weight
    short: str
    """Text in a few cells: ``2 conflicts``."""
    more: str = ""
    """The migrations or the reason: ``✎ 014 edited, ∅ 012 missing``."""

    @property
    def text(self) -> str:
        """Short text and explanation together."""
        return f"{self.short}: {self.more}" if self.more else self.short


NOT_APPLIED = frozenset({State.PENDING, State.LATE, State.FAILED, State.DUPLICATE})
"""States of migrations that are not applied."""
MOST_NAMED = 3
"""Maximum number of migrations that are named in a concern."""


def concerns(snapshot: Snapshot, live: str | None = None) -> tuple[Concern, ...]:
    """Return the concerns of target and folder, the most important first.

    `live`: the migration that runs now. That it failed before is no concern any more.
    """
    found = [*_of_target(snapshot.check, live), *_of_folder(snapshot), *_of_rehearsals(snapshot)]
    return tuple(sorted(found, key=lambda concern: concern.weight))


def _of_target(check: Check, live: str | None) -> Iterator[Concern]:
    status = check.status
    if status is None:
        return
    if status.error is not None:
        word = f"× {status.problem or 'unreachable'}" if status.server is None else "× error"
        yield Concern(Weight.UNREACHABLE, word, sentences(*status.error.splitlines()))
        return
    if status.is_other_database:
        yield Concern(Weight.OTHER_DATABASE, "! another database", status.warnings[0])
    if status.running is not None:
        more = "; ".join((*status.silence[:1], holder_words(status.running)))
        yield Concern(Weight.RUNNING, "run does nothing" if status.silence else "run in progress", more)
    yield from _of_states(check, live)
    if status.leftovers:
        more = status.leftovers[0].problem if len(status.leftovers) == 1 else ""
        yield Concern(Weight.LEFTOVERS, f"! {count(len(status.leftovers), 'leftover')}", more)


def _of_states(check: Check, live: str | None) -> Iterator[Concern]:
    """Yield one concern each for interrupted, failed, and all other conflicts."""
    assert check.status is not None
    by_weight: dict[Weight, list[str]] = {}
    conflicts = check.counts.problems
    more: dict[Weight, str] = {}
    for status in check.facts.exceptions:
        weight = WEIGHTS.get(status.state)
        if weight is not None and not status.allowed and status.name != live:
            number = number_words(status.name)
            by_weight.setdefault(weight, []).append(f"{GLYPHS[status.state]} {number} {spaced(status.state)}")
            more[weight] = _way_on(status)
    for weight, named in by_weight.items():
        others = weight is Weight.CONFLICT and len(named) < conflicts  # the undecided interrupted ones
        yield _several(weight, named, more[weight], "{} other conflicts" if others else "")


def _way_on(status: MigrationStatus) -> str:
    """Return who decides about an interrupted migration; empty for other states."""
    if status.state is not State.INTERRUPTED:
        return ""
    return "the next run continues" if status.continues else "you decide"


WEIGHTS = {
    **dict.fromkeys(DECISIVE - {State.RUNNING}, Weight.CONFLICT),  # the run itself is a concern
    State.INTERRUPTED: Weight.INTERRUPTED,
    State.FAILED: Weight.FAILED,
}


def _several(weight: Weight, named: list[str], more_of_one: str = "", what: str = "") -> Concern:
    """Return a concern that names one migration, or counts several, in the words `what` if given."""
    if len(named) == 1:
        return Concern(weight, named[0], more_of_one)
    what = what or _COUNTED.get(weight, "{} conflicts")
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return Concern(weight, what.format(len(named)), ", ".join(named[:MOST_NAMED]) + more)


_COUNTED = {
    Weight.INTERRUPTED: "! {} interrupted",
    Weight.FAILED: "✗ {} failed",
    Weight.NOT_VERIFIED: "{} not verified",
}


def verdicts_to_say(snapshot: Snapshot, wanted: Collection[Verdict]) -> Iterator[tuple[str, Verdict]]:
    """Yield the file names of what is not applied and has one of the `wanted` verdicts.

    That a migration is broken is not said of one that failed on the target: that says it.
    """
    known = snapshot.rehearsals.results
    wrong = {name: r.verdict for name, r in known.items() if r.verdict in wanted}
    rows = (row for row in snapshot.rows if row.name in wrong and row.state in NOT_APPLIED) if wrong else ()
    said = (State.FAILED, Verdict.BROKEN)
    yield from ((row.name, wrong[row.name]) for row in rows if (row.state, wrong[row.name]) != said)


def _of_rehearsals(snapshot: Snapshot) -> Iterator[Concern]:
    """Yield the concern about verdicts; `unknown` is not a problem of the migration."""
    wanted = frozenset(Verdict) - {Verdict.VERIFIED, Verdict.UNKNOWN}
    named = [_verdict_text(name, verdict) for name, verdict in verdicts_to_say(snapshot, wanted)]
    if named:
        yield _several(Weight.NOT_VERIFIED, named)


def _verdict_text(name: str, verdict: Verdict) -> str:
    """Return for example ``◔ 014 incomplete``."""
    sign, word, _ = verdict_mark(verdict)
    return f"{sign} {name.partition('_')[0]} {word}"


def _of_folder(snapshot: Snapshot) -> Iterator[Concern]:
    if snapshot.folder_error is not None:
        yield Concern(Weight.FOLDER_UNREADABLE, "! folder cannot be read")
    if not snapshot.settings.trust.given:
        yield Concern(Weight.NOT_TRUSTED, "! folder not trusted", "koonj runs nothing here")
    ignored = snapshot.unlisted_files
    if ignored:
        name = ignored[0][0] if len(ignored) == 1 else ""
        yield Concern(Weight.IGNORED_FILES, f"! {count(len(ignored), 'file')} ignored", name)


def rehearsal_words(rehearsals: Rehearsals, room: int) -> str:
    """Return how far the rehearsal is, or what it waits for; empty if there is none, or no room."""
    if rehearsals.blocked:
        forms: tuple[str, ...] = (rehearsals.blocked, "rehearsal waits")
    else:
        forms = (rehearsals.progress,)
    return next((form for form in forms if cell_len(form) <= room), "")


def counts(check: Check) -> list[Part]:
    """Return the numbers of applied and pending migrations, or why they are not known."""
    if check.status is None:
        return [("connecting" if check.since is not None else "not connected yet", WAITING)]
    if not check.answered:
        return []
    found = check.counts
    if not found.applied and not found.pending:
        return [("no migrations", DIM)]
    pending: Part = (f"{found.pending} pending", WAITING) if found.pending else ("nothing pending", GOOD)
    return [(f"{found.applied} applied", PLAIN), (GAP, PLAIN), pending]


def tls_part(check: Check, room: int) -> list[Part]:
    """Return how the connection is protected, in the longest form that fits; nothing for a local socket."""
    found = check.status.server.tls if check.status is not None and check.status.server is not None else None
    if found is None:
        return []
    for text in (str(found), found.short):
        if cell_len(text) + len(GAP) <= room:
            return [(GAP, PLAIN), (visible(text), tls_looks(found))]
    return []


def tls_looks(found: Encryption) -> Style:
    """Return the style: a connection to another machine that is not verified is a warning."""
    return DIM if found.is_verified or found.local else WARNING


_LOOKS = {
    Weight.NOT_TRUSTED: WARNING,
    Weight.RUNNING: WAITING,
    Weight.LEFTOVERS: WARNING,
    Weight.IGNORED_FILES: WARNING,
    Weight.NOT_VERIFIED: WARNING,
}


def fit_concerns(found: Sequence[Concern], room: int) -> list[Part]:
    """Return the concerns that fit in `room` cells, with explanations that fit.

    The first concern is always included.
    """
    texts: list[str] = []
    for concern in found:
        if texts and _cells(texts) + len(GAP) + cell_len(concern.short) > room:
            break
        texts.append(concern.short)
    for index, concern in enumerate(found[: len(texts)]):
        left = room - _cells(texts) + cell_len(concern.short)
        if left >= min(cell_len(concern.text), cell_len(concern.short) + _LEAST):
            texts[index] = cut(concern.text, left)
    return [
        part
        for text, concern in zip(texts, found, strict=False)
        for part in ((text, _LOOKS.get(concern.weight, BAD)), (GAP, PLAIN))
    ]


GAP = "  "
_LEAST = 12
"""Cells that an explanation needs; a shorter part of it is not shown."""


def _cells(texts: Sequence[str]) -> int:
    return sum(map(cell_len, texts)) + len(GAP) * (len(texts) - 1)
