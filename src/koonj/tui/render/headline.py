"""What a look at the first line must tell: what is wrong first, then how many are applied and pending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rich.cells import cell_len

from koonj.humanize import count
from koonj.migrations.migration_status import DECISIVE
from koonj.migrations.states import GLYPHS, State
from koonj.postgres.advisory_lock import holder_words
from koonj.runner.rehearse.verdict import Verdict
from koonj.sql.display import spaced
from koonj.tui.state.rehearsals import verdict_mark
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut


class Weight(IntEnum):
    """How much something matters: the lower, the more. This is the one place that says so."""

    UNREACHABLE = 1
    LOST = 2
    """The folder cannot be read."""
    RUNNING = 3
    """A run goes on there."""
    INTERRUPTED = 4
    FAILED = 5
    TO_DECIDE = 6
    """Edited, missing, duplicate or late, and nobody has allowed it."""
    LEFT_OUT = 7
    """A file in the folder that cannot be in the list."""
    NOT_VERIFIED = 8
    """Pending, and a rehearsal showed that its way back is not as it should be."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that is wrong, or to be waited for."""

    weight: Weight
    short: str
    """What matters in few cells: ``2 to decide``."""
    more: str = ""
    """Which, or why: ``✎ 014 edited, ∅ 012 missing``."""

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.short}: {self.more}" if self.more else self.short


WAITS = frozenset({State.PENDING, State.LATE, State.FAILED, State.DUPLICATE})
"""States of what is not applied."""
NAMED = 3
"""Migrations that are named."""


def concerns(snapshot: Snapshot) -> tuple[Concern, ...]:
    """All that is wrong with the chosen target and the folder, what matters most first."""
    found = [*_of_target(snapshot.check), *_of_folder(snapshot), *_of_rehearsals(snapshot)]
    return tuple(sorted(found, key=lambda concern: concern.weight))


def _of_target(check: Check) -> Iterator[Concern]:
    status = check.status
    if status is None:
        return
    if status.error is not None:
        word = "× unreachable" if status.server is None else "× error"
        yield Concern(Weight.UNREACHABLE, word, " ".join(status.error.split()))
        return
    if status.running is not None:
        yield Concern(Weight.RUNNING, "a run goes on", holder_words(status.running))
    yield from _of_states(check)


def _of_states(check: Check) -> Iterator[Concern]:
    """Failed and interrupted ones are named by themselves; the others wait for a decision together."""
    assert check.status is not None
    by_weight: dict[Weight, list[str]] = {}
    for status in check.status.migrations:
        weight = WEIGHTS.get(status.state)
        if weight is not None and not status.allowed:
            number = status.name.partition("_")[0]
            by_weight.setdefault(weight, []).append(f"{GLYPHS[status.state]} {number} {spaced(status.state)}")
    for weight, named in by_weight.items():
        yield _several(weight, named)


WEIGHTS = {
    **dict.fromkeys(DECISIVE, Weight.TO_DECIDE),
    State.INTERRUPTED: Weight.INTERRUPTED,
    State.FAILED: Weight.FAILED,
}


def _several(weight: Weight, named: list[str]) -> Concern:
    """One is named; of several it is said how many they are, and which the first ones."""
    if len(named) == 1:
        return Concern(weight, named[0])
    what = _COUNTED.get(weight, "{} to decide")
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return Concern(weight, what.format(len(named)), ", ".join(named[:NAMED]) + more)


_COUNTED = {
    Weight.INTERRUPTED: "! {} interrupted",
    Weight.FAILED: "✗ {} failed",
    Weight.NOT_VERIFIED: "{} not verified",
}


def _of_rehearsals(snapshot: Snapshot) -> Iterator[Concern]:
    """Those that wait to be applied; one that could not be rehearsed is not known to be wrong."""
    known = snapshot.rehearsals.results
    wrong = {name for name, r in known.items() if r.verdict not in {Verdict.VERIFIED, Verdict.UNKNOWN}}
    rows = (row for row in snapshot.rows if row.name in wrong and row.state in WAITS) if wrong else ()
    named = [_verdict(row.name, known[row.name].verdict) for row in rows]
    if named:
        yield _several(Weight.NOT_VERIFIED, named)


def _verdict(name: str, verdict: Verdict) -> str:
    """``◔ 014 incomplete``."""
    sign, word, _ = verdict_mark(verdict)
    return f"{sign} {name.partition('_')[0]} {word}"


def _of_folder(snapshot: Snapshot) -> Iterator[Concern]:
    if snapshot.folder_error is not None:
        yield Concern(Weight.LOST, "! folder cannot be read")
    left = snapshot.unlisted_files
    if left:
        only = left[0][0] if len(left) == 1 else ""
        yield Concern(Weight.LEFT_OUT, f"! {count(len(left), 'file')} left out", only)


def counts(check: Check) -> list[Part]:
    """How many are applied and pending on a target, as far as that is known."""
    if check.status is None:
        return [("connecting" if check.since is not None else "not asked yet", WAITING)]
    if not check.answered:
        return []
    found = check.counts
    if not found.applied and not found.pending:
        return [("no migrations", DIM)]
    pending: Part = (f"{found.pending} pending", WAITING) if found.pending else ("nothing pending", GOOD)
    return [(f"{found.applied} applied", PLAIN), (GAP, PLAIN), pending]


_LOOKS = {Weight.RUNNING: WAITING, Weight.LEFT_OUT: WARNING, Weight.NOT_VERIFIED: WARNING}


def spread(found: Sequence[Concern], room: int) -> list[Part]:
    """As many concerns as `room` cells hold, the first in any case; each told in full where there is room."""
    texts: list[str] = []
    for concern in found:
        if texts and _cells(texts) + len(GAP) + cell_len(concern.short) > room:
            break
        texts.append(concern.short)
    for index, concern in enumerate(found[: len(texts)]):
        left = room - _cells(texts) + cell_len(concern.short)
        if left >= min(cell_len(concern.text), cell_len(concern.short) + _WORTH):
            texts[index] = cut(concern.text, left)
    return [
        part
        for text, concern in zip(texts, found, strict=False)
        for part in ((text, _LOOKS.get(concern.weight, BAD)), (GAP, PLAIN))
    ]


GAP = "  "
_WORTH = 12
"""Cells of an explanation that are worth to be shown."""


def _cells(texts: Sequence[str]) -> int:
    return sum(map(cell_len, texts)) + len(GAP) * (len(texts) - 1)
