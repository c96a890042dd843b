"""The Run pane: the progress of a run, then its result until the user closes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from koonj.humanize import now, time_of_day
from koonj.tui.render.next_steps import next_keys
from koonj.tui.render.run_lines import Line, log_lines, progress, result_lines, summary
from koonj.tui.state.log_line import LogLine
from koonj.tui.state.run import RunStage, RunView
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.theme.fills import badge, filled
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.frame_lines import title_parts
from koonj.tui.widgets.pane import Copyable, Pane

TICK = 1.0
"""Seconds between two updates of the elapsed time during a run."""
_WIDE = 100_000
"""Width, in cells, for copied lines, so that they are not wrapped."""


class RunPane(Pane):
    """The log of a run; scrolls to the newest line, and at the end to the result."""

    NUMBER = "4"
    TITLE = "Run"
    NOTHING_TO_COPY = "Nothing has run yet."

    view: reactive[RunView | None] = reactive(None, repaint=False)
    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._wrapped: dict[LogLine, list[Line]] = {}
        self._width = 0
        self._following = True
        self._result_start = 0
        self._ticker: Timer | None = None

    def watch_view(self, old: RunView | None, new: RunView | None) -> None:
        self._tick(running=new is not None and new.running)
        if old is None or new is None or (new.running and not old.running):
            self._following = True
        self._rewrap()
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Scroll to the newest line, or to the first line of an error or a conflict."""
        if self._following:
            to_read = self.view is not None and self.view.has_problem
            self.top = self._result_start if to_read else self.last_top

    def _rewrap(self) -> None:
        width = max(20, self.size.width)
        log = self._log(self.view, width) if self.view else []
        result = result_lines(self.view, width) if self.view else []
        self._result_start = len(log)
        self._lines = log + result
        self.body_changed()

    def _log(self, view: RunView, width: int) -> list[Line]:
        """Return the lines of the log. Only new entries are wrapped."""
        known = self._wrapped if width == self._width else {}
        self._wrapped, self._width = {e: known.get(e) or log_lines(e, width) for e in view.log}, width
        lines = [line for entry in view.log for line in self._wrapped[entry]]
        return [[(f" … {view.dropped_lines} earlier lines", DIM)], *lines] if view.dropped_lines else lines

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        """Show another title when another target is chosen."""
        if old is not None and new is not None and old.chosen != new.chosen:
            self.body_changed()

    def on_resize(self) -> None:
        self._rewrap()
        self._follow()

    def go(self, lines: int) -> None:
        """Scroll by `lines`. New lines scroll the pane only while the end is visible."""
        super().go(lines)
        self._following = self.top >= self.last_top

    def go_to(self, index: int) -> None:
        """Scroll to line `index`, with the same rule as `go`."""
        super().go_to(index)
        self._following = self.top >= self.last_top

    def _tick(self, *, running: bool) -> None:
        if running and self._ticker is None:
            self._ticker = self.set_interval(TICK, self.redraw_head)
        elif not running and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def copyable(self) -> Copyable | None:
        """Return the result if it needs attention, else the whole output."""
        view = self.view
        if view is None:
            return None
        if view.has_problem:
            return Copyable(
                f"the result of the run on {view.target}", lambda: _text(result_lines(view, _WIDE))
            )
        return Copyable(f"the output of the run on {view.target}", lambda: _text(_all_lines(view)))

    def count(self) -> int:
        return len(self._lines) if self.view else 1

    def title(self) -> tuple[str, str]:
        """Return the stage of the run, and the key that cancels it or closes its result."""
        if self.view is None:
            return self.TITLE, ""
        title = f"{self.TITLE}{self._place}"
        if self.view.running:
            return f"{title}  in progress", f"{self.key_now('c')} cancel"
        ended = time_of_day(self.view.ended) if self.view.ended is not None else ""
        return f"{title}  ended {ended}", "" if self.view.closed else "Esc close"

    @property
    def tone(self) -> str:
        """Token of the state of the run while it works, or if its end is to be read."""
        view = self.view
        if view is None or view.stage is RunStage.REST:
            return "accent"
        if view.running:
            return "warn" if view.in_the_way else "info"
        return "error" if view.has_problem else "accent"

    def title_left(self, width: int) -> Sequence[Part]:
        if self.collapsed:
            return super().title_left(width)
        name = f"{self.TITLE}{self._place}{'  zoomed' if self.has_class('-zoomed') else ''}"
        return title_parts(self.NUMBER, name, self.tone, focused=self.has_pseudo_class("focus"))

    def title_right(self, width: int) -> Sequence[Part]:
        """Return the stage of the run as a badge."""
        view = self.view
        if view is None:
            return []
        if view.running:
            return [(" in progress ", badge(self.tone if self.tone != "accent" else "info"))]
        ended = time_of_day(view.ended) if view.ended is not None else ""
        return [(f" ended {ended} ", badge("error" if view.has_problem else "ok"))]

    def frame_foot(self) -> Sequence[Part]:
        """Return the key that cancels the run or closes its result."""
        right = self.title()[1]
        return [(f" {right} ", DIM)] if right else []

    @property
    def _place(self) -> str:
        """The target of the run, if another one is chosen."""
        chosen = None if self.snapshot is None else self.snapshot.chosen
        return "" if self.view is None or self.view.target == chosen else f" on {self.view.target}"

    def summary(self) -> Sequence[Part]:
        parts = summary(self.view, now())
        is_named = self.view is not None and self.view.running
        return parts if is_named or not self._place else [(f"{self._place.strip()}  ", STRONG), *parts]

    def head(self, width: int) -> Sequence[Strip]:
        return [strip(line, width) for line in progress(self.view, now(), width)] if self.view else ()

    def foot(self, width: int) -> Sequence[Strip]:
        """Return the suggested keys. They stay visible while the user scrolls the error."""
        keys = next_keys(self.view) if self.view is not None else ()
        parts = [
            part for key, label in keys for part in (*self._key(self.key_now(key)), (f" {label} ", PLAIN))
        ]
        return [strip(parts, width)] if parts else ()

    def _key(self, key: str) -> Sequence[Part]:
        """Return a key that can be pressed now; filled if the theme has fills."""
        return [(" ", PLAIN), (f" {key} ", filled("accent"))] if self.has_fills else [(f" {key}", STRONG)]

    def draw(self, index: int, width: int) -> Strip:
        if self.view is None:
            return strip([(" nothing has run yet", DIM)], width)
        return strip(self._lines[index], width)


def _all_lines(view: RunView) -> list[Line]:
    log = [line for entry in view.log for line in log_lines(entry, _WIDE)]
    return [*log, *result_lines(view, _WIDE)]


def _text(lines: Iterable[Line]) -> str:
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
