"""What the screen of all targets knows: the rows that it shows, and where the next difference is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from koonj.migrations.folder import Folder
from koonj.migrations.tally import tally_words
from koonj.runner.target.matrix import Alike, MatrixRow, folded, matrix, worth_showing
from koonj.sql.display import cells, visible
from koonj.tui.state.snapshot import Check, Snapshot


@dataclass(frozen=True, slots=True, eq=False)  # comparing ten thousand rows takes too long
class MatrixView:
    """The rows and columns of the screen. It is made in a thread: a folder can have ten thousand rows."""

    columns: tuple[Check, ...] = ()
    """The targets that are not hidden."""
    hidden: tuple[str, ...] = ()
    """Names of the hidden targets."""
    rows: tuple[MatrixRow | Alike, ...] = ()
    total: int = 0
    """Number of all migrations."""
    quiet: int = 0
    """How many of them are not in `rows`, because nothing is to be said about them."""
    differing: tuple[int, ...] = ()
    """Indices of the rows whose states differ."""
    places: Mapping[str, int] = field(default_factory=dict)
    """File name -> index of its row."""
    tallies: tuple[str, ...] = ()
    """The counts of each column in words, which take long to make; empty if its states are unknown."""
    longest: int = 0
    """Cells of the longest name."""
    every: bool = False
    """Whether all rows are shown."""
    folder: Folder | None = None
    """The folder whose migrations these are; None if it was not read yet."""

    @staticmethod
    def of(snapshot: Snapshot, hidden: frozenset[str], *, every: bool) -> MatrixView:
        """Make the view of the known state, without the columns `hidden`."""
        columns = tuple(check for check in snapshot.checks if check.target.name not in hidden)
        away = tuple(check.target.name for check in snapshot.checks if check.target.name in hidden)
        if snapshot.folder is None:
            return MatrixView(columns, away, every=every)
        found = matrix(snapshot.folder, [check.status for check in columns])
        some = found if every else worth_showing(found)
        rows = found if every else tuple(folded(some))
        listed = [(index, row) for index, row in enumerate(rows) if isinstance(row, MatrixRow)]
        return MatrixView(
            columns,
            away,
            rows,
            len(found),
            len(found) - len(some),
            tuple(index for index, row in listed if row.differs),
            {row.name: index for index, row in listed},
            tuple(_tally(check) for check in columns),
            max((cells(visible(row.name)) for _, row in listed), default=0),
            every,
            snapshot.folder,
        )

    def next_difference(self, index: int, step: int) -> int | None:
        """Return the index of the next row that differs, after or before `index`; None if there is none."""
        at = bisect_right(self.differing, index) if step > 0 else bisect_left(self.differing, index) - 1
        return self.differing[at] if 0 <= at < len(self.differing) else None

    def same_inputs(self, snapshot: Snapshot, hidden: frozenset[str], *, every: bool) -> bool:
        """Return whether a view of this state would have the same rows."""
        checks = tuple(check for check in snapshot.checks if check.target.name not in hidden)
        return (
            self.folder is snapshot.folder
            and self.every == every
            and len(checks) == len(self.columns)
            and all(new.status is old.status for new, old in zip(checks, self.columns, strict=True))
        )


def _tally(check: Check) -> str:
    if check.status is None or check.status.error is not None:
        return ""
    return tally_words(check.status.migrations) or "no migrations"
