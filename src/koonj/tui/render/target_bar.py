"""A target as a bar of its migrations, and its line in themes with fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import count
from koonj.migrations.states import GLYPHS, State
from koonj.tui.render.target_summary import GUARD, by_weight, fitting
from koonj.tui.render.target_tone import target_tone
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, MOVING, PLAIN, STATES, STRONG, WAITING
from koonj.tui.theme.fills import badge, inked
from koonj.tui.toolkit.strips import Part, cut, fit

Share = tuple[int, str, Style]
"""Number of migrations, the character of their cells, and its style."""

_APPLIED = frozenset({State.APPLIED, State.ADOPTED, State.COSMETIC})
_CONFLICTS = (
    State.ROLLBACK_EDITED,
    State.RENAMED,
    State.LATE,
    State.DUPLICATE,
    State.MISSING,
    State.EDITED,
    State.RUNNING,
    State.FAILED,
    State.INTERRUPTED,
)
"""States with a sign of their own at the end of the bar, the worst last."""
_LONGEST_NAME = 16
_COUNTS = 12
"""Cells of a number with its word: ``3 conflicts``."""
_SHORT_BAR = 10
_PROTECTED = f" {GUARD} protected "
_CARD_EDGE = 4
"""Cells before the name of a target on its card, and before its bar."""


def shares(check: Check) -> list[Share]:
    """Return the shares of a target that answered."""
    assert check.status is not None
    numbers = Counter(
        State.APPLIED if m.allowed or m.state in _APPLIED else m.state for m in check.status.migrations
    )
    found = [(numbers[State.APPLIED], "━", GOOD), (numbers[State.PENDING], "─", WAITING)]
    found += [(numbers[state], GLYPHS[state], STATES[state]) for state in _CONFLICTS]
    return [share for share in found if share[0]]


def scaled(numbers: Sequence[int], width: int) -> list[int]:
    """Return how many of `width` cells each number has: at least one, the rest by its share.

    With fewer cells than numbers, the first ones have none: the last ones matter most.
    """
    if width < len(numbers):
        return [0] * (len(numbers) - width) + [1] * width
    total = sum(numbers)
    if total <= width:
        return list(numbers)
    cells = [max(1, number * width // total) for number in numbers]
    largest = max(range(len(numbers)), key=numbers.__getitem__)
    cells[largest] += width - sum(cells)
    return cells


def bar(found: Sequence[Share], width: int) -> list[Part]:
    """Return a bar with a cell for each migration, if they fit in `width` cells."""
    parts = scaled([number for number, _, _ in found], width)
    return [(sign * n, looks) for n, (_, sign, looks) in zip(parts, found, strict=True) if n]


def target_rows(checks: Sequence[Check], chosen: str, width: int) -> list[list[Part]]:
    """Return one line per target."""
    names = max((cell_len(cut(c.target.name, _LONGEST_NAME)) for c in checks), default=0)
    return [target_row(c, names, width, is_chosen=c.target.name == chosen) for c in checks]


def target_row(check: Check, names: int, width: int, *, is_chosen: bool) -> list[Part]:
    """Return mark, name, bar and number, and at the right protection or conflicts, in `width` cells.

    `names`: cells of the longest name. The columns are the same for all targets.
    """
    lead: list[Part] = [
        ("► " if is_chosen else "  ", ACCENT),
        *reach(check),
        (fit(check.target.name, min(names, _LONGEST_NAME)) + "  ", _name_look(check, is_chosen=is_chosen)),
    ]
    right = _right(check)
    room = max(1, width - _cells(lead) - cell_len(right[0]))
    middle = _middle(check, room, width - _cells(lead) - cell_len(_PROTECTED) - 1)
    return [*lead, *middle, (" " * max(0, room - _cells(middle)), PLAIN), right]


def target_card(check: Check, width: int, *, is_chosen: bool) -> list[list[Part]]:
    """Return the two lines of a target in a narrow column: its name and what stops it, its bar and a number.

    Each is `width` cells wide.
    """
    right, mark = _right(check), (("► " if is_chosen else "  "), ACCENT)
    room = max(1, width - _CARD_EDGE - cell_len(right[0]) - 1)
    name = fit(check.target.name, room)
    first = [mark, *reach(check), (name + " ", _name_look(check, is_chosen=True)), right]
    if not check.answered:
        why = (cut(_why_not(check), width - _CARD_EDGE), BAD if check.status else DIM)
        return [first, [(" " * _CARD_EDGE, PLAIN), why]]
    text, looks = _number(check)
    drawn = bar(shares(check), max(1, width - _CARD_EDGE - cell_len(text) - 2))
    gap = " " * max(1, width - _CARD_EDGE - _cells(drawn) - cell_len(text) - 1)
    return [first, [(" " * _CARD_EDGE, PLAIN), *drawn, (gap, PLAIN), (text + " ", looks)]]


def _right(check: Check) -> Part:
    if check.target.protected:
        return _PROTECTED, badge("error")
    problems = check.counts.problems if check.answered else 0
    return (count(problems, "conflict") + " ", BAD) if problems else ("", PLAIN)


def _middle(check: Check, room: int, columns: int) -> list[Part]:
    """Return the bar and a number, in at most `columns` cells; or why nothing is known, in `room` cells."""
    if not check.answered:
        return [(cut(_why_not(check), room), BAD if check.status else DIM)]
    width = max(0, columns - _COUNTS - 2)
    drawn = bar(shares(check), width)
    gap = " " * (min(width, _most(check)) - _cells(drawn) + 2) if width else ""
    text, looks = _number(check)
    return [*drawn, (gap, PLAIN), (cut(text, max(1, columns - width - len(gap))), looks)]


def _most(check: Check) -> int:
    """Return the number of migrations, which is the width of a bar that is not scaled."""
    return len(check.status.migrations) if check.status is not None else 0


def _number(check: Check) -> Part:
    """Return the number that says most."""
    numbers = check.counts
    if check.status is not None and check.status.running is not None:
        return "run in progress", MOVING
    if check.target.protected and numbers.problems:
        return count(numbers.problems, "conflict"), BAD
    return (f"{numbers.pending} pending", WAITING) if numbers.pending else (f"{numbers.applied} applied", DIM)


def reach(check: Check) -> list[Part]:
    """Return the sign for whether a target is reachable."""
    if check.status is None:
        return [("… ", DIM)]
    return [("● ", GOOD)] if check.answered else [("× ", BAD)]


def _why_not(check: Check) -> str:
    if check.status is None:
        return "connecting" if check.since is not None else "not connected yet"
    return "error" if check.status.server is not None else check.status.problem or "unreachable"


def _name_look(check: Check, *, is_chosen: bool) -> Style:
    tone = target_tone(check.target)
    if tone != "accent":
        return inked(tone, bold=True)
    return STRONG if is_chosen else PLAIN


def summary_of_targets(checks: Sequence[Check], chosen: str, width: int) -> list[Part]:
    """Return all targets in one line: a bar for the chosen one, a number for the others.

    With less room only the chosen one has that. Those that do not fit are counted, the protected ones last.
    """
    return fitting([_summary(c, chosen) for c in checks], by_weight(checks, chosen), width)


def _summary(check: Check, chosen: str) -> tuple[list[Part], list[Part]]:
    """Return name and protection of a target, and how it is."""
    is_chosen = check.target.name == chosen
    mark: list[Part] = [("► ", ACCENT)] if is_chosen else []
    name: Part = (cut(check.target.name, _LONGEST_NAME), _name_look(check, is_chosen=is_chosen))
    guard: list[Part] = [(f" {GUARD} protected", inked("error", bold=True))] if check.target.protected else []
    state: list[Part] = [(" ", PLAIN), *reach(check)]
    if not check.answered:
        state.append((_why_not(check), BAD if check.status else DIM))
    else:
        state += bar(shares(check), _SHORT_BAR) if is_chosen else [_short_number(check)]
    return [*mark, name, *guard], state


def _short_number(check: Check) -> Part:
    numbers = check.counts
    if numbers.problems:
        return count(numbers.problems, "conflict"), BAD
    return (f"{numbers.pending} pending", WAITING) if numbers.pending else (f"{numbers.applied} applied", DIM)


def _cells(parts: Sequence[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)
