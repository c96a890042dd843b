"""The matrix of targets and migrations as lines: title, summary, and what is known of one cell."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.humanize import count, sentences
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import MEANINGS
from koonj.runner.target.matrix import Alike, Cell, MatrixRow, NoState, kind_of
from koonj.sql.display import spaced
from koonj.tui.render.history_entry_text import entry_words
from koonj.tui.state.matrix import MatrixView
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, STATES, STRONG, WAITING, glyph
from koonj.tui.toolkit.strips import Part, wrap

ABSENT = "-"
"""Glyph of a migration that is not there."""
FOOT = 4
"""Lines about the current cell and its target."""


def cell_glyph(cell: Cell) -> Part:
    """Return the glyph of a cell in its colour."""
    if isinstance(cell, NoState):
        return (ABSENT if cell is NoState.ABSENT else glyph(None)), DIM
    return glyph(cell.state), STATES[cell.state]


def cell_word(cell: Cell) -> str:
    """Return the word of a cell."""
    return spaced(kind_of(cell))


def title_parts(view: MatrixView) -> tuple[Part, ...]:
    """Return what the first line says: what is shown, and which targets are hidden."""
    parts: list[Part] = [(f"{count(len(view.columns), 'target')}, {count(view.total, 'migration')}", PLAIN)]
    if view.hidden:
        parts.append((f"   hidden: {', '.join(view.hidden)}", WAITING))
    return tuple(parts)


def summary_parts(view: MatrixView) -> tuple[Part, ...]:
    """Return the line with the number of differences, and of the rows that are not shown."""
    if view.folder is None:
        return ((" reading the folder", DIM),)
    if not any(check.answered for check in view.columns):
        waiting = any(check.since is not None for check in view.columns)
        return ((" waiting for the targets" if waiting else " no target could be read", WAITING),)
    unread = not all(check.answered for check in view.columns)
    first = _difference(len(view.differing), unread=unread)
    if view.every:
        return first, ("   all rows are shown", DIM)
    if not view.quiet:
        return (first,)
    verb = "is" if view.quiet == 1 else "are"
    where = "on those that were read," if unread else "everywhere and"
    return first, (f"   {view.quiet} {verb} applied {where} not listed", DIM)


def _difference(number: int, *, unread: bool) -> Part:
    """Return how many rows differ. Nothing is said of a target that was not read."""
    if number:
        return f" ≠ {number} {'row differs' if number == 1 else 'rows differ'} between targets", STRONG
    return (" no row differs on targets that were read", PLAIN) if unread else (" ✓ no row differs", GOOD)


def foot_lines(
    view: MatrixView, row: MatrixRow | Alike | None, column: int, width: int
) -> Sequence[list[Part]]:
    """Return what is known of the target at the cursor, and of the migration on it; always `FOOT` lines."""
    if not view.columns:
        return [[]] * FOOT
    check = view.columns[column]
    lines = [_target(check, view.tallies[column] if view.tallies else "")]
    if isinstance(row, MatrixRow) and check.answered:
        cell = row.cells[column]
        sign, look = cell_glyph(cell)
        lines.append([(f" {sign} {cell_word(cell)}", look), (f"  {row.name}", PLAIN)])
        lines += [[("   " + text, DIM)] for text in wrap(_meaning(cell), width - 4, FOOT - 2)]
    elif not check.answered:
        lines += [[("   " + text, DIM)] for text in wrap(_why_unknown(check), width - 4, FOOT - 1)]
    return [*lines, *([[]] * (FOOT - len(lines)))]


def _target(check: Check, tally: str) -> list[Part]:
    guard = " PROTECTED" if check.target.protected else ""
    parts: list[Part] = [(f" {check.target.name}{guard}", STRONG)]
    if check.answered:
        parts.append((f"  {tally}", PLAIN))
    elif check.status is not None:
        word = "error" if check.status.server is not None else check.status.problem or "unreachable"
        parts.append((f"  × {word}", BAD))
    if check.since is not None:
        parts.append(("  being read", WAITING))
    return parts


def _why_unknown(check: Check) -> str:
    status = check.status
    if status is None:
        return "" if check.since is not None else "It was not read yet."
    return sentences(*(status.error or "").splitlines(), status.hint or "")


def _meaning(cell: Cell) -> str:
    """Return the note about a cell: the last entry, what is known, or the meaning of its state."""
    if cell is NoState.ABSENT:
        return "It has no file, and is not applied here."
    if not isinstance(cell, MigrationStatus):
        return "The file is newer than the last read of this target."
    entry = entry_words(cell.last_entry) if cell.last_entry is not None else ""
    note = cell.note or ("" if entry else MEANINGS.get(cell.state, ""))
    return "; ".join(part for part in (entry, note) if part)
