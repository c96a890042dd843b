"""The list of problems below the text in the editor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from koonj.humanize import count, sentences
from koonj.tui.state.file_place import FilePlace
from koonj.tui.state.screen_advice import in_keys
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.theme.severities import severity_style
from koonj.tui.toolkit.strips import Part, strip, wrap
from koonj.tui.widgets.pane import Pane


class ProblemList(Pane):
    """Problems with line, column, source, code, message and hint.

    Up and Down select one, Enter or a click goes to its place, Esc goes back to the text.
    """

    class Chosen(Message):
        """Posted when the user chooses a problem; None to go back to the text."""

        def __init__(self, problem: FilePlace | None) -> None:
            super().__init__()
            self.problem = problem

    problems: reactive[tuple[FilePlace, ...]] = reactive((), repaint=False)
    current: reactive[FilePlace | None] = reactive(None, repaint=False)
    """The problem at the cursor of the editor."""

    def __init__(self) -> None:
        super().__init__()
        self._wrapped: tuple[int, list[tuple[FilePlace, list[Part]]]] = (0, [])

    def watch_problems(self) -> None:
        self._wrapped = (0, [])
        self.body_changed()

    def watch_current(self) -> None:
        self._wrapped = (0, [])
        rows = [i for i, (problem, _) in enumerate(self._lines(self.size.width)) if problem == self.current]
        if rows and not self.top <= rows[0] <= rows[-1] < self.top + self.page:
            self.top = rows[0]
        self.refresh()

    def go(self, lines: int) -> None:
        """Select the problem that is `lines` further."""
        if self.problems:
            at = self.problems.index(self.current) if self.current in self.problems else -1
            self.current = self.problems[max(0, min(at + lines, len(self.problems) - 1))]

    def on_key(self, event: events.Key) -> None:
        if event.key in {"up", "down"}:
            event.stop()
            self.go(1 if event.key == "down" else -1)
        elif event.key in {"enter", "escape"}:
            event.stop()
            self.post_message(self.Chosen(self.current if event.key == "enter" else None))

    def on_click(self, event: events.Click) -> None:
        index = self.line_at(event.y)
        self.post_message(self.Chosen(None if index is None else self._lines(self.size.width)[index][0]))

    def title(self) -> tuple[str, str]:
        words = count(len(self.problems), "problem") if self.problems else "No problems"
        return words, self.place

    def count(self) -> int:
        return len(self._lines(self.size.width or 80))

    def draw(self, index: int, width: int) -> Strip:
        return strip(self._lines(width)[index][1], width)

    def _lines(self, width: int) -> Sequence[tuple[FilePlace, list[Part]]]:
        if self._wrapped[0] != width:
            self._wrapped = (
                width,
                [(p, line) for p in self.problems for line in self._problem_lines(p, width)],
            )
        return self._wrapped[1]

    def _problem_lines(self, problem: FilePlace, width: int) -> Iterator[list[Part]]:
        where = problem.where or "file"
        first = f"{where:>6} {problem.label}: "
        text = sentences(problem.message, in_keys(problem.hint, self.key_now))
        head: list[Part] = [
            (" ! ", severity_style(problem.severity)),
            (first, STRONG if problem == self.current else DIM),
        ]
        rest = 10
        if width - 3 - cell_len(first) < len(text):
            start, *more = wrap(text, max(8, width - 4 - cell_len(first)))
            yield [*head, (start, PLAIN)]
            for line in wrap(" ".join(more), width - rest - 1) if more else ():
                yield [(" " * rest, PLAIN), (line, PLAIN)]
        else:
            yield [*head, (text, PLAIN)]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        self._filled = self.title_lines + max(len(self._lines(width)), 1 if self.framed else 0)
        return self._filled
