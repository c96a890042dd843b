"""The first line: which target, what is wrong there, how it stands; then folder and branch."""

from __future__ import annotations

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import visible
from koonj.tui.render.headline import GAP, Concern, concerns, counts, spread
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.toolkit.strips import Part, cut, strip

_NAME = 8
"""Cells that are left for a target's name whatever else there is to say."""
_PLACE = 12
"""Cells of a folder's path that are worth to be shown."""


class TopLine(Widget):
    """One line; the target's name stands out with a mark, in words and, where there is one, in colour."""

    ALLOW_SELECT = False

    snapshot: reactive[Snapshot | None] = reactive(None)
    _found: tuple[Concern, ...] = ()

    def watch_snapshot(self) -> None:
        """Look what is wrong, once for each change."""
        self._found = concerns(self.snapshot) if self.snapshot else ()

    def render_line(self, y: int) -> Strip:
        """What does not fit is left out from the right; the counts stay to be seen."""
        width = self.size.width
        if self.snapshot is None:
            return strip((), width)
        check = self.snapshot.check
        numbers = counts(check)
        shortest = cell_len(self._found[0].short) + len(GAP) if self._found else 0
        left = _target(check, width - _cells(numbers) - shortest - 2 * len(GAP))
        left += spread(self._found, width - _cells(left) - _cells(numbers) - len(GAP)) + numbers
        room = width - _cells(left) - 2 * len(GAP)
        place = self._place(self.snapshot, room)
        gap = " " * max(0, width - _cells(left) - cell_len(place) - 1)
        return strip([*left, (gap, PLAIN), (place, DIM)], width).apply_style(self.rich_style)

    def _place(self, snapshot: Snapshot, room: int) -> str:
        """Folder and branch; where room is short the branch alone, or nothing."""
        folder = snapshot.folder
        path = folder.shown_path or str(folder.path) if folder else str(snapshot.settings.migrations)
        path, on = visible(path), f"on {visible(snapshot.branch)}" if snapshot.branch else ""
        left = room - cell_len(on) - 1 if on else room
        if cell_len(path) > left:
            path = f"…{path[1 - left :]}" if left >= _PLACE else ""
        place = f"{path} {on}".strip()
        return place if cell_len(place) <= room else ""


def _target(check: Check, room: int) -> list[Part]:
    """A name that is too long is cut, so that what follows it stays to be seen."""
    guard = " PROTECTED" if check.target.protected else ""
    name = cut(check.target.name, max(_NAME, room - len(guard) - 5))
    return [(" ", PLAIN), (f" ► {name}{guard} ", RAISED), (GAP, PLAIN)]


def _cells(parts: list[Part]) -> int:
    return sum(cell_len(visible(text)) for text, _ in parts)
