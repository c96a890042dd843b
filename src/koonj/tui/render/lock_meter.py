"""How much a lock stops, as a meter: always before the name of its mode."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.rehearse.rehearsal_wording import locks_by_mode
from koonj.tui.theme import BAD, GOOD, WAITING
from koonj.tui.toolkit.strips import Part

_MOST = 3


def meter(mode: LockMode) -> Part:
    """Return a meter: 1 for a lock that stops neither reads nor writes, 2 for writes, 3 for reads too."""
    level = mode.level
    return "▮" * level + "▯" * (_MOST - level), (GOOD, WAITING, BAD)[level - 1]


def heaviest(traces: Sequence[StatementTrace]) -> tuple[LockMode, tuple[str, ...]] | None:
    """Return the strongest lock of some statements, with its relations; None if there is none."""
    found = [lock for trace in traces for lock in locks_by_mode(trace)]
    if not found:
        return None
    strongest = max((mode for mode, _ in found), key=lambda mode: mode.rank)
    names = dict.fromkeys(name for mode, relations in found if mode is strongest for name in relations)
    return strongest, tuple(names)
