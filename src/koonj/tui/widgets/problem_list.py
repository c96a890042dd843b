"""The list of problems below the text in the editor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual.reactive import reactive
from textual.strip import Strip

from koonj.humanize import count
from koonj.sql.problem import Problem
from koonj.tui.theme import DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import Part, strip, wrap
from koonj.tui.widgets.pane import Pane
from koonj.tui.widgets.sql_editor import problem_style


class ProblemList(Pane, can_focus=False):
    """Problems with line, column, code, message and hint."""

    problems: reactive[tuple[Problem, ...]] = reactive((), repaint=False)
    current: reactive[Problem | None] = reactive(None, repaint=False)
    """The problem at the cursor of the editor."""

    def __init__(self) -> None:
        super().__init__()
        self._wrapped: tuple[int, list[tuple[Problem, list[Part]]]] = (0, [])

    def watch_problems(self) -> None:
        self._wrapped = (0, [])
        self.body_changed()

    def watch_current(self) -> None:
        self._wrapped = (0, [])
        rows = [i for i, (problem, _) in enumerate(self._lines(self.size.width)) if problem == self.current]
        if rows and not self.top <= rows[0] <= rows[-1] < self.top + self.page:
            self.top = rows[0]
        self.refresh()

    def title(self) -> tuple[str, str]:
        words = count(len(self.problems), "problem") if self.problems else "No problems"
        return words, self.place

    def count(self) -> int:
        return len(self._lines(self.size.width or 80))

    def draw(self, index: int, width: int) -> Strip:
        return strip(self._lines(width)[index][1], width)

    def _lines(self, width: int) -> Sequence[tuple[Problem, list[Part]]]:
        if self._wrapped[0] != width:
            self._wrapped = (
                width,
                [(p, line) for p in self.problems for line in self._problem_lines(p, width)],
            )
        return self._wrapped[1]

    def _problem_lines(self, problem: Problem, width: int) -> Iterator[list[Part]]:
        where = f"{problem.line}:{problem.column or 1}" if problem.line else "file"
        first = f"{where:>6} {problem.code} "
        text = f"{problem.message} {problem.hint}"
        head: list[Part] = [
            (" ! ", problem_style(problem)),
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
        self._filled = 1 + len(self._lines(width))
        return self._filled
