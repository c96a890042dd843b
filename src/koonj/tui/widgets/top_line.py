"""The first line: which folder, which target, how it stands there."""

from __future__ import annotations

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.tui.model import Check, Snapshot
from koonj.tui.paint import Part, cut, strip
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, RAISED, WAITING

_NAME = 8
"""Cells that are left for a target's name whatever else there is to say."""


class TopLine(Widget):
    """One line; the target's name stands out with a mark, in words and, where there is one, in colour."""

    ALLOW_SELECT = False

    snapshot: reactive[Snapshot | None] = reactive(None)

    def render_line(self, y: int) -> Strip:
        """Folder at the left; target and counts at the right, which come first where room is short."""
        width = self.size.width
        if self.snapshot is None:
            return strip((), width)
        check = self.snapshot.check
        standing = _standing(check)
        right = [*_target(check, width - sum(cell_len(text) for text, _ in standing)), *standing]
        room = width - sum(cell_len(text) for text, _ in right)
        left = cut(f" {self._folder()}", room - 1) if room > 8 else ""
        return strip([(left.ljust(room), DIM), *right], width).apply_style(self.rich_style)

    def _folder(self) -> str:
        assert self.snapshot is not None
        folder = self.snapshot.folder
        return folder.shown_path or str(folder.path) if folder else str(self.snapshot.settings.migrations)


def _target(check: Check, room: int) -> list[Part]:
    """A name that is too long is cut, so that what follows it stays to be seen."""
    label, guard = "target ", " PROTECTED" if check.target.protected else ""
    name = cut(check.target.name, max(_NAME, room - len(label) - len(guard) - 4))
    return [(label, DIM), (f" ► {name}{guard} ", RAISED)]


def _standing(check: Check) -> list[Part]:
    status = check.status
    if status is None:
        return [("  connecting " if check.since is not None else "  not asked yet ", WAITING)]
    if status.error is not None:
        return [("  × unreachable ", BAD)]
    counts = check.counts
    parts: list[Part] = [(f"  {counts.applied} applied", PLAIN)]
    parts.append((f"  {counts.pending} pending", WAITING if counts.pending else GOOD))
    if counts.problems:
        parts.append((f"  {counts.problems} to decide", BAD))
    return [*parts, (" ", PLAIN)]
