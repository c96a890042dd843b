"""Split SQL text as psql does: statements, meta-commands and inline COPY rows.

The rules are those of psql (psqlscan.l, psqlscanslash.l and mainloop.c of PostgreSQL 18). The server is not
asked: a semicolon ends a statement unless it is inside a quote, a comment or parentheses, or between the
BEGIN and END of a function or procedure. psql variables are not expanded.
"""

from collections.abc import Iterator

from koonj.sql.lexer.item import Item, ItemKind
from koonj.sql.lexer.scanner import Scanner

__all__ = ["Item", "ItemKind", "scan", "split"]


def scan(text: str, *, standard_conforming_strings: bool = True) -> Iterator[Item]:
    """Yield the items of ``text`` in order; the time is linear in its length.

    A meta-command in the middle of a statement comes before that statement. A byte-order mark is skipped.
    Nothing is raised: if a quote, comment or parenthesis is open at the end of the text, the last statement
    is ``unterminated``. A statement that consists only of comments, or of a single semicolon, is an item too,
    because psql sends it.

    Args:
        text: the whole file, with its line ends unchanged.
        standard_conforming_strings: the server's setting; a SET in the text changes it from the next line on.
    """
    return Scanner(text, standard_strings=standard_conforming_strings).items()


def split(text: str) -> list[str]:
    """Return only the texts of the statements."""
    return [item.text for item in scan(text) if item.kind is ItemKind.STATEMENT]
