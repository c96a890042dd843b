"""The tab Changes: the file compared with the text that ran."""

from __future__ import annotations

from koonj.sql.text_diff import TextDiff, TextDiffLine
from koonj.tui.documents.sql_text import expand
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import Line

_STYLES = {"-": BAD, "+": GOOD, " ": PLAIN, "…": DIM}
_LEGEND = "- the text that ran, + the file now"


class ChangeSheet:
    """Sentences about the change, then the diff with signs in the margin."""

    def __init__(self, meaning: str, change: TextDiff) -> None:
        self._words = (meaning, *change.notes, *((_LEGEND,) if change.lines else ()))
        self._lines = change.lines
        self._digits = len(str(max((line.number for line in change.lines), default=0)))
        self._widest = max((len(expand(line.text[:9_999])) for line in change.lines), default=0)

    def count(self, width: int) -> int:
        """Return the number of lines: sentences, a blank line, the diff."""
        return len(self._wrapped(width)) + 1 + len(self._lines)

    def line(self, index: int, width: int) -> Line:
        words = [*self._wrapped(width), ""]
        if index < len(words):
            return (), [(" " + words[index], DIM if words[index] in _LEGEND else PLAIN)]
        return self._changed(self._lines[index - len(words)])

    def widest(self, width: int) -> int:
        return self._widest + self._digits + 4

    def _wrapped(self, width: int) -> list[str]:
        return [line for text in self._words for line in wrap(text, width - 2)]

    def _changed(self, line: TextDiffLine) -> Line:
        style = _STYLES[line.sign]
        if line.sign == "…":
            return (), [(f" {line.text}", style)]
        margin = [(f" {line.sign} ", style), (f"{line.number:>{self._digits}} ", DIM)]
        return margin, _with_trailing(line.sign, expand(line.text))


def _with_trailing(sign: str, text: str) -> list[Part]:
    """Show blanks at the end of a changed line as dots: they can be the only change."""
    look = _STYLES[sign]
    kept = text.rstrip(" ")
    if sign == " " or kept == text:
        return [(text, look)]
    return [(kept, look), ("·" * (len(text) - len(kept)), DIM)]
