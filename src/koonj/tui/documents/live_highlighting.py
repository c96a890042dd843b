"""The looks of a text that is being edited: those of its last reading, line by line, until the next one.

Reading all of a long text takes longer than a key may. So a line that was edited is coloured by itself, the
others keep what they had, wherever they went, and when the person pauses all is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from koonj.sql.problem import Problem, Severity
from koonj.tui.documents import highlighting
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part

_LONG = 2_000
"""Characters; a longer line is plain while it is edited."""


class LiveHighlighting:
    """Where each line was when the text was read, and whether it was edited since."""

    def __init__(self) -> None:
        self._origins: list[int] = []
        """Of each line its index in the text that was read; of an edited one the ones' complement of it."""
        self._lines = LineIndex("")
        self._colours = Highlighting("", end=0)
        self._own: dict[str, list[Part]] = {}
        """Edited lines, coloured by themselves."""
        self._problems: Mapping[int, tuple[Problem, ...]] = {}
        self.generation = 0
        """Another one: what was drawn may look different now."""

    def read(self, text: str, count: int, found: Highlighting, problems: Iterable[Problem]) -> None:
        """All is read: a text of `count` lines, its colours, its problems."""
        self._lines, self._colours = LineIndex(text), found
        self._origins = list(range(count))
        self._own.clear()
        self.judge(problems)

    def judge(self, problems: Iterable[Problem]) -> None:
        """What is wrong with the text that was read last."""
        by_line: dict[int, tuple[Problem, ...]] = {}
        for problem in problems:
            if problem.line is not None:
                index = problem.line - 1
                by_line[index] = (*by_line.get(index, ()), problem)
        self._problems = by_line
        self.generation += 1

    def edited(self, first: int, last: int, now: int) -> None:
        """The lines from `first` to `last` were replaced by `now` others."""
        origins = self._origins
        old = origins[first] if first < len(origins) else len(origins)
        origins[first : last + 1] = [old if old < 0 else ~old] + [~len(self._lines)] * (now - 1)

    def problems_at(self, row: int) -> Sequence[Problem]:
        """The problems of a line, the gravest first, as they were when it was read."""
        found = self._problems.get(self._origin(row), ())
        return sorted(found, key=lambda p: list(Severity).index(p.severity)) if found else ()

    def row_of(self, line: int) -> int | None:
        """Where line `line` (0-based) of the text that was read is now."""
        return next((row for row, at in enumerate(self._origins) if at in (line, ~line)), None)

    def whence(self, row: int) -> int:
        """Which line of the text that was read it is; negative where it was edited since."""
        return self._origins[row] if row < len(self._origins) else ~len(self._lines)

    def _origin(self, row: int) -> int:
        at = self.whence(row)
        return ~at if at < 0 else at

    def reach(self, first: int, last: int) -> bool:
        """Colour these lines for one slice of time at most; True when no more can be done of it now."""
        if not highlighting.is_prepared():
            return False
        known = [at for at in self._origins[first : last + 1] if at >= 0]
        if not known:
            return True
        return self._colours.reach(self._lines.start(min(known)), self._lines.span(max(known))[1])

    def parts(self, row: int, line: str) -> list[Part]:
        """A line and its looks, as far as they are known."""
        at = self.whence(row)
        if at >= 0:
            start, end = self._lines.span(at)
            if end - start == len(line):
                return self._colours.parts(start, end)
        return self._by_itself(line)

    def _by_itself(self, line: str) -> list[Part]:
        if not line or len(line) > _LONG or not highlighting.is_prepared():
            return [(line, PLAIN)]
        if line not in self._own:
            alone = Highlighting(line, end=len(line))
            alone.reach(0, len(line))
            self._own = dict(list(self._own.items())[-50:])
            self._own[line] = alone.parts(0, len(line))
        return self._own[line]
