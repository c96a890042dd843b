"""The base class of panes: a title line and a body of lines.

Only visible lines are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip

from koonj.tui.theme import ACCENT, DIM, PLAIN
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.toolkit.textual_private import draw_own_frame
from koonj.tui.widgets.frame_lines import (
    BOTTOM,
    OPEN,
    TOP,
    Corners,
    cells,
    edge,
    frame_look,
    summary_line,
    title_line,
    title_parts,
)
from koonj.tui.widgets.searched_lines import SearchedLines

WHEEL = 3
"""Lines that one step of the mouse wheel scrolls."""


@dataclass(frozen=True, slots=True)
class Copyable:
    """Text of a pane that can be copied."""

    what: str
    """Description for the user: ``the path of 001_create_users.sql``."""
    read: Callable[[], str]
    """Return the text. It can be long, so it is made only when the user copies it."""


_TITLE_ENDS = 8
"""Cells of a title line around its texts, and of the number of the pane."""


class Pane(SearchedLines, can_focus=True):
    """Lines that scroll below a title. A subclass counts the lines and draws each."""

    ALLOW_SELECT = False
    NUMBER: ClassVar[str] = ""
    """Number of the pane and key that focuses it; empty for none."""
    TITLE: ClassVar[str] = ""
    NOTHING_TO_COPY: ClassVar[str] = "Nothing to copy here."
    """Reason that is shown if `copyable` returns None."""

    FOOT_FOLLOWS: ClassVar[bool] = False
    """Whether the lines below the body stand at its end, not at that of the pane."""

    framed: reactive[bool] = reactive(default=False, init=False)
    """Whether a border is around the pane, and its title in the border."""
    untitled: bool = False
    """Whether the title stands elsewhere: in the border of a dialog."""
    _head: tuple[int, Sequence[Strip]] | None = None
    _filled: int | None = None
    """Lines that all of the pane needs, as last returned to Textual."""
    _style: Style | None = None
    _drawing_size: tuple[int, int] | None = None
    """Width and page height during `render_lines`.

    Reading them for each line costs more than drawing the line.
    """

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._theme_changed())

    def _theme_changed(self) -> None:
        """Draw and lay out again: the theme can have fills and borders, or not."""
        self.body_changed()
        self.refresh(layout=True)

    def watch_framed(self, framed: bool) -> None:  # noqa: FBT001 - Textual calls it
        draw_own_frame(self, self)
        self.styles.border = ("round", "transparent") if framed else None
        self.body_changed()

    def zoom(self, zoomed: bool) -> None:  # noqa: FBT001 - the state, as of `set_class`
        """Mark the pane as the one that has the whole screen, or not."""
        self.set_class(zoomed, "-zoomed")

    def head(self, width: int) -> Sequence[Strip]:
        """Return the lines between title and body. They do not scroll."""
        return ()

    def foot(self, width: int) -> Sequence[Strip]:
        """Return the lines below the body. They do not scroll."""
        return ()

    def title(self) -> tuple[str, str]:
        """Return the left and the right text of the title."""
        return self.TITLE, ""

    def summary(self) -> Sequence[Part]:
        """Return the summary for the title of a collapsed pane; empty for the title."""
        return ()

    @property
    def collapsed(self) -> bool:
        """Whether only the title is visible."""
        return self.size.height == 1 and not self.framed

    @property
    def title_lines(self) -> int:
        """Number of lines of the content that the title takes."""
        return 0 if self.framed or self.untitled else 1

    def _heads(self, width: int) -> Sequence[Strip]:
        """Return the head, cached until `body_changed` or another width."""
        if self._head is None or self._head[0] != width:
            self._head = (width, self.head(width))
        return self._head[1]

    def copyable(self) -> Copyable | None:
        """Return the text to copy; None if there is nothing to copy."""
        return None

    @property
    def has_fills(self) -> bool:
        """Whether the theme has backgrounds for rows, badges and lines, and borders around panes."""
        return cast("KeyedApp", self.app).has_fills

    def key_now(self, key: str) -> str:
        """Return the current key for the default key `key`, as set in [keys]."""
        return cast("KeyedApp", self.app).key_now(key)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines for Textual; read style and size once for all of them."""
        self._style = self.rich_style
        self._drawing_size = (self.size.width, self.page)
        try:
            return super().render_lines(crop)
        finally:
            self._drawing_size = None

    def render_line(self, y: int) -> Strip:
        return self._line(y, *(self._drawing_size or (self.size.width, self.page))).apply_style(
            self._style or self.rich_style
        )

    def _line(self, y: int, width: int, page: int) -> Strip:
        y += 1 - self.title_lines
        if y == 0:
            return self._title(width)
        head = self._heads(width)
        if y <= len(head):
            return head[y - 1]
        row = y - 1 - len(head)
        end = min(page, self.count()) if self.FOOT_FOLLOWS else page
        if row >= end:
            foot = self.foot(width)
            return foot[row - end] if row - end < len(foot) else strip((), width)
        index = self.top + row
        if not 0 <= index < self.count():
            return strip((), width)
        line = self.draw(index, width)
        return self._with_matches(index, line) if self.is_searched else line

    def _title(self, width: int) -> Strip:
        if self.has_fills:
            return self._title_edge(width, OPEN)
        left, right = self.title()
        if self.is_searched:
            right = f"/{self.searcher.text}  {self.searcher.count}"
            left = left if cell_len(left) + cell_len(right) + _TITLE_ENDS <= width else self.TITLE
        number, raised = f"{self.NUMBER} " if self.NUMBER else "", self.has_pseudo_class("focus")
        if self.collapsed and (summary := self.summary()):
            return summary_line(f"{number}{self.TITLE}", summary, width, raised=raised)
        zoomed = "  zoomed" if self.has_class("-zoomed") else ""
        return title_line(f"{number}{left}{zoomed}", right, width, raised=raised)

    # The frame

    @property
    def tone(self) -> str:
        """Token of the colour of title and border: the accent, unless the pane has something to say."""
        return "accent"

    def title_left(self, width: int) -> Sequence[Part]:
        """Return the title at the left of a line that is `width` cells wide."""
        name = self.title()[0] + ("  zoomed" if self.has_class("-zoomed") else "")
        focused = self.has_pseudo_class("focus")
        return title_parts(self.NUMBER, name, self.tone, focused=focused)

    def title_right(self, width: int) -> Sequence[Part]:
        """Return what stands at the right of the title: a position, or a badge."""
        right = self.title()[1]
        return [(f" {right} ", DIM)] if right else []

    def frame_foot(self) -> Sequence[Part]:
        """Return what stands at the right of the lower border."""
        return ()

    def _frame_look(self) -> Style:
        return frame_look(self.tone, focused=self.has_pseudo_class("focus"))

    def _title_edge(self, width: int, corners: Corners) -> Strip:
        right = self.title_right(width)
        left = [*self.title_left(width)]
        if self.is_searched:
            right = [(f" /{self.searcher.text}  {self.searcher.count} ", ACCENT)]
            if cells(left) + cells(right) + _TITLE_ENDS > width:
                left = title_parts(self.NUMBER, self.TITLE, self.tone, focused=self.has_pseudo_class("focus"))
        if self.collapsed and (summary := self.summary()):
            left, right = [*left, ("─ ", self._frame_look()), *summary, (" ", PLAIN)], ()
        return edge(left, right, width, self._frame_look(), corners)

    def frame_edge(self, width: int, *, is_top: bool) -> Strip:
        """Return the upper or the lower border."""
        line = (
            self._title_edge(width, TOP)
            if is_top
            else edge((), self.frame_foot(), width, self._frame_look(), BOTTOM)
        )
        return line.apply_style(self.rich_style)

    def frame_side(self) -> Segment:
        """Return the border at the left and at the right."""
        return Segment("│", self.rich_style + self._frame_look())

    def needed_lines(self, width: int) -> int:
        """Return the number of lines of the whole pane, `width` cells wide, that show all of it."""
        edges = 2 if self.framed else 0
        return self.get_content_height(self.size, self.size, width - edges) + edges

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines that the pane needs if its height is `auto`."""
        self._filled = self._fills(width)
        return self._filled

    def _fills(self, width: int) -> int:
        return self.title_lines + len(self._heads(width)) + self.count() + len(self.foot(width))

    # Scrolling

    @property
    def page(self) -> int:
        """Number of lines of the body that fit."""
        width, height = self.size
        return max(1, height - self.title_lines - len(self._heads(width)) - len(self.foot(width)))

    @property
    def place(self) -> str:
        """Range of the visible lines, such as ``1-17 of 29``; empty if all are visible."""
        count = self.count()
        return f"{self.top + 1}-{min(count, self.top + self.page)} of {count}" if count > self.page else ""

    @property
    def last_top(self) -> int:
        """Largest `top` that still fills the pane."""
        return max(0, self.count() - self.page)

    def validate_top(self, top: int) -> int:
        return max(0, min(top, self.last_top))

    def go(self, lines: int) -> None:
        """Scroll by `lines`; a negative number scrolls up."""
        self.top += lines

    def go_to(self, index: int) -> None:
        """Scroll to line `index`; past the end means the last line."""
        self.top = index

    def jump(self, number: int) -> None:
        """Go to the line with that number, from 1."""
        self.go_to(number - 1)

    def sideways(self, columns: int) -> None:
        """Scroll by `columns` if lines can be wider than the pane."""

    def body_changed(self) -> None:
        """Redraw the pane after a change of body or head, and keep `top` in range."""
        self._head = None
        if self.is_searched:
            self.searcher.restart()
        self.top = self.validate_top(self.top)
        self.refresh(layout=self._needs_layout())

    def _needs_layout(self) -> bool:
        """Return whether the pane needs more or fewer lines than it got from the layout."""
        return self.styles.is_auto_height and self._filled != self._fills(self.size.width)

    def line_at(self, y: int) -> int | None:
        """Return the index of the body line that is drawn at `y`, or None."""
        row = y - 1 - len(self._heads(self.size.width))
        return self.top + row if 0 <= row < self.page and self.top + row < self.count() else None

    def redraw_line(self, index: int) -> None:
        """Redraw line `index` of the body."""
        y = index - self.top + self.title_lines + len(self._heads(self.size.width))
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def redraw_title(self) -> None:
        """Redraw the title."""
        self.refresh(self._title_region)

    def redraw_head(self) -> None:
        """Redraw title and head."""
        self._head = None
        title = self._title_region
        self.refresh(Region(title.x, title.y, title.width, 1 + len(self._heads(self.size.width))))

    @property
    def _title_region(self) -> Region:
        return Region(-1, -1, self.size.width + 2, 1) if self.framed else Region(0, 0, self.size.width, 1)

    def on_resize(self) -> None:
        self.top = self.validate_top(self.top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.go(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.go(-WHEEL)
