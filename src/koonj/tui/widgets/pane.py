"""A pane: a title line and lines of its own, drawn one by one; only what is visible is ever made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import visible
from koonj.tui.theme import DIM, PLAIN, RAISED
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.strips import Part, cut, strip

WHEEL = 3
"""Lines that one turn of the mouse wheel moves."""


def title_line(left: str, right: str, width: int, *, raised: bool) -> Strip:
    """A title over the whole width: a bar where the keys are, a rule elsewhere."""
    left, right = f" {left} ", f" {right} " if right else ""
    right = right if cell_len(left) + cell_len(right) + 2 <= width else ""
    left = cut(left, width)
    gap = width - cell_len(left) - cell_len(right)
    if raised:
        return strip([(left + " " * gap + right, RAISED)], width)
    parts: list[Part] = [("─", DIM), (left, PLAIN), ("─" * (gap - 2), DIM), (right, DIM), ("─", DIM)]
    return strip(parts, width)


def summary_line(left: str, summary: Sequence[Part], width: int, *, raised: bool) -> Strip:
    """The title of a pane that has no other line: what matters of it stands in the rule."""
    if raised:
        return strip([(f" {left}  ", RAISED), *((text, RAISED) for text, _ in summary)], width, RAISED)
    parts: list[Part] = [("─", DIM), (f" {left} ", PLAIN), ("── ", DIM), *summary, (" ", PLAIN)]
    used = sum(cell_len(visible(text)) for text, _ in parts)
    return strip([*parts, ("─" * (width - used), DIM)], width)


@dataclass(frozen=True, slots=True)
class Copyable:
    """What a pane has to copy."""

    what: str
    """In words: ``the path of 001_create_users.sql``."""
    read: Callable[[], str]
    """Gives the text. It may be long: it is made when somebody copies it, not when the keys are shown."""


class Pane(Widget, can_focus=True):
    """Lines that scroll under a title. A subclass says how many there are, and draws one."""

    ALLOW_SELECT = False
    NUMBER: ClassVar[str] = ""
    """The key that jumps here; empty for none."""
    TITLE: ClassVar[str] = ""
    NOTHING_TO_COPY: ClassVar[str] = "There is nothing to copy here."
    """The reason where `copyable` gives None."""

    top: reactive[int] = reactive(0)
    """The body's first visible line."""
    _head: tuple[int, Sequence[Strip]] | None = None
    _filled: int | None = None
    """Lines that it would fill, when that was last asked."""
    _style: Style | None = None
    _room: tuple[int, int] | None = None
    """Cells of a line and lines of a page, while lines are drawn: asking again takes longer than drawing."""

    def count(self) -> int:
        """How many lines the body has."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> Strip:
        """Line `index` (0-based) of the body, `width` cells wide."""
        raise NotImplementedError

    def head(self, width: int) -> Sequence[Strip]:
        """Lines between title and body that do not scroll."""
        return ()

    def foot(self, width: int) -> Sequence[Strip]:
        """Lines below the body that do not scroll."""
        return ()

    def title(self) -> tuple[str, str]:
        """What the title says, left and right."""
        return self.TITLE, ""

    def summary(self) -> Sequence[Part]:
        """What the title says where it is all there is to see; nothing: what it always says."""
        return ()

    @property
    def collapsed(self) -> bool:
        """Is there room for the title only?"""
        return self.size.height == 1

    def _heads(self, width: int) -> Sequence[Strip]:
        """The head, made once for as long as nothing changes."""
        if self._head is None or self._head[0] != width:
            self._head = (width, self.head(width))
        return self._head[1]

    def copyable(self) -> Copyable | None:
        """Give what the pane is about, to be pasted elsewhere; None where there is nothing yet."""
        return None

    def key_now(self, key: str) -> str:
        """The key that a text names: `key`, or what the person has instead."""
        return cast("KeyedApp", self.app).key_now(key)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual asks for some lines; the widget's own style, from all its ancestors, is asked for once."""
        self._style = self.rich_style
        self._room = (self.size.width, self.page)
        try:
            return super().render_lines(crop)
        finally:
            self._room = None

    def render_line(self, y: int) -> Strip:
        """Textual asks for line `y` of the widget."""
        return self._line(y, *(self._room or (self.size.width, self.page))).apply_style(
            self._style or self.rich_style
        )

    def _line(self, y: int, width: int, page: int) -> Strip:
        if y == 0:
            return self._title(width)
        head = self._heads(width)
        if y <= len(head):
            return head[y - 1]
        row = y - 1 - len(head)
        if row >= page:
            foot = self.foot(width)
            return foot[row - page] if row - page < len(foot) else strip((), width)
        index = self.top + row
        return self.draw(index, width) if 0 <= index < self.count() else strip((), width)

    def _title(self, width: int) -> Strip:
        left, right = self.title()
        number, raised = f"{self.NUMBER} " if self.NUMBER else "", self.has_pseudo_class("focus")
        if self.collapsed and (summary := self.summary()):
            return summary_line(f"{number}{self.TITLE}", summary, width, raised=raised)
        zoomed = "  zoomed" if self.has_class("-zoomed") else ""
        return title_line(f"{number}{left}{zoomed}", right, width, raised=raised)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All lines, for a pane whose height is `auto`."""
        self._filled = self._fills(width)
        return self._filled

    def _fills(self, width: int) -> int:
        return 1 + len(self._heads(width)) + self.count() + len(self.foot(width))

    # Scrolling

    @property
    def page(self) -> int:
        """How many lines of the body fit."""
        width, height = self.size
        return max(1, height - 1 - len(self._heads(width)) - len(self.foot(width)))

    @property
    def place(self) -> str:
        """Which lines are visible; empty where all are."""
        count = self.count()
        return f"{self.top + 1}-{min(count, self.top + self.page)} of {count}" if count > self.page else ""

    @property
    def last_top(self) -> int:
        """The greatest `top` that still fills the pane."""
        return max(0, self.count() - self.page)

    def validate_top(self, top: int) -> int:
        """Keep within the body."""
        return max(0, min(top, self.last_top))

    def go(self, lines: int) -> None:
        """Move by so many lines, up or down."""
        self.top += lines

    def go_to(self, index: int) -> None:
        """Move to a line; one beyond the end means the last."""
        self.top = index

    def sideways(self, columns: int) -> None:
        """Move sideways, where lines are wider than the pane."""

    def body_changed(self) -> None:
        """The body or the head is another one: stay in bounds, draw it anew."""
        self._head = None
        self.top = self.validate_top(self.top)
        self.refresh(layout=self._needs_other_room())

    def _needs_other_room(self) -> bool:
        """Does it fill more lines, or fewer, than when it was given its room?"""
        return self.styles.is_auto_height and self._filled != self._fills(self.size.width)

    def line_at(self, y: int) -> int | None:
        """The line of the body that is drawn at `y`; None where there is none."""
        row = y - 1 - len(self._heads(self.size.width))
        return self.top + row if 0 <= row < self.page and self.top + row < self.count() else None

    def redraw_line(self, index: int) -> None:
        """Draw one line of the body anew."""
        y = index - self.top + 1 + len(self._heads(self.size.width))
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def redraw_title(self) -> None:
        """Draw the title anew."""
        self.refresh(Region(0, 0, self.size.width, 1))

    def redraw_head(self) -> None:
        """Draw title and head anew."""
        self._head = None
        self.refresh(Region(0, 0, self.size.width, 1 + len(self._heads(self.size.width))))

    def on_resize(self) -> None:
        """Stay in bounds."""
        self.top = self.validate_top(self.top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """One turn of the wheel."""
        event.stop()
        self.go(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """One turn of the wheel, up."""
        event.stop()
        self.go(-WHEEL)


class CursorPane(Pane):
    """A pane of which one line is current.

    A cursor that leaves the pane scrolls half a page: a slow line then seldom has to carry the whole pane.
    """

    cursor: reactive[int] = reactive(0, repaint=False)

    def validate_cursor(self, cursor: int) -> int:
        """Keep within the body."""
        return max(0, min(cursor, self.count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Scroll if need be; else draw the two lines only."""
        half = max(1, self.page // 2)
        if new < self.top:
            self.top = new if self.top - new > half else max(0, self.top - half)
        elif new >= self.top + self.page:
            self.top = new - self.page + 1 if new - self.top - self.page >= half else self.top + half
        self.redraw_line(old)
        self.redraw_line(new)
        self.redraw_title()

    def go(self, lines: int) -> None:
        """Move the cursor."""
        self.cursor += lines

    def go_to(self, index: int) -> None:
        """Move the cursor to a line."""
        self.cursor = index

    def on_click(self, event: events.Click) -> None:
        """The line under the mouse becomes current."""
        index = self.line_at(event.y)
        if index is not None:
            self.cursor = index

    def on_resize(self) -> None:
        """Keep the cursor visible."""
        super().on_resize()
        if self.cursor >= self.top + self.page:
            self.top = self.cursor - self.page + 1
