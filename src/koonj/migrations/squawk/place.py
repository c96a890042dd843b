"""Turn the places of squawk's findings into koonj's.

squawk counts lines and bytes from 0, koonj lines and characters from 1. For both, LF, CRLF and a lone CR end
a line.
"""

from __future__ import annotations

from koonj.migrations.migration import Migration
from koonj.migrations.squawk.program import Finding
from koonj.sql.source import Source

_MARK = "\ufeff"


class Places:
    """The places of one file."""

    def __init__(self, migration: Migration) -> None:
        self._migration = migration
        self._source = Source(migration.text)

    def start(self, finding: Finding) -> tuple[int, int]:
        """Return line and column, 1-based. The column counts characters, without a byte-order mark."""
        line, characters = self._place(finding.line, finding.column)
        marked = line == 1 and self._source.text.startswith(_MARK)
        return line, max(1, characters + 1 - marked)

    def marked(self, finding: Finding) -> str:
        """Return the text that a finding marks."""
        line, first = self._place(finding.line, finding.column)
        end_line, last = self._place(finding.end_line, finding.end_column)
        lines = [self._source.line(number) for number in range(line, end_line)]
        return "\n".join((*lines, self._source.line(end_line)[:last]))[first:]

    def lines_of_statement(self, finding: Finding) -> range:
        """Return the lines of the file that have the statement of a finding, or what it marks."""
        line, _ = self._place(finding.line, finding.column)
        last, _ = self._place(finding.end_line, finding.end_column)
        script = self._migration.sections.body
        for statement in script.statements:
            first_line, last_line = script.locate(statement.start)[0], script.locate(statement.end)[0]
            if first_line <= line <= last_line:
                return range(first_line, max(last, last_line) + 1)
        return range(line, last + 1)

    def _place(self, line: int, byte: int) -> tuple[int, int]:
        """Return the line, 1-based, and the number of characters before the place in it."""
        number = min(max(line, 0) + 1, self._source.line_count)
        raw = self._source.line(number).encode(errors="replace")
        return number, len(raw[: max(byte, 0)].decode("utf-8", "ignore"))
