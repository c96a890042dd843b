"""The run: what goes on while one does, and how the last one ended until it is dismissed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from koonj.humanize import now
from koonj.tui.render.next_steps import next_keys
from koonj.tui.render.run_lines import Line, log_lines, progress, result_lines, summary
from koonj.tui.state.run import LogLine, RunView
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, strip
from koonj.tui.widgets.pane import Copyable, Pane

TICK = 1.0
"""Seconds between two updates of the elapsed time, and only while a run goes on."""
_WIDE = 100_000
"""Cells of a line that is not wrapped."""


class RunPane(Pane):
    """Follows a run; at its end it stays on the result."""

    NUMBER = "4"
    TITLE = "Run"
    NOTHING_TO_COPY = "Nothing has run yet."

    view: reactive[RunView | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._wrapped: dict[LogLine, list[Line]] = {}
        self._width = 0
        self._following = True
        self._ending = 0
        self._ticker: Timer | None = None

    def watch_view(self, old: RunView | None, new: RunView | None) -> None:
        """Something happened."""
        self._tick(running=new is not None and new.running)
        if old is None or new is None or (new.running and not old.running):
            self._following = True
        self._rewrap()
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Stay on the newest line; an error or a conflict is read from its beginning."""
        if self._following:
            self.top = self._ending if self.view is not None and self.view.has_problem else self.last_top

    def _rewrap(self) -> None:
        width = max(20, self.size.width)
        happened = self._happened(self.view, width) if self.view else []
        ending = result_lines(self.view, width) if self.view else []
        self._ending = len(happened)
        self._lines = happened + ending
        self.body_changed()

    def _happened(self, view: RunView, width: int) -> list[Line]:
        """The log; only what is new in it is wrapped."""
        known = self._wrapped if width == self._width else {}
        self._wrapped, self._width = {e: known.get(e) or log_lines(e, width) for e in view.log}, width
        lines = [line for entry in view.log for line in self._wrapped[entry]]
        return [[(f" … {view.dropped_lines} earlier lines", DIM)], *lines] if view.dropped_lines else lines

    def on_resize(self) -> None:
        """Wrap anew."""
        self._rewrap()
        self._follow()

    def go(self, lines: int) -> None:
        """Scroll; who leaves the end is not brought back to it by every new line."""
        super().go(lines)
        self._following = self.top >= self.last_top

    def go_to(self, index: int) -> None:
        """Scroll to a line, as `go` does."""
        super().go_to(index)
        self._following = self.top >= self.last_top

    def _tick(self, *, running: bool) -> None:
        if running and self._ticker is None:
            self._ticker = self.set_interval(TICK, self.redraw_head)
        elif not running and self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def copyable(self) -> Copyable | None:
        """Give how the run ended, where that is to be read; else all that it said."""
        view = self.view
        if view is None:
            return None
        if view.has_problem:
            return Copyable(f"how the run on {view.target} ended", lambda: _text(result_lines(view, _WIDE)))
        return Copyable(f"what the run on {view.target} said", lambda: _text(_all_lines(view)))

    def count(self) -> int:
        """Lines of what happened."""
        return len(self._lines) if self.view else 1

    def title(self) -> tuple[str, str]:
        """What runs or ran, and how an ended one is put away."""
        if self.view is None:
            return self.TITLE, ""
        if self.view.running:
            return f"{self.TITLE}  going on", f"{self.key_now('c')} cancels"
        return f"{self.TITLE}  ended", "Esc dismisses"

    def summary(self) -> Sequence[Part]:
        """How it goes, or how it ended."""
        return summary(self.view, now())

    def head(self, width: int) -> Sequence[Strip]:
        """Migration and statement of the run that goes on."""
        return [strip(line, width) for line in progress(self.view, now(), width)] if self.view else ()

    def foot(self, width: int) -> Sequence[Strip]:
        """The keys that make sense now: they stay where they are while the error is read."""
        keys = next_keys(self.view) if self.view is not None else ()
        parts = [
            part for key, does in keys for part in ((f" {self.key_now(key)}", STRONG), (f" {does} ", PLAIN))
        ]
        return [strip(parts, width)] if parts else ()

    def draw(self, index: int, width: int) -> Strip:
        """One line of what happened."""
        if self.view is None:
            return strip([(" nothing has run yet", DIM)], width)
        return strip(self._lines[index], width)


def _all_lines(view: RunView) -> list[Line]:
    log = [line for entry in view.log for line in log_lines(entry, _WIDE)]
    return [*log, *result_lines(view, _WIDE)]


def _text(lines: Iterable[Line]) -> str:
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
