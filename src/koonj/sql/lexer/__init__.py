r"""Cut SQL text as psql cuts it: statements, meta-commands, and the rows of an inline COPY.

The rules are those of psql (psqlscan.l, psqlscanslash.l and mainloop.c of PostgreSQL 18). The server is not
asked: a semicolon ends a statement unless it stands in a quote, in a comment, in parentheses, or between the
BEGIN and END of a function or procedure. psql variables are not expanded.
"""

from collections.abc import Iterator

from koonj.sql.lexer.item import Item, ItemKind
from koonj.sql.lexer.scanner import Scanner

__all__ = ["Item", "ItemKind", "scan", "split"]


def scan(text: str, *, standard_conforming_strings: bool = True) -> Iterator[Item]:
    r"""The items of ``text``, in order, read as they are asked for; time is linear in its length.

    A meta-command in the middle of a statement comes before that statement. A byte-order mark is skipped.
    Nothing is raised: what is open at the end of the text makes the last statement ``unterminated``. A
    statement of nothing but comments, or of a lone semicolon, is an item too: psql sends it.

    Args:
        text: the whole file, its line ends as they are.
        standard_conforming_strings: the server's setting; a SET in the text changes it from the next line on.
    """
    return Scanner(text, standard_strings=standard_conforming_strings).items()


def split(text: str) -> list[str]:
    """The texts of the statements only."""
    return [item.text for item in scan(text) if item.kind is ItemKind.STATEMENT]
