"""The first line of the screen: target, concerns, counts, folder and branch."""

from __future__ import annotations

from typing import cast

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import visible
from koonj.tui.render.badges import badges, fit_badges, quiet_words
from koonj.tui.render.headline import GAP, Concern, concerns, counts, fit_concerns, rehearsal_words, tls_part
from koonj.tui.render.target_tone import target_sign, target_tone
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.theme import DIM, PLAIN, RAISED, STRONG
from koonj.tui.theme.fills import DANGER, SURFACE, filled, inked
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, cut, strip

_NAME = 8
"""Minimum width, in cells, of the target's name."""
_PLACE = 12
"""Minimum width, in cells, of a shortened path; a shorter one is omitted."""


class TopLine(Widget):
    """The first line. A mark and words show target and protection, not only colour."""

    ALLOW_SELECT = False

    snapshot: reactive[Snapshot | None] = reactive(None)
    live: reactive[str | None] = reactive(None)
    """File name of the migration that runs now on the chosen target."""
    _found: tuple[Concern, ...] = ()

    def watch_snapshot(self) -> None:
        """Compute the concerns once for each change, not for each drawing."""
        self._found = concerns(self.snapshot, self.live) if self.snapshot else ()

    def watch_live(self) -> None:
        """Compute the concerns for another migration that runs."""
        self.watch_snapshot()

    def render_line(self, y: int) -> Strip:
        """Draw the line; omit parts that do not fit, from the right, except the counts."""
        width = self.size.width
        if self.snapshot is None:
            return strip((), width)
        if cast("KeyedApp", self.app).has_fills:
            return self._filled_line(self.snapshot, width).apply_style(self.rich_style)
        check = self.snapshot.check
        numbers = counts(check)
        shortest = cell_len(self._found[0].short) + len(GAP) if self._found else 0
        left = _target(check, width - _cells(numbers) - shortest - 2 * len(GAP))
        left += fit_concerns(self._found, width - _cells(left) - _cells(numbers) - len(GAP)) + numbers
        left += tls_part(check, width - _cells(left) - 2)
        room = width - _cells(left) - 2 * len(GAP)
        place = self._place(self.snapshot, room)
        gap = " " * max(0, width - _cells(left) - cell_len(place) - 1)
        return strip([*left, (gap, PLAIN), (place, DIM)], width).apply_style(self.rich_style)

    def _filled_line(self, snapshot: Snapshot, width: int) -> Strip:
        """Draw the line with badges; that of a protected target is a warning itself."""
        target = snapshot.target
        tone = target_tone(target)
        name = cut(target.name, max(_NAME, width // 3))
        left: list[Part] = [
            (" koonj  ", STRONG),
            (f" {target_sign(target)} {name} ", filled(tone)),
            (" PROTECTED  " if target.protected else "  ", inked("error", bold=True)),
        ]
        room = width - _cells(left) - 1
        left += fit_badges(badges(snapshot, self._found, self.live), quiet_words(snapshot.check), room)
        left += tls_part(snapshot.check, width - _cells(left) - 2)
        place = self._place(snapshot, width - _cells(left) - 2 * len(GAP))
        gap = " " * max(0, width - _cells(left) - cell_len(place) - 1)
        ground = DANGER if target.protected else SURFACE
        return strip([*left, (gap, PLAIN), (place, DIM)], width).apply_style(ground)

    def _place(self, snapshot: Snapshot, room: int) -> str:
        """Return how far the rehearsal is, and where the files are, as far as they fit."""
        words = rehearsal_words(snapshot.rehearsals, room)
        folder = self._folder(snapshot, room - cell_len(words) - len(GAP) if words else room)
        return GAP.join(filter(None, (words, folder)))

    def _folder(self, snapshot: Snapshot, room: int) -> str:
        """Return folder and branch; in a narrow line only the branch, or nothing."""
        folder = snapshot.folder
        path = folder.shown_path or str(folder.path) if folder else str(snapshot.settings.migrations)
        path, branch = visible(path), visible(snapshot.branch or "")
        on = f" on {branch}" if branch else ""
        left = room - cell_len(on)
        if cell_len(path) > left:
            path = f"…{path[1 - left :]}" if left >= _PLACE else ""
        place = f"{path}{on}" if path or not branch else f"branch {branch}"
        return place if cell_len(place) <= room else ""


def _target(check: Check, room: int) -> list[Part]:
    """Return the target; a long name is cut so that the rest stays visible."""
    guard = " PROTECTED" if check.target.protected else ""
    name = cut(check.target.name, max(_NAME, room - len(guard) - 5))
    return [(" ", PLAIN), (f" ► {name}{guard} ", RAISED), (GAP, PLAIN)]


def _cells(parts: list[Part]) -> int:
    return sum(cell_len(visible(text)) for text, _ in parts)
