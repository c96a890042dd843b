"""Find the comments with a meaning for koonj: ``-- Rollback:`` and ``-- koonj:``.

Only a real comment counts, not a line inside a string, a dollar quote, a block comment or COPY rows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from koonj.sql.lexer import Item, ItemKind, scan
from koonj.sql.source import Source
from koonj.sql.tokens import BLANKS, Token, TokenKind, first_significant, tokens


class MarkPlace(StrEnum):
    """Position of a marked comment."""

    LEADING = "leading"
    """On a separate line, before the first statement."""
    BETWEEN = "between"
    """On a separate line, between or after the statements."""
    BESIDE = "beside"
    """On the line of a statement."""
    INSIDE = "inside"
    """Inside a statement, which continues after the comment."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A comment that starts with ``Rollback:`` or ``koonj:``."""

    word: str
    """``rollback``, ``koonj``, or ``/* rollback`` for a block comment."""
    start: int
    """The offset of the comment."""
    end: int
    """The offset after the colon."""
    place: MarkPlace


@dataclass(frozen=True, slots=True)
class MarkedComments:
    """The marked comments up to the rollback, and what the scan found."""

    rollback: Mark | None
    """The ``-- Rollback:`` that starts the block."""
    others: tuple[Mark, ...]
    leading_end: int
    """The offset where the leading comments end."""
    items: tuple[Item, ...] | None
    """The lexer's items before the rollback.

    None if the lexer did not run, or did not run on exactly that text.
    """


def read_marks(source: Source) -> MarkedComments:
    """Return the marked comments of a file's text."""
    text = source.text
    candidates = list(candidate(blocks="/*" in text).finditer(text))
    leading_end = _leading_end(text)
    if not candidates:
        return MarkedComments(None, (), leading_end, None)
    places = _Places(source, leading_end)
    others: list[Mark] = []
    for found in candidates:
        place = places.place_at(found.start())
        if place is None:
            continue
        word = (found["word"] or "/*").lower()
        mark = Mark(word, found.start(), found.end(), place)
        if word == "rollback" and place in {MarkPlace.LEADING, MarkPlace.BETWEEN}:
            end = min(leading_end, mark.start)
            return MarkedComments(mark, tuple(others), end, places.items_before(mark.start))
        others.append(mark)
    return MarkedComments(None, tuple(others), leading_end, places.all_items())


@cache
def candidate(*, blocks: bool) -> re.Pattern[str]:
    """Return the pattern for comments that can have a meaning; with `blocks`, also for block comments.

    Without, re finds the ``--`` that starts the pattern much faster.
    """
    block = r"|/\*(?=[\s*]*rollback[ \t]*(?::|[\r\n]))" if blocks else ""
    return re.compile(rf"--[ \t]*(?P<word>rollback|koonj)[ \t]*:{block}", re.IGNORECASE)


def _leading_end(text: str) -> int:
    first = first_significant(text, 1 if text.startswith("\ufeff") else 0)
    return len(text) if first is None else first


class _Places:
    """Finds the positions of ascending offsets. Reads each part of the text once."""

    def __init__(self, source: Source, leading_end: int) -> None:
        self._source = source
        self._text = source.text
        self._leading_end = leading_end
        self._items = scan(source.text)
        self._seen: list[Item] = []
        self._inside: Item | None = None
        self._tokens: Iterator[Token] = iter(())
        self._token: Token | None = None
        self._word = -1

    def place_at(self, at: int) -> MarkPlace | None:
        """Return the position of the comment at `at`; None if no comment starts there."""
        item = self._item_at(at)
        if item is None:
            return self._between(at)
        if item.kind is not ItemKind.STATEMENT or not self._is_comment(item, at):
            return None
        if at > self._leading_end and self._next_word(at) < item.end:
            return MarkPlace.INSIDE
        return self._between(at)

    def items_before(self, at: int) -> tuple[Item, ...] | None:
        """Return the items that end before `at`.

        None if an item continues after `at`, so that the text must be scanned again.
        """
        if any(item.start < at < item.end for item in self._seen):
            return None
        return tuple(item for item in self._seen if item.end <= at)

    def all_items(self) -> tuple[Item, ...]:
        """Return the items of the whole text."""
        self._seen.extend(self._items)
        return tuple(self._seen)

    def _item_at(self, at: int) -> Item | None:
        """Return the item that covers `at`; None between two items."""
        # The lexer yields a meta-command inside a statement before that statement.
        while not self._seen or self._seen[-1].end <= at or self._seen[-1].kind is ItemKind.META:
            item = next(self._items, None)
            if item is None:
                break
            self._seen.append(item)
        for item in reversed(self._seen):
            if item.start <= at < item.end:
                return item
            if item.end <= at and item.kind is not ItemKind.META:
                break
        return None

    def _is_comment(self, item: Item, at: int) -> bool:
        """Return whether one of the item's comments starts at `at`."""
        if item is not self._inside:
            self._inside, self._tokens, self._token = item, tokens(self._text, item.start), None
        while self._token is None or self._token.end <= at:
            self._token = next(self._tokens, None)
            if self._token is None:
                return False
        return self._token.kind is TokenKind.COMMENT and self._token.start == at

    def _next_word(self, at: int) -> int:
        """Return the offset of the first significant token at or after `at`."""
        if at > self._word:
            following = first_significant(self._text, at)
            self._word = len(self._text) if following is None else following
        return self._word

    def _between(self, at: int) -> MarkPlace | None:
        """Return the position of a comment outside the statements.

        A comment with which psql starts a statement counts as outside, too.
        """
        line_start = at - self._source.line_and_column(at)[1] + 1
        before = self._text[line_start:at].removeprefix("\ufeff")
        if not before.strip(BLANKS):
            return MarkPlace.LEADING if at < self._leading_end else MarkPlace.BETWEEN
        ended = max((item.end for item in self._seen[-2:] if item.end <= at), default=line_start)
        if ended > line_start and not self._text[ended:at].strip(BLANKS):
            return MarkPlace.BESIDE
        return None
