"""All uses of Textual's private interface.

Tests/tui/test_textual_private.py tests each.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from functools import partial
from sys import exc_info
from time import monotonic
from traceback import format_exception
from typing import Any, Protocol, cast

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from textual import constants, events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.styles import StylesBase
from textual.drivers import linux_driver
from textual.filter import LineFilter
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from koonj.sql.display import visible
from koonj.tui.toolkit.frame import Frame
from koonj.tui.toolkit.input_stream import ESCAPE, InputStream, Piece
from koonj.tui.toolkit.signals import STDIN, hang_up_without_terminal


class CrashReport:
    """Mixin for an App: report a defect without the values of variables.

    So no secret is shown. Overrides App._fatal_error, which prints every local variable.
    """

    def _fatal_error(self) -> None:
        report = visible("".join(format_exception(*exc_info())), keep="\n")
        cast("App[None]", self).panic(
            Text(f"koonj stopped because of a defect (a bug in koonj).\n\n{report}")
        )


_BACKLOG = 2
"""Number of writes that can wait for the terminal; a further frame is skipped, the newest written later."""
_RETRY_DELAY = 0.02
"""Seconds until the skipped frame is tried again."""
_SYNC = "\x1b[?2026h", "\x1b[?2026l"
Update = ChopsUpdate | LayoutUpdate


class ChangedCells(App[None]):
    """Mixin for an App: write only the cells of a frame that changed.

    Overrides App._display, and reads the compositor's updates and the driver's writer thread. Textual writes
    by itself if these are not as expected, in inline mode, under TEXTUAL=debug, and with KOONJ_WHOLE_FRAMES
    in the environment (to compare).
    """

    _frame: Frame | None = None
    _writer: Any = None
    """Thread that writes to the terminal; a new one after a suspension."""
    _retry: asyncio.TimerHandle | None = None

    def forget_cells(self) -> None:
        """Forget what the terminal shows, so that the next frame is written completely."""
        if self._frame is not None:
            self._frame.forget()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if renderable is None or self._batch_count or self.is_headless:
            super()._display(screen, renderable)
        elif _writer_thread(self) is not None and isinstance(renderable, Update) and _is_known(renderable):
            self._put(screen, renderable)
            self._write_changes()
            self.post_display_hook()
        else:
            self._frame = None
            super()._display(screen, renderable)

    def _put(self, screen: Screen[Any], update: Update) -> None:
        pieces = _pieces(update)
        size = _size(update)
        if self._frame is None or self._frame.size != size:
            self._frame = Frame(*size)
            strips = screen._compositor.render_strips(size)  # noqa: SLF001 - an update can contain only a part
            pieces = ((y, 0, strip) for y, strip in enumerate(strips))
        system = COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR)
        for y, x, strip in pieces:
            self._frame.put(y, x, strip, system)

    def _write_changes(self) -> None:
        """Write the changes now, or later while the terminal is slow."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        line = _writer_thread(self)
        if self._frame is None or self._driver is None or line is None or not self._running or self._closed:
            return
        if line is not self._writer:  # another program used the terminal in the meantime
            self._writer = line
            self._frame.forget()
        if line._queue.qsize() >= _BACKLOG:  # noqa: SLF001 - its `write` would block
            self._retry = asyncio.get_running_loop().call_later(_RETRY_DELAY, self._write_changes)
        elif line.is_alive():
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            if changes := self._frame.changes(cursor):
                start, end = _SYNC if self._sync_available else ("", "")
                self._driver.write(f"{start}{changes}{end}")
            self._previous_cursor_position = cursor

    def on_resize(self, event: events.Resize) -> None:
        """Write again, because the terminal can have lost its content.

        SIGWINCH reports a change of the size, but not the sizes between, and Textual sends this event when
        another program has used the terminal. Only the terminal's own reports (in-band resize) are complete.
        """
        if self._frame is None:
            return
        same = event.size == self._frame.size
        if not same or not getattr(self._driver, "_in_band_window_resize", False):
            self._frame.forget()
        if same:
            self._write_changes()

    def on_app_blur(self, event: events.AppBlur) -> None:
        """Keep the focus when the terminal's window loses it.

        Textual would otherwise remove the focus from the current pane.
        """
        event.prevent_default()

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Keep the focus when the terminal's window gets it again."""
        event.prevent_default()


def repaint(app: App[Any]) -> None:
    """Write the whole screen, whatever the terminal shows now."""
    if isinstance(app, ChangedCells):
        app.forget_cells()
    app.refresh(layout=True)


def _writer_thread(app: App[None]) -> Any:
    """Return the thread that writes to the terminal.

    Returns None if Textual must write by itself.
    """
    driver = app._driver  # noqa: SLF001 - as above
    if driver is None or driver.is_inline or app.debug or os.environ.get("KOONJ_WHOLE_FRAMES"):
        return None
    line = getattr(driver, "_writer_thread", None)
    known = hasattr(line, "is_alive") and hasattr(getattr(line, "_queue", None), "qsize")
    return line if known else None


