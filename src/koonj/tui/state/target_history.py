"""The history of a target as its screen shows it: newest first, filtered, and read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_filter import HistoryFilter


@dataclass(frozen=True, slots=True, eq=False)  # comparing thousands of entries takes too long
class TargetHistory:
    """The entries that are shown, newest first. It is made in a thread."""

    wanted: HistoryFilter = HistoryFilter()  # noqa: RUF009 - a frozen value
    shown: tuple[HistoryEntry, ...] = ()
    """Those that were read and match."""
    loaded: int = 0
    """Number of entries that were read: the newest ones."""
    total: int = 0
    """Number of entries of the target."""
    is_read: bool = False
    name_cells: int = 0
    """Cells of the longest file name that is shown."""

    @staticmethod
    def of(entries: Sequence[HistoryEntry], total: int, wanted: HistoryFilter) -> TargetHistory:
        """Return those of `entries`, which are newest first, that match."""
        shown = wanted.of(entries)
        return TargetHistory(wanted, shown, len(entries), total, is_read=True, name_cells=_longest(shown))

    def with_older(self, entries: Sequence[HistoryEntry], total: int) -> TargetHistory:
        """Return the history with one more page of older entries. `total`: as it is known now."""
        more = self.wanted.of(entries)
        return replace(
            self,
            shown=(*self.shown, *more),
            loaded=self.loaded + len(entries),
            total=total,
            name_cells=max(self.name_cells, _longest(more)),
        )

    @property
    def has_more(self) -> bool:
        """Whether older entries were not read yet."""
        return self.is_read and self.loaded < self.total


def _longest(entries: Sequence[HistoryEntry]) -> int:
    return max((cell_len(entry.name) for entry in entries), default=0)
