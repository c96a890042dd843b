"""Finding the comments of a file that mean something to koonj: ``-- Rollback:`` and ``-- koonj:``.

Only a real comment counts: not a line inside a string, a dollar quote, a block comment or the rows of a COPY.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from koonj.sql.lexer import Item, ItemKind, scan
from koonj.sql.source import Source
from koonj.sql.tokens import BLANKS, Token, TokenKind, significant, tokens


class MarkPlace(StrEnum):
    """Where a marked comment stands."""

    LEADING = "leading"
    """On a line of its own, before the first statement."""
    BETWEEN = "between"
    """On a line of its own, between or behind the statements."""
    BESIDE = "beside"
    """On the line of a statement."""
    INSIDE = "inside"
    """Inside a statement, which goes on behind it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked comment."""

    word: str
    """``rollback``, ``koonj``, or ``/* rollback`` of a block comment."""
    start: int
    """The offset of the comment."""
    end: int
    """The offset behind the colon."""
    place: MarkPlace


@dataclass(frozen=True, slots=True)
class MarkedComments:
    """The marked comments up to the rollback, and what had to be read to know them."""

    rollback: Mark | None
    """The ``-- Rollback:`` that begins the block."""
    others: tuple[Mark, ...]
    leading_end: int
    """Where the leading comments end."""
    items: tuple[Item, ...] | None
    """What the lexer finds before the rollback; None where it was not asked, or not for that text."""


def read_marks(source: Source) -> MarkedComments:
    """Find the marks in a file's text."""
    text = source.text
    candidates = list(_candidate().finditer(text))
    leading_end = _leading_end(text)
    if not candidates:
        return MarkedComments(None, (), leading_end, None)
    places = _Places(source, leading_end)
    others: list[Mark] = []
    for found in candidates:
        place = places.of(found.start())
        if place is None:
            continue
        word = (found["word"] or found["block"]).lower()
        mark = Mark(word, found.start(), found.end(), place)
        if word == "rollback" and place in {MarkPlace.LEADING, MarkPlace.BETWEEN}:
            end = min(leading_end, mark.start)
            return MarkedComments(mark, tuple(others), end, places.items_before(mark.start))
        others.append(mark)
    return MarkedComments(None, tuple(others), leading_end, places.all_items())


@cache
def _candidate() -> re.Pattern[str]:
    return re.compile(
        r"--[ \t]*(?P<word>rollback|koonj)[ \t]*:|(?P<block>/\*)(?=[\s*]*rollback[ \t]*(?::|[\r\n]))",
        re.IGNORECASE,
    )


def _leading_end(text: str) -> int:
    first = next(significant(text, 1 if text.startswith("\ufeff") else 0), None)
    return len(text) if first is None else first.start


class _Places:
    """Says of ascending offsets where they stand. Reads each part of the text once."""

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

    def of(self, at: int) -> MarkPlace | None:
        """Where the comment at `at` stands; None where no comment begins there."""
        item = self._item_at(at)
        if item is None:
            return self._between(at)
        if item.kind is not ItemKind.STATEMENT or not self._is_comment(item, at):
            return None
        if at > self._leading_end and self._next_word(at) < item.end:
            return MarkPlace.INSIDE
        return self._between(at)

    def items_before(self, at: int) -> tuple[Item, ...] | None:
        """The items that end before `at`; None where one goes on behind it, which must be read anew."""
        if any(item.start < at < item.end for item in self._seen):
            return None
        return tuple(item for item in self._seen if item.end <= at)

    def all_items(self) -> tuple[Item, ...]:
        """The items of the whole text."""
        self._seen.extend(self._items)
        return tuple(self._seen)

    def _item_at(self, at: int) -> Item | None:
        """The item that covers `at`; None between two."""
        # A meta-command inside a statement comes before it.
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
        """Whether one of the item's comments begins at `at`."""
        if item is not self._inside:
            self._inside, self._tokens, self._token = item, tokens(self._text, item.start), None
        while self._token is None or self._token.end <= at:
            self._token = next(self._tokens, None)
            if self._token is None:
                return False
        return self._token.kind is TokenKind.COMMENT and self._token.start == at

    def _next_word(self, at: int) -> int:
        """The offset of the first token at or behind `at` that says something."""
        if at > self._word:
            following = next(significant(self._text, at), None)
            self._word = len(self._text) if following is None else following.start
        return self._word

    def _between(self, at: int) -> MarkPlace | None:
        """The place of what is in no statement, or in one only because psql begins it with that comment."""
        line_start = at - self._source.position(at).column + 1
        before = self._text[line_start:at].removeprefix("\ufeff")
        if not before.strip(BLANKS):
            return MarkPlace.LEADING if at < self._leading_end else MarkPlace.BETWEEN
        ended = max((item.end for item in self._seen[-2:] if item.end <= at), default=line_start)
        if ended > line_start and not self._text[ended:at].strip(BLANKS):
            return MarkPlace.BESIDE
        return None
