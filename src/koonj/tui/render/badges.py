"""The badges of the first line: what is not in order on the target, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from koonj.migrations.states import GLYPHS, State
from koonj.runner.rehearse.verdict import Verdict
from koonj.sql.display import spaced
from koonj.tui.render.headline import Concern, Weight, verdicts_to_say
from koonj.tui.state.rehearsals import verdict_mark
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import DIM, PLAIN, STATES
from koonj.tui.theme.fills import TONES, badge
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, cut

_LEAST = 16
"""Cells that an explanation needs; a shorter part of it is not shown."""


class Badge(NamedTuple):
    """A few words on a tint."""

    text: str
    tone: str
    """Token of its colour."""
    more: str = ""
    """The reason, if there is one and room for it."""

    spare: bool = False
    """Whether it is left out before the others if there is no room."""

    @property
    def cells(self) -> int:
        """Width in cells, with a space at each side and one after it."""
        return cell_len(self.text) + 3


_WORST = (
    State.INTERRUPTED,
    State.FAILED,
    State.EDITED,
    State.MISSING,
    State.DUPLICATE,
    State.LATE,
    State.RENAMED,
    State.ROLLBACK_EDITED,
)
"""States that are not in order, the worst first."""
_VERDICTS = (Verdict.BROKEN, Verdict.INCOMPLETE, Verdict.IRREVERSIBLE, Verdict.LOSSY, Verdict.REORDERED)
_TONES_OF_WEIGHT = {
    Weight.UNREACHABLE: "error",
    Weight.OTHER_DATABASE: "error",
    Weight.FOLDER_UNREADABLE: "error",
    Weight.NOT_TRUSTED: "alert",
    Weight.RUNNING: "info",
    Weight.LEFTOVERS: "alert",
    Weight.IGNORED_FILES: "alert",
}


def badges(snapshot: Snapshot, found: Sequence[Concern], live: str | None = None) -> list[Badge]:
    """Return the badges; `found` are the concerns of the snapshot, the most important first.

    `live`: the migration that runs now. That it failed before is no concern any more.
    """
    about = [
        Badge(c.short, _TONES_OF_WEIGHT[c.weight], c.more) for c in found if c.weight in _TONES_OF_WEIGHT
    ]
    before = sum(c.weight < Weight.INTERRUPTED for c in found if c.weight in _TONES_OF_WEIGHT)
    states = list(_of_states(snapshot, live))
    return [*about[:before], *states, *about[before:], *_of_verdicts(snapshot), *_pending(snapshot.check)]


def _of_states(snapshot: Snapshot, live: str | None) -> Iterator[Badge]:
    status = snapshot.check.status
    known = status.migrations if status is not None else ()
    numbers = Counter(m.state for m in known if not m.allowed and m.name != live)
    for state in _WORST:
        if numbers[state]:
            yield Badge(f"{GLYPHS[state]} {numbers[state]} {spaced(state)}", TONES[STATES[state]])


def _of_verdicts(snapshot: Snapshot) -> Iterator[Badge]:
    """Yield the verdicts of what is not applied, except `verified` and `unknown`."""
    numbers = Counter(verdict for _, verdict in verdicts_to_say(snapshot, _VERDICTS))
    for verdict in _VERDICTS:
        if numbers[verdict]:
            sign, word, _ = verdict_mark(verdict)
            yield Badge(f"{sign} {numbers[verdict]} {word}", TONES[VERDICTS[verdict]], spare=True)


def _pending(check: Check) -> Iterator[Badge]:
    if check.answered and check.counts.pending:
        yield Badge(f"{GLYPHS[State.PENDING]} {check.counts.pending} pending", "warn")


def quiet_words(check: Check) -> str:
    """Return what is in order, or why nothing is known."""
    if check.status is None:
        return "connecting" if check.since is not None else "not connected yet"
    if not check.answered:
        return ""
    found = check.counts
    if not found.applied and not found.pending:
        return "no migrations"
    applied = f"{GLYPHS[State.APPLIED]} {found.applied} applied" if found.applied else ""
    return applied if found.pending else f"{applied}  nothing pending".strip()


def fit_badges(found: Sequence[Badge], quiet: str, room: int) -> list[Part]:
    """Return the badges that fit in `room` cells, then what is in order.

    Spare badges are left out first, then the last ones. The first badge is always shown, with its reason if
    there is room.
    """
    kept = list(found)
    while len(kept) > 1 and sum(b.cells for b in kept) > room:
        spare = [place for place, one in enumerate(kept) if one.spare and place]
        del kept[spare[-1] if spare else -1]
    rest = room - sum(b.cells for b in kept)
    parts: list[Part] = []
    for one in kept:
        parts += [(f" {cut(one.text, max(1, room - 3))} ", badge(one.tone)), (" ", PLAIN)]
        if one.more and one is kept[0] and rest >= _LEAST:
            more = cut(one.more, rest - 2)
            parts.append((f"{more}  ", PLAIN))
            rest -= cell_len(more) + 2
    if quiet and cell_len(quiet) <= rest:
        parts.append((quiet, DIM))
    return parts
