"""A script: what is run of a file, its body or its rollback."""

from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.assembly import assemble
from koonj.sql.lexer import Item, scan
from koonj.sql.place import line_and_column
from koonj.sql.problem import Problem
from koonj.sql.source import Source
from koonj.sql.statements import Statement

_CHUNK = 16 * 1024
"""Characters of rows in a chunk: at most 64 KiB in UTF-8."""


class Script:
    """The statements of one runnable text, each with its place in the file.

    Statements of nothing but comments or a lone semicolon are left out. Immutable.
    """

    __slots__ = ("_prefixes", "first_line", "problems", "source", "statements")

    source: Source
    """The script's own text: for a rollback without the comment marks."""
    first_line: int
    """The line of the file where it starts, 1-based: its own line k is line first_line + k - 1 there."""
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    """What keeps it from being run: something unterminated, a meta-command, a NUL byte, a batch."""

    def __init__(
        self,
        text: str,
        *,
        first_line: int = 1,
        prefixes: Sequence[int] = (),
        items: Iterable[Item] | None = None,
    ) -> None:
        """Read `text`.

        Args:
            text: the script.
            first_line: the line of the file where it starts.
            prefixes: how many characters stand before each of its lines in the file; empty: it is
                the file itself.
            items: what the lexer finds in it, where that is known already.
        """
        self.source = Source(text)
        self.first_line = first_line
        self._prefixes = prefixes
        self.statements, self.problems = assemble(text, scan(text) if items is None else items, self.locate)

    @classmethod
    def of_body(cls, text: str, items: Iterable[Item] | None = None) -> "Script":
        """The script that starts where its file does."""
        return cls(text, items=items)

    @classmethod
    def of_rollback(cls, text: str, *, first_line: int, prefixes: Sequence[int]) -> "Script":
        """The script that stands in comment lines; see the constructor."""
        return cls(text, first_line=first_line, prefixes=prefixes)

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column in the file, 1-based, of a character of the source.

        Raises:
            IndexError: the offset is not in the source.
        """
        if not self._prefixes:
            return line_and_column(self.source, offset)
        place = self.source.position(offset)
        prefix = self._prefixes[min(place.line, len(self._prefixes)) - 1]
        return self.first_line + place.line - 1, prefix + place.column

    def locate_in(self, statement: Statement, index: int) -> tuple[int, int]:
        r"""Line and column in the file of character `index` (from 0) of a statement's text.

        They differ from ``locate(statement.start + index)`` where ``\;`` joined the statement from pieces.
        """
        offset = statement.end
        for start, end in statement.spans:
            if index < end - start:
                offset = start + index
                break
            index -= end - start
        return self.locate(offset)

    def data(self, statement: Statement) -> Iterator[bytes]:
        """The rows of a COPY … FROM stdin as they stand in the source, in chunks of at most 64 KiB."""
        start, end = statement.copy_data or (0, 0)
        for at in range(start, end, _CHUNK):
            yield self.source.text[at : min(at + _CHUNK, end)].encode(errors="surrogatepass")
