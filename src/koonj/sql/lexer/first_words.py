"""Track the first words of a statement that affect how the following text is read."""

import re
from functools import cache
from itertools import pairwise

from koonj.sql.lexer.quotes import end_of_comment
from koonj.sql.lexer.rules import BLANKS, ReportedWords

WATCHED = frozenset({"create", "copy", "set", "reset", "discard"})
"""First words after which the scanner needs more words; others do not matter here."""

_ROUTINES = tuple(
    (*create, kind)
    for create in (("create",), ("create", "or", "replace"))
    for kind in ("function", "procedure")
)
_SETTING = "standard_conforming_strings"
_FALSE = frozenset({"off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0"})
_BEFORE_VALUE = frozenset({_SETTING, "to"})
_LIMIT = 8


class FirstWords:
    """The first identifiers of one statement, as psql tracks them (psqlscan.l, {identifier})."""

    __slots__ = ("value_at", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.value_at = 0

    def add_word(self, word: str, end: int) -> ReportedWords:
        """Add a word and return which words the scanner must report from here on.

        Args:
            word: in lower case.
            end: the offset after it.
        """
        words = self.words
        words.append(word)
        if word in _BEFORE_VALUE:
            self.value_at = end
        if words[0] == "create":
            return self._routine()
        return ReportedWords.ALL if words[0] in WATCHED and len(words) < _LIMIT else ReportedWords.NONE

    def _routine(self) -> ReportedWords:
        words = tuple(self.words)
        if words in _ROUTINES:
            return ReportedWords.BLOCK
        return (
            ReportedWords.ALL
            if any(words == routine[: len(words)] for routine in _ROUTINES)
            else ReportedWords.NONE
        )

    def copies_rows(self) -> bool:
        """Return whether this is COPY … FROM STDIN (PostgreSQL also accepts STDOUT there)."""
        words = self.words
        return words[:1] == ["copy"] and not {("from", "stdin"), ("from", "stdout")}.isdisjoint(
            pairwise(words)
        )

    def standard_strings(self, source: str, *, default: bool) -> bool | None:
        """Return the standard_conforming_strings that this statement sets; None if none.

        Args:
            source: the text that the words' offsets refer to.
            default: the value that RESET restores.
        """
        match self.words:
            case ["reset", "all" | "standard_conforming_strings", *_] | ["discard", "all", *_]:
                return default
            case ["set", "session" | "local", name, *_] | ["set", name, *_] if name == _SETTING:
                found = _value().match(source, _before_value(source, self.value_at))
                value = found[1].lower() if found else "on"
                return default if value == "default" else value not in _FALSE
        return None


def _before_value(source: str, at: int) -> int:
    """Return the offset after blanks, comments and an equals sign."""
    while found := _blanks_and_sign().match(source, at):
        at = found.end()
        if not source.startswith("/*", at):
            break
        at = end_of_comment(source, at) or len(source)
    return at


@cache
def _blanks_and_sign() -> re.Pattern[str]:
    return re.compile(rf"{BLANKS}(?:={BLANKS})?")


@cache
def _value() -> re.Pattern[str]:
    return re.compile(r"'?([A-Za-z0-9]+)")
