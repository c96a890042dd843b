"""What the lexer finds."""

from dataclasses import dataclass, field
from enum import StrEnum


class ItemKind(StrEnum):
    """What an item is."""

    STATEMENT = "statement"
    META = "meta-command"
    COPY_DATA = "copy_data"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that psql would act on. Offsets are in characters of the whole text."""

    kind: ItemKind
    start: int
    end: int
    r"""A statement ends after its semicolon, the rows of a COPY before their ``\.``."""
    ended_by: str = ""
    r"""Of a statement: ``;``, ``eof``, or the meta-command that sent it, such as ``\g``."""
    name: str = ""
    r"""Of a meta-command: ``echo`` for ``\echo``."""
    unterminated: str | None = None
    """What is left open at the end of the text: a quote (``'``, ``"``, ``$tag$``), ``/*``, ``(``,
    ``begin atomic``, or the ``case`` of such a block."""
    opened_at: int | None = None
    """Where that began."""
    pieces: tuple[tuple[int, int], ...] | None = None
    r"""Start and end of each part, where ``\;`` or a meta-command cut the statement; None: it is whole."""
    source: str = field(default="", repr=False, compare=False)

    @property
    def text(self) -> str:
        """The statement as it is sent, the meta-command, or the rows; cut from the source when asked for."""
        if self.pieces is None:
            return self.source[self.start : self.end]
        return "".join([self.source[start:end] for start, end in self.pieces])

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of the parts of the source that make the text."""
        return ((self.start, self.end),) if self.pieces is None else self.pieces

    def offset_of(self, index: int) -> int:
        """Where character ``index`` of ``text`` stands in the source; its end for a later index."""
        for start, end in self.spans:
            if index < end - start:
                return start + index
            index -= end - start
        return self.spans[-1][1]
