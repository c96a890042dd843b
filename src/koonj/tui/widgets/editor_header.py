"""The title of the editor: file, save state and cursor; and a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import in_place
from koonj.tui.documents.edit_buffer import SaveState
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, RAISED, WAITING, WARNING
from koonj.tui.theme.fills import TONES, badge
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, cut, fit, strip
from koonj.tui.toolkit.textual_private import draw_own_frame
from koonj.tui.widgets.frame_lines import BOTTOM, OPEN, TOP, Corners, edge, frame_look, title_parts

_LOOKS = {
    SaveState.SAVED: GOOD,
    SaveState.UNSAVED: WAITING,
    SaveState.CHANGED_ON_DISK: BAD,
    SaveState.DELETED_ON_DISK: BAD,
    SaveState.UNWRITTEN: WAITING,
    SaveState.UNKEPT: WAITING,
}
_SHORT = 8
"""Minimum width, in cells, of the file name."""
_ENDS = 8
"""Cells of a title around its name and its state, with those of the border."""


@dataclass(frozen=True, slots=True)
class EditorPlace:
    """What the title says."""

    path: str
    state: SaveState
    row: int
    """1-based, as `column`."""
    column: int
    character: str
    """The character at the cursor. If it is invisible, its code point is shown too."""

    @property
    def position(self) -> str:
        """Line and column."""
        hidden = self.character not in ("", "\t") and in_place(self.character) != self.character
        return f"{f'U+{ord(self.character):04X}  ' if hidden else ''}{self.row}:{self.column}"

    def name_in(self, room: int) -> str:
        """Return the path, or only the file name if there is no room for it."""
        shown = self.path if cell_len(self.path) <= room else self.path.rpartition("/")[2]
        return cut(shown, max(_SHORT, room))


def plain_title(place: EditorPlace, width: int) -> tuple[Part, ...]:
    """Return the title as a line of its own, for a theme without fills."""
    right = f"{place.position} "
    state = f"  {place.state.value}  "
    right = right if cell_len(state) + cell_len(right) + _SHORT + 3 <= width else ""
    name = f" {place.name_in(width - cell_len(state) - cell_len(right) - 3)} "
    gap = width - cell_len(name) - cell_len(state) - cell_len(right)
    return ((name, RAISED), (state, _LOOKS[place.state]), (fit("", max(0, gap)), PLAIN), (right, DIM))


def title_edge(place: EditorPlace, width: int, corners: Corners, *, focused: bool) -> Strip:
    """Return the title in the upper border, or in the line that is instead of it."""
    look = _LOOKS[place.state]
    state = f" {place.state.value} "
    right = f" {place.position} "
    name = place.name_in(width - cell_len(state) - cell_len(right) - _ENDS)
    badged = look if place.state is SaveState.SAVED else badge(TONES[look])
    border = frame_look("accent", focused=focused)
    left = [*title_parts("", name, "accent", focused=focused), ("─", border), (state, badged)]
    return edge(left, [(right, DIM)], width, border, corners)


def applied_warning(targets: Sequence[str]) -> tuple[Part, ...]:
    """Return the warning that the migration has already run on `targets`."""
    text = f"Ran on {' and '.join(targets)}. Changes are not applied there; the state becomes edited."
    return ((" ! ", WARNING), (text, PLAIN))


class EditorTitle(Widget):
    """The title: a line of its own, or the border that it draws around the text."""

    ALLOW_SELECT = False

    place: reactive[EditorPlace | None] = reactive(None)

    def __init__(self, area: Widget) -> None:
        """`area`: the text."""
        super().__init__()
        self._area = area

    def watch_place(self) -> None:
        if not self.display:
            self._area.refresh(Region(-1, -1, self._area.size.width + 2, 1))

    def show_focus(self) -> None:
        """Show whether the text has the focus."""
        self.refresh()
        if not self.display:
            self._area.refresh()

    def frame(self, *, framed: bool) -> None:
        """Put the title into a border around the text, or remove it."""
        if framed is not self.display:
            return
        draw_own_frame(self._area, self)
        self._area.styles.border = ("round", "transparent") if framed else None
        self.display = not framed

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.place is None:
            return strip((), width)
        if not cast("KeyedApp", self.app).has_fills:
            return strip(plain_title(self.place, width), width).apply_style(self.rich_style)
        return title_edge(self.place, width, OPEN, focused=self._area.has_focus).apply_style(self.rich_style)

    # The border

    def frame_edge(self, width: int, *, is_top: bool) -> Strip:
        """Return the upper border with the title, or the lower one."""
        if is_top and self.place is not None:
            line = title_edge(self.place, width, TOP, focused=self._area.has_focus)
        else:
            line = edge(
                (), (), width, frame_look("accent", focused=self._area.has_focus), TOP if is_top else BOTTOM
            )
        return line.apply_style(self.rich_style)

    def frame_side(self) -> Segment:
        """Return the border at the left and at the right."""
        return Segment("│", self.rich_style + frame_look("accent", focused=self._area.has_focus))
