"""Turn the text of a migration into SQL that squawk can read, with every character in its place.

squawk does not know what psql reads itself: it takes the rows of a COPY for SQL, and understands nothing
after them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from koonj.sql.lexer import Item, ItemKind, scan

_END_OF_ROWS = "\\."


def plain_sql(text: str) -> str:
    r"""Return the text with spaces in the place of COPY rows, meta-commands, and the backslash of ``\;``.

    Line ends stay, and a line has as many bytes in UTF-8 as before.
    """
    if "\\" not in text:  # rows of COPY end with one, too
        return text
    parts, done = list[str](), 0
    for start, end in sorted(_hidden(text)):
        parts += (text[done:start], _blank(text[max(start, done) : end]))
        done = max(done, end)  # a meta-command in a statement is hidden twice
    return "".join((*parts, text[done:]))


def _hidden(text: str) -> Iterator[tuple[int, int]]:
    for item in scan(text):
        if item.kind is ItemKind.META:
            yield item.start, item.end
        elif item.kind is ItemKind.COPY_DATA:
            yield item.start, item.end + (len(_END_OF_ROWS) if item.ended_by == _END_OF_ROWS else 0)
        else:
            yield from _between_pieces(item)


def _between_pieces(item: Item) -> Iterator[tuple[int, int]]:
    spans = item.spans
    for (_, end), (start, _) in pairwise(spans):
        if item.source[end : end + 1] == "\\":
            yield end, start


def _blank(text: str) -> str:
    return "".join(sign if sign in "\r\n" else " " * len(sign.encode(errors="replace")) for sign in text)
