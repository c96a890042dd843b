"""Represent a script: the body or the rollback of a migration file."""

from collections.abc import Iterable, Iterator, Sequence

from koonj.sql.assembly import assemble
from koonj.sql.lexer import Item, scan
from koonj.sql.problem import Problem
from koonj.sql.source import Source, line_and_column
from koonj.sql.statements import Statement

_CHUNK = 16 * 1024
"""Characters of COPY rows in a chunk: at most 64 KiB in UTF-8."""


class Script:
    """The statements of a body or a rollback, with their places in the file.

    Statements that consist only of comments or a single semicolon are omitted. Immutable.
    """

    __slots__ = ("_prefixes", "first_line", "problems", "source", "statements")

    source: Source
    """The script's own text; for a rollback, without the comment prefixes."""
    first_line: int
    """The line of the file where the script starts, 1-based.

    Line k of the script is line first_line + k - 1 of the file.
    """
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]
    """Problems that prevent a run.

    Something unterminated, a meta-command, a NUL byte or a batch.
    """

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
            prefixes: the number of characters before each line in the file; empty if the text is the file
                itself.
            items: the lexer's items of the text, if they are already known.
        """
        self.source = Source(text)
        self.first_line = first_line
        self._prefixes = prefixes
        self.statements, self.problems = assemble(text, scan(text) if items is None else items, self.locate)

    @classmethod
    def of_body(cls, text: str, items: Iterable[Item] | None = None) -> "Script":
        """Return the script that starts at the beginning of its file."""
        return cls(text, items=items)

    @classmethod
    def of_rollback(cls, text: str, *, first_line: int, prefixes: Sequence[int]) -> "Script":
        """Return the script in comment lines. For the arguments see the constructor."""
        return cls(text, first_line=first_line, prefixes=prefixes)

    def locate(self, offset: int) -> tuple[int, int]:
        """Return line and column in the file, 1-based, of an offset of the source.

        Raises:
            IndexError: the offset is not in the source.
        """
        line, column = self.source.line_and_column(offset)
        if not self._prefixes:
            return line_and_column(self.source, offset) if line == 1 else (line, column)
        prefix = self._prefixes[min(line, len(self._prefixes)) - 1]
        return self.first_line + line - 1, prefix + column

    def locate_in(self, statement: Statement, index: int) -> tuple[int, int]:
        r"""Return line and column in the file of character `index` of a statement's text.

        `index` starts at 0. The result differs from ``locate(statement.start + index)`` if ``\;`` joins the
        statement from several pieces.
        """
        offset = statement.end
        for start, end in statement.spans:
            if index < end - start:
                offset = start + index
                break
            index -= end - start
        return self.locate(offset)

    def data(self, statement: Statement) -> Iterator[bytes]:
        """Yield the rows of a COPY … FROM stdin as written, in chunks of up to 64 KiB."""
        start, end = statement.copy_data or (0, 0)
        for at in range(start, end, _CHUNK):
            yield self.source.text[at : min(at + _CHUNK, end)].encode(errors="surrogatepass")
