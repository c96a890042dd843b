"""Keep the highlighting of a text while it is edited.

Highlighting a long text takes longer than one key press should take. So an edited line is highlighted without
the others, and the other lines keep their styles, also if they move. When the user pauses, the whole text is
analyzed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from koonj.tui.documents import highlighting
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.state.file_place import FilePlace, by_weight
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import Part

_LONG = 2_000
"""Number of characters above which an edited line is plain."""


class LiveHighlighting:
    """Styles and problems of the last analysis, mapped to the edited lines."""

    def __init__(self) -> None:
        self._origins: list[int] = []
        """For each line its index in the analyzed text; for an edited line the ones' complement of it."""
        self._lines = LineIndex("")
        self._colours = Highlighting("", end=0)
        self._edited_parts: dict[str, list[Part]] = {}
        """Styles of edited lines, by their text."""
        self._problems: Mapping[int, tuple[FilePlace, ...]] = {}
        self.generation = 0
        """Changes if lines can look different than before."""

    def set_analysis(self, text: str, count: int, found: Highlighting, problems: Iterable[FilePlace]) -> None:
        """Replace the analysis: a text of `count` lines, its highlighting, its problems."""
        self._lines, self._colours = LineIndex(text), found
        self._origins = list(range(count))
        self._edited_parts.clear()
        self._set_problems(problems)

    def _set_problems(self, problems: Iterable[FilePlace]) -> None:
        """Replace the problems of the text that was analyzed last."""
        by_line: dict[int, tuple[FilePlace, ...]] = {}
        for problem in problems:
            if problem.line is not None:
                index = problem.line - 1
                by_line[index] = (*by_line.get(index, ()), problem)
        self._problems = by_line
        self.generation += 1

    def replace_lines(self, first: int, last: int, new_count: int) -> None:
        """Replace the lines from `first` to `last` by `new_count` edited ones."""
        origins = self._origins
        old = origins[first] if first < len(origins) else len(origins)
        origins[first : last + 1] = [old if old < 0 else ~old] + [~len(self._lines)] * (new_count - 1)

    def problems_at(self, row: int) -> Sequence[FilePlace]:
        """Return the problems of a line at the last analysis, errors first."""
        found = self._problems.get(self._original_index(row), ())
        return by_weight(found) if found else ()

    def row_of(self, line: int) -> int | None:
        """Return the present row of line `line` (0-based) of the analyzed text.

        Returns None if the line is deleted.
        """
        return next((row for row, at in enumerate(self._origins) if at in (line, ~line)), None)

    def original_line(self, row: int) -> int:
        """Return the index of a row in the analyzed text.

        Negative (ones' complement) if it was edited.
        """
        return self._origins[row] if row < len(self._origins) else ~len(self._lines)

    def _original_index(self, row: int) -> int:
        at = self.original_line(row)
        return ~at if at < 0 else at

    def highlight(self, first: int, last: int) -> bool:
        """Highlight these lines for one slice of time.

        Returns True if nothing more can be highlighted there now.
        """
        if not highlighting.has_lexers():
            return False
        known = [at for at in self._origins[first : last + 1] if at >= 0]
        if not known:
            return True
        return self._colours.highlight(self._lines.start(min(known)), self._lines.span(max(known))[1])

    def parts(self, row: int, line: str) -> list[Part]:
        """Return the text of a line with its styles, as far as they are known."""
        at = self.original_line(row)
        if at >= 0:
            start, end = self._lines.span(at)
            if end - start == len(line):
                return self._colours.parts(start, end)
        return self._parts_of_edited_line(line)

    def _parts_of_edited_line(self, line: str) -> list[Part]:
        if not line or len(line) > _LONG or not highlighting.has_lexers():
            return [(line, PLAIN)]
        if line not in self._edited_parts:
            alone = Highlighting(line, end=len(line))
            alone.highlight(0, len(line))
            self._edited_parts = dict(list(self._edited_parts.items())[-50:])
            self._edited_parts[line] = alone.parts(0, len(line))
        return self._edited_parts[line]