def _is_known(update: Update) -> bool:
    """Return whether the update has the attributes that koonj reads."""
    if isinstance(update, LayoutUpdate):
        return isinstance(getattr(update, "region", None), tuple) and hasattr(update, "strips")
    return all(isinstance(getattr(update, part, None), list) for part in ("chops", "spans", "chop_ends"))


def _size(update: Update) -> Size:
    if isinstance(update, LayoutUpdate):
        return update.region.size
    return Size(update.chop_ends[0][-1], len(update.chops))


def _pieces(update: Update) -> Iterator[tuple[int, int, Strip]]:
    """Yield the row, the column and the strip of each part of an update."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield y, x, strip
                x += strip.cell_length
    else:
        for y, x1, x2 in update.spans:
            for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if piece is not None and x < x2 and end > x1:
                    yield y, x, piece


class InputParser(XTermParser):
    """Textual's parser of the terminal's input, with pastes and Esc as `InputStream` finds them."""

    def __init__(self, alt_keys: frozenset[str], debug: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's
        super().__init__(debug)
        self._stream = InputStream(alt_keys, constants.ESCAPE_DELAY)
        self._has_terminal = os.isatty(STDIN)

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the events of `data`; an empty text ends the input."""
        if not data:
            yield from super().feed(data)
        for piece in self._stream.feed(data, monotonic()):
            yield from self._messages(piece)

    def tick(self) -> Iterable[Message]:
        """Yield the events that a pause completes. Textual's driver calls this every 0.1 s, in its thread.

        Without a terminal, its loop would turn without a pause, and for ever.
        """
        if self._has_terminal:
            hang_up_without_terminal(STDIN)
        for piece in self._stream.tick(monotonic()):
            yield from self._messages(piece)
        yield from super().tick()

    def _messages(self, piece: Piece) -> Iterable[Message]:
        if piece.pasted:
            yield events.Paste(piece.text.replace("\0", ""))
        elif piece.text == ESCAPE:
            yield events.Key("escape", ESCAPE)
        else:
            yield from super().feed(piece.text)


def parse_input(alt_keys: frozenset[str]) -> None:
    """Let Textual's driver parse the input with `InputParser`. Replaces a name in the driver's module.

    `alt_keys`: characters that have a command with Alt.
    """
    vars(linux_driver)["XTermParser"] = partial(InputParser, alt_keys)


def add_line_filter(app: App[None], line_filter: LineFilter) -> None:
    """Let `line_filter` filter each line that `app` writes. Uses App._filters."""
    app._filters.append(line_filter)  # noqa: SLF001 - Textual has no public way (its issue 3086)


class ThemedLines(App[None]):
    """Mixin for an App: a filter of lines that is made anew for each theme, and comes before Textual's.

    Overrides App._refresh_truecolor_filter, which Textual calls at a change of theme.
    """

    def theme_filter(self) -> LineFilter:
        """Return the filter for the current theme."""
        raise NotImplementedError

    def _refresh_truecolor_filter(self, theme: TerminalTheme) -> None:
        super()._refresh_truecolor_filter(theme)
        made = self.theme_filter()
        others = [known for known in self._filters if type(known) is not type(made)]
        self._filters = [made, *others]


class Framed(Protocol):
    """A widget that draws its own border."""

    def frame_edge(self, width: int, *, is_top: bool) -> Strip:
        """Return the first or the last line of the border."""

    def frame_side(self) -> Segment:
        """Return the cell of the border at the left and at the right."""


class FrameLines(StylesCache):
    """Lines of a widget whose border the widget draws. Overrides StylesCache.render_line."""

    def __init__(self, framed: Framed) -> None:
        super().__init__()
        self._framed = framed

    def render_line(self, styles: StylesBase, y: int, size: Size, *args: Any, **options: Any) -> Strip:
        """Return a line; a border that Textual would draw is drawn by the widget."""
        if not styles.border_left[0]:
            return super().render_line(styles, y, size, *args, **options)
        if y in {0, size.height - 1}:
            return self._framed.frame_edge(size.width, is_top=y == 0)
        line = list(super().render_line(styles, y, size, *args, **options))
        side = self._framed.frame_side()
        return Strip([side, *line[1:-1], side], size.width)


def draw_own_frame(widget: Widget, framed: Framed) -> None:
    """Let `framed` draw the border of `widget`. Uses Widget._styles_cache."""
    widget._styles_cache = FrameLines(framed)  # noqa: SLF001 - titles at both ends of a border have no public way


def screen_text(app: App[None]) -> list[str]:
    """Return the lines of the screen as they are shown, without styles.

    Uses Screen._compositor.
    """
    strips: list[Strip] = app.screen._compositor.render_strips()  # noqa: SLF001 - the export is an image only
    return [strip.text.rstrip() for strip in strips]


def screen_styles(app: App[None]) -> set[Style]:
    """Return the styles of all text on the screen, after all filters.

    Uses Screen._compositor.
    """
    strips: list[Strip] = app.screen._compositor.render_strips()  # noqa: SLF001 - as above
    return {segment.style or Style.null() for strip in strips for segment in strip if segment.text.strip()}
