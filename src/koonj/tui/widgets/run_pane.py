"""The Run pane: the progress of a run, then its result until the user closes it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from koonj.humanize import end_time, now
from koonj.tui.render.fleet_lines import fleet_progress, fleet_summary, target_rows
from koonj.tui.render.next_steps import next_keys
from koonj.tui.render.result_lines import Block, fitting_blocks, result_lines
from koonj.tui.render.run_head import filled_progress
from koonj.tui.render.run_lines import TONES, Line, log_lines, progress, summary
from koonj.tui.state.file_place import FileLine
from koonj.tui.state.fleet_run import FleetRunView
from koonj.tui.state.log_line import LogLine, Tone, result_words
from koonj.tui.state.run import RunStage, RunView
from koonj.tui.state.screen_advice import KeyNow
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.theme.fills import badge, filled
from koonj.tui.toolkit.strips import Part, side_by_side, strip
from koonj.tui.widgets.cursor_pane import CursorPane
from koonj.tui.widgets.cursor_row import with_cursor
from koonj.tui.widgets.frame_lines import title_parts
from koonj.tui.widgets.pane import Copyable

TICK = 1.0
"""Seconds between two updates of the elapsed time during a run."""
_NEXT_LINES = 2
"""Maximum number of lines of the suggested keys."""
_HIGH = 38
"""Lines of a screen from which on the preview is beside the run."""
_WIDE = 100_000
"""Width, in cells, for copied lines, so that they are not wrapped."""


class RunPane(CursorPane):
    """The log of a run; the cursor is on the newest line, and at the end on the result."""

    NUMBER = "4"
    TITLE = "Run"
    NOTHING_TO_COPY = "Nothing has run yet."
    FOOT_FOLLOWS = True

    view: reactive[RunView | None] = reactive(None, repaint=False)
    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    target: reactive[str] = reactive("", repaint=False)
    """Of a run on several targets: that whose own run is shown; empty for all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._places: list[FileLine | None] = []
        """The place that each line is about."""
        self._targets: list[str] = []
        """Of a run on several targets: the target that each line is about; empty for none."""
        self._wrapped: dict[LogLine, list[Line]] = {}
        self._width = 0
        self._following = True
        self._result_start = 0
        self._is_cut = False
        """Whether a text of the result is not shown whole."""
        self._ticker: Timer | None = None

    class LineChosen(Message):
        """Posted when a line with a place is clicked."""

        def __init__(self, place: FileLine) -> None:
            super().__init__()
            self.place = place

    def watch_view(self, old: RunView | None, new: RunView | None) -> None:
        self._tick(running=new is not None and new.running)
        if old is None or new is None or (new.running and not old.running):
            self._following = True
            self.target = ""
        self._rewrap()
        self.call_after_refresh(self._follow)

    @property
    def shown(self) -> RunView | None:
        """The run that is shown: that of the one target, if the user has opened it."""
        view = self.view
        if isinstance(view, FleetRunView) and self.target:
            return view.on(self.target) or view
        return view

    @property
    def part(self) -> str:
        """The target whose own run is shown, if it is one of several; else empty."""
        return self.target if self.shown is not self.view else ""

    def open_target(self) -> bool:
        """Show the own run of the target at the cursor; return whether there is one."""
        view, index = self.view, self.cursor
        if not isinstance(view, FleetRunView) or self.part or index >= len(self._targets):
            return False
        name = self._targets[index]
        if not name or view.on(name) is None:
            return False
        self.target = name
        return True

    def close_target(self) -> bool:
        """Show all targets again; return whether only one was shown."""
        was = bool(self.part)
        self.target = ""
        return was

    def watch_target(self, old: str, new: str) -> None:
        """Show the other run: its end, or the row of the target that was shown."""
        self._following = bool(new)
        self._rewrap()
        if new:
            self._follow()
        elif old in self._targets:
            self.cursor = self._targets.index(old)
            self.show_cursor()
        self.redraw_title()

    def _follow_targets(self, view: FleetRunView) -> None:
        """Go to the first target that is running, or is not well."""
        wanted = [one.name for one in view.targets if one.has_problem] if not view.running else []
        wanted = wanted or [one.name for one in view.running_targets]
        self.cursor = self._targets.index(wanted[0]) if wanted else min(1, self.count() - 1)
        if not view.running:
            self.top = 0
        self.show_cursor()

    def _follow(self) -> None:
        """Go to the newest line, or to the first line of an error or a conflict."""
        view = self.shown
        if isinstance(view, FleetRunView):
            if self._following:
                self._follow_targets(view)
        elif self._following:
            to_read = view is not None and view.has_problem
            self.top = self._result_start if to_read else self.last_top
            self.cursor = self._result_start if to_read else self.count() - 1

    def _rewrap(self) -> None:
        width = max(20, self.size.width)
        view = self.shown
        rows = [*target_rows(view, width)] if isinstance(view, FleetRunView) else []
        blocks: list[Block] = [(None, lines) for _, lines in rows]
        blocks += self._log(view, width) if view else []
        self._result_start = sum(len(lines) for _, lines in blocks)
        result, self._is_cut = self._result(view, width) if view else ([], False)
        blocks += result
        self._lines = [line for _, lines in blocks for line in lines]
        self._places = [place for place, lines in blocks for _ in lines]
        self._targets = [name for name, lines in rows for _ in lines]
        self.body_changed()

    def _result(self, view: RunView, width: int) -> tuple[list[Block], bool]:
        room = self.room
        return fitting_blocks(view, width, room, has_fills=self.has_fills, key=self.key_now)

    @property
    def room(self) -> int:
        """Lines of a result that are to be seen without scrolling; the zoomed pane shows all of them.

        It depends on the screen, not on the pane, because the pane is as high as its lines.
        """
        height = self.app.size.height
        if self.has_class("-zoomed"):
            return sys.maxsize
        return height // 2 if height < _HIGH else height * 3 // 8

    def _log(self, view: RunView, width: int) -> Iterator[Block]:
        """Yield the lines of the log with their places. Only new entries are wrapped."""
        known = self._wrapped if width == self._width else {}
        self._wrapped, self._width = {e: known.get(e) or log_lines(e, width) for e in view.log}, width
        if view.dropped_lines:
            yield None, [[(f" … {view.dropped_lines} earlier lines", DIM)]]
        yield from ((entry.place, self._wrapped[entry]) for entry in view.log)

    @property
    def place_here(self) -> FileLine | None:
        """The place that the line of the cursor is about; None if it is about none."""
        return self._places[self.cursor] if 0 <= self.cursor < len(self._places) else None

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        """Show another title when another target is chosen."""
        if old is not None and new is not None and old.chosen != new.chosen:
            self.body_changed()

    def zoom(self, zoomed: bool) -> None:  # noqa: FBT001 - as of the base class
        """Show all of the result in the zoomed pane."""
        was = self.has_class("-zoomed")
        super().zoom(zoomed)
        if was != zoomed:
            self._rewrap()

    def on_resize(self) -> None:
        self._rewrap()
        self._follow()

    def go(self, lines: int) -> None:
        """Move the cursor by `lines`. New lines move it only while it is on the last one."""
        super().go(lines)
        self._following = self.cursor >= self.count() - 1

    def go_to(self, index: int) -> None:
        """Move the cursor to line `index`, with the same rule as `go`."""
        super().go_to(index)
        self._following = self.cursor >= self.count() - 1

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked line, and open its place."""
        if self.view is None or self.line_at(event.y) is None:
            return
        super().on_click(event)
        self._following = self.cursor >= self.count() - 1
        if not self.open_target() and self.place_here is not None:
            self.post_message(self.LineChosen(self.place_here))

    def _tick(self, *, running: bool) -> None:
        if running and self._ticker is None:
            self._ticker = self.set_interval(TICK, self.redraw_head)
        elif not running and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def copyable(self) -> Copyable | None:
        """Return the result if it needs attention, else the whole output."""
        view = self.shown
        if view is None:
            return None
        if isinstance(view, FleetRunView):
            return Copyable(
                f"the targets of the run on {view.target}", lambda: _text(_fleet_text(view, self.key_now))
            )
        if view.has_problem:
            return Copyable(
                f"the result of the run on {view.target}",
                lambda: _text(result_lines(view, _WIDE, self.key_now)),
            )
        return Copyable(
            f"the output of the run on {view.target}", lambda: _text(_all_lines(view, self.key_now))
        )

    def count(self) -> int:
        return len(self._lines) if self.view else 1

    def title(self) -> tuple[str, str]:
        """Return the stage of the run, and the key that cancels it or closes its result."""
        if self.view is None:
            return self.TITLE, ""
        title = f"{self.TITLE}{self._place}"
        if self.part:
            return title, "Esc all targets"
        if self.view.running:
            return f"{title}  in progress", f"{self.key_now('c')} cancel"
        ended = end_time(self.view.ended) if self.view.ended is not None else ""
        return f"{title}  ended {ended}", "" if self.view.closed else "Esc close"

    @property
    def tone(self) -> str:
        """Token of the state of the run while it works, or if its end is to be read."""
        view = self.shown
        if view is None or view.stage is RunStage.REST:
            return "accent"
        if view.running:
            return "warn" if view.waits else "info"
        return "error" if view.has_problem else "accent"

    def title_left(self, width: int) -> Sequence[Part]:
        if self.collapsed:  # the summary says the rest
            return title_parts(self.NUMBER, self.TITLE, self.tone, focused=self.has_pseudo_class("focus"))
        name = f"{self.TITLE}{self._place}{'  zoomed' if self.has_class('-zoomed') else ''}"
        return title_parts(self.NUMBER, name, self.tone, focused=self.has_pseudo_class("focus"))

    def title_right(self, width: int) -> Sequence[Part]:
        """Return the stage of the run as a badge."""
        view = self.shown
        if view is None:
            return []
        if view.running:
            words = "waits for a lock" if view.in_the_way else "waits" if view.waits else "in progress"
            return [(f" {words} ", badge(self.tone if self.tone != "accent" else "info"))]
        ended = f" {end_time(view.ended)}" if view.ended is not None else ""
        tone, word = (
            result_words(view.finished.result) if view.finished is not None else (Tone.BAD, "no result")
        )
        return [(f" {TONES[tone][0]} {word}{ended} ", badge("error" if view.has_problem else "ok"))]

    def frame_foot(self) -> Sequence[Part]:
        """Return the key that cancels the run or closes its result."""
        right = self.title()[1]
        return [(f" {right} ", DIM)] if right else []

    @property
    def _place(self) -> str:
        """The target of the run, if another one is chosen."""
        chosen = None if self.snapshot is None else self.snapshot.chosen
        view = self.shown
        return "" if view is None or (view.target == chosen and not self.part) else f" on {view.target}"

    def summary(self) -> Sequence[Part]:
        if isinstance(self.view, FleetRunView):
            return fleet_summary(self.view, now())
        parts = summary(self.view, now())
        is_named = self.view is not None and self.view.running
        return parts if is_named or not self._place else [(f"{self._place.strip()}  ", STRONG), *parts]

    def head(self, width: int) -> Sequence[Strip]:
        view = self.shown
        if view is None:
            return ()
        if isinstance(view, FleetRunView):
            return [strip(line, width) for line in fleet_progress(view, now(), width)]
        made = filled_progress if self.has_fills else progress
        return [strip(line, width) for line in made(view, now(), width)]

    def foot(self, width: int) -> Sequence[Strip]:
        """Return the suggested keys. They stay visible while the user scrolls the error."""
        keys = next_keys(self.view) if self.view is not None and not self.part else ()
        keys += (("+", "show all"),) if self._is_cut else ()
        lead: Part = (" next       " if self.has_fills else "", DIM)
        indent: Part = (" " * len(lead[0]), PLAIN)
        items = [[*self._key(self.key_now(key)), (f" {label} ", PLAIN)] for key, label in keys]
        rows = side_by_side(items, width - len(lead[0]), _NEXT_LINES)
        return [strip([indent if number else lead, *row], width) for number, row in enumerate(rows)]

    def _key(self, key: str) -> Sequence[Part]:
        """Return a key that can be pressed now; filled if the theme has fills."""
        return [(" ", PLAIN), (f" {key} ", filled("accent"))] if self.has_fills else [(f" {key}", STRONG)]

    def draw(self, index: int, width: int) -> Strip:
        if self.view is None:
            return strip([(" nothing has run yet", DIM)], width)
        if index != self.cursor or not self.has_pseudo_class("focus"):
            return strip(self._lines[index], width)
        return with_cursor(strip(self._lines[index], width), has_fills=self.has_fills)


def _fleet_text(view: FleetRunView, key: KeyNow) -> list[Line]:
    rows = [line for _, lines in target_rows(view, _WIDE) for line in lines]
    return [*rows, *_all_lines(view, key)]


def _all_lines(view: RunView, key: KeyNow) -> list[Line]:
    log = [line for entry in view.log for line in log_lines(entry, _WIDE)]
    return [*log, *result_lines(view, _WIDE, key)]


def _text(lines: Iterable[Line]) -> str:
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
