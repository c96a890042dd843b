"""Define the items that the lexer produces."""

from enum import StrEnum
from typing import NamedTuple


class ItemKind(StrEnum):
    """Kind of an item."""

    STATEMENT = "statement"
    META = "meta-command"
    COPY_DATA = "copy_data"


class Item(NamedTuple):
    """A part of the text on which psql acts. Offsets are in characters of the text."""

    kind: ItemKind
    start: int
    end: int
    r"""A statement ends after its semicolon; COPY rows end before their ``\.``."""
    ended_by: str = ""
    r"""For a statement: ``;``, ``eof``, or the meta-command that sent it (``\g``).

    For COPY rows: ``\.``, or ``eof`` if the line ``\.`` is missing.
    """
    name: str = ""
    r"""For a meta-command: its name, ``echo`` for ``\echo``."""
    unterminated: str | None = None
    """What is still open at the end of the text, or None.

    A quote (``'``, ``"``, ``$tag$``), ``/*``, ``(``, ``begin atomic``, or the ``case`` in such a block.
    """
    opened_at: int | None = None
    """The offset where the unterminated part starts."""
    pieces: tuple[tuple[int, int], ...] | None = None
    r"""Start and end of each part if ``\;`` or a meta-command splits the statement.

    None if the statement is in one piece."""
    source: str = ""
    """The whole text."""

    @property
    def text(self) -> str:
        """The statement as it is sent, the meta-command, or the rows; sliced on demand."""
        if self.pieces is None:
            return self.source[self.start : self.end]
        return "".join([self.source[start:end] for start, end in self.pieces])

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of the parts of the source that form the text."""
        return ((self.start, self.end),) if self.pieces is None else self.pieces

    def offset_of(self, index: int) -> int:
        """Return the source offset of character ``index`` of ``text``.

        An index after the end gives the end.
        """
        for start, end in self.spans:
            if index < end - start:
                return start + index
            index -= end - start
        return self.spans[-1][1]
