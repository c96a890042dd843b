"""Format the states on all targets as lines of text: a row for each migration, a column for each target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.cli.marks import StateMarks
from koonj.cli.status_text import running_words, status_code
from koonj.humanize import count
from koonj.migrations.folder import Folder
from koonj.migrations.states import State
from koonj.migrations.tally import tally_words
from koonj.postgres.connection_cause import ConnectProblem
from koonj.runner.run.conflict import Conflict
from koonj.runner.target.matrix import Alike, Cell, MatrixRow, NoState, folded, kind_of, worth_showing
from koonj.runner.target.status import TargetStatus
from koonj.sql.display import cells, spaced, visible

_ABSENT = "-"
"""Glyph of a migration that is not there."""
_GAP = "  "


def matrix_lines(
    statuses: Sequence[TargetStatus],
    folder: Folder,
    conflicts: tuple[Conflict, ...],
    rows: Sequence[MatrixRow],
    marks: StateMarks,
    *,
    width: int | None,
    every: bool,
) -> Iterator[str]:
    """Yield the report: targets, then the table, and what is not in it.

    `width`: cells of the terminal; None: no limit. `every`: show all rows.
    """
    shown = rows if every else worth_showing(rows)
    table = _Table.fitting([status.target for status in statuses], shown, marks, width)
    yield from _targets(statuses, conflicts, numbered=table.is_numbered)
    if not rows:
        yield f"No migrations in {folder.shown_path}. To create one, run: koonj new NAME"
    if shown:
        yield ""
        yield from table.lines(shown if every else folded(shown))
    yield from _hidden(len(rows) - len(shown), statuses, is_more=bool(shown))
    for conflict in conflicts:
        yield f"! {spaced(conflict.state)}: {conflict.message}"


def _targets(
    statuses: Sequence[TargetStatus], conflicts: tuple[Conflict, ...], *, numbered: bool
) -> Iterator[str]:
    """Yield a line for each target: its counts and exit code, and who runs migrations there."""
    names = max((cells(visible(status.target)) for status in statuses), default=0)
    for number, status in enumerate(statuses, start=1):
        lead = f"{number:>{len(str(len(statuses)))}} " if numbered else ""
        guard = "protected, " if status.protected else ""
        what = _counts(status) if status.is_known else _why(status)
        code = status_code(status, conflicts)
        yield f"{lead}{_padded(status.target, names)}{_GAP}{guard}{what} (exit code {code})"
        if status.running is not None:
            yield f"    {running_words(status.running)}"
        yield from (f"    warning: {warning}" for warning in status.warnings)
        if status.leftovers:
            left = count(len(status.leftovers), "leftover")
            yield f"    {left} of other statements. To list them, run: koonj status{status.target_option}"


def _counts(status: TargetStatus) -> str:
    history = "" if status.has_history or status.tool_history else ", no history yet"
    return f"{tally_words(status.migrations) or 'no migrations'}{history}"


def _why(status: TargetStatus) -> str:
    if status.server is not None:
        return f"cannot be read ({status.dsn or 'libpq defaults'})"
    return f"{status.problem or ConnectProblem.UNREACHABLE} ({status.dsn or 'libpq defaults'})"


def _hidden(number: int, statuses: Sequence[TargetStatus], *, is_more: bool) -> Iterator[str]:
    """Yield how many rows are not in the table, and why."""
    if not number:
        return
    if not any(status.is_known for status in statuses):
        yield f"The states of {count(number, 'migration')} are unknown."
        return
    others, verb = f"{number} more" if is_more else count(number, "migration"), "is" if number == 1 else "are"
    yield f"{others} {verb} applied on every target that was read. To list all, add --all"


@dataclass(frozen=True, slots=True)
class _Table:
    """The table in the form that fits: with words, or only with glyphs and a legend."""

    headings: Sequence[str]
    widths: Sequence[int]
    with_words: bool
    marks: StateMarks

    @property
    def is_numbered(self) -> bool:
        """Whether the headings are the numbers of the targets, because their names do not fit."""
        return self.headings == _numbers(len(self.headings))

    @staticmethod
    def fitting(
        targets: Sequence[str], rows: Sequence[MatrixRow], marks: StateMarks, width: int | None
    ) -> _Table:
        """Return the widest form that fits into `width`; the narrowest if none does."""
        kinds = [{row.kinds[column] for row in rows} for column in range(len(targets))]
        words = [2 + max((len(spaced(kind)) for kind in some), default=0) for some in kinds]
        names, glyphs = [visible(target) for target in targets], [1] * len(targets)
        room = None if width is None else width - max((cells(visible(row.name)) for row in rows), default=0)
        forms = ((names, words), (names, glyphs), (_numbers(len(targets)), glyphs))
        for headings, inner in forms:
            widths = [max(cells(heading), cell) for heading, cell in zip(headings, inner, strict=True)]
            if room is None or sum(widths) + len(_GAP) * len(widths) <= room:
                break
        return _Table(headings, widths, inner is words, marks)

    def lines(self, rows: Sequence[MatrixRow | Alike]) -> Iterator[str]:
        """Yield heading, rows and legend."""
        yield self._line(self.headings, "")
        for row in rows:
            if isinstance(row, Alike):
                yield f"… {count(len(row.rows), 'more migration')} with the same states"
            else:
                yield self._line([self._cell(cell) for cell in row.cells], row.name)
        if not self.with_words:
            yield from ("", _legend(rows, self.marks))

    def _line(self, texts: Sequence[str], name: str) -> str:
        padded = (_padded(text, width) for text, width in zip(texts, self.widths, strict=True))
        return _GAP.join((*padded, name)).rstrip()

    def _cell(self, cell: Cell) -> str:
        sign = glyph(cell, self.marks)
        return f"{sign} {spaced(kind_of(cell))}" if self.with_words else sign


def _numbers(columns: int) -> list[str]:
    return [str(number) for number in range(1, columns + 1)]


def glyph(cell: Cell, marks: StateMarks) -> str:
    """Return the glyph of a cell, one cell wide."""
    if isinstance(cell, NoState):
        return _ABSENT if cell is NoState.ABSENT else marks.for_state(None)
    return marks.for_state(cell.state)


def _legend(rows: Sequence[MatrixRow | Alike], marks: StateMarks) -> str:
    """Return the meaning of the glyphs in the table, in the order of the states."""
    listed = (row for row in rows if isinstance(row, MatrixRow))
    found = {spaced(_word(cell)): glyph(cell, marks) for row in listed for cell in row.cells}
    order = [spaced(word) for word in (*State, *NoState)]
    return _GAP.join(f"{found[word]} {word}" for word in order if word in found)


def _word(cell: Cell) -> str:
    return cell if isinstance(cell, NoState) else cell.state


def _padded(text: str, width: int) -> str:
    shown = visible(text)
    return shown + " " * (width - cells(shown))
