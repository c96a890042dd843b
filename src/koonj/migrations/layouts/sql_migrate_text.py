"""The messages that sql-migrate sends of a file.

Source: sql-migrate 563a2f0, sqlparse/sqlparse.go.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from koonj.migrations.layouts.line_messages import Message, ends_statement, lines_of, problem_at
from koonj.sql.problem import Problem
from koonj.sql.tokens import TokenKind, tokens

MARKER = "-- +migrate "


@dataclass(slots=True)
class Section:
    """One direction of a file."""

    start: int | None = None
    """Offset of its first marker; None if the file has none."""
    end: int | None = None
    """Offset of the marker after it; None: the end of the file."""
    in_transaction: bool = True
    messages: list[Message] = field(default_factory=list)


@dataclass(slots=True)
class SqlMigrateText:
    """What sql-migrate would send of a file, up to the first line that it refuses."""

    problem: Problem | None = None
    """Why sql-migrate refuses the file, or why koonj cannot run it as sql-migrate does."""
    up: Section = field(default_factory=Section)
    down: Section = field(default_factory=Section)


def read_sql_migrate_text(text: str) -> SqlMigrateText:
    """Read a file line by line, as sql-migrate does."""
    reader = _Reader(text)
    for offset, line in lines_of(text):
        if line.startswith(MARKER):
            reader.read_marker(offset, line)
        else:
            reader.read_line(offset, line)
    reader.finish()
    return reader.found


class _Reader:
    """State between two lines."""

    def __init__(self, text: str) -> None:
        self.found = SqlMigrateText()
        self._text = text
        self._section: Section | None = None
        self._in_block = False
        self._begin: int | None = None
        """Offset of the first line of a message that is not complete."""
        self._cut: list[int] = []
        """Offsets of the lines of this message that are not sent."""

    def read_marker(self, offset: int, line: str) -> None:
        """Read a line with a marker. sql-migrate skips one that it does not know."""
        words = line.removeprefix(MARKER).split()
        command = words[0] if words else ""
        if command in {"Up", "Down"}:
            self._refuse_open_message()
            self._open_section(command, offset)
            if "notransaction" in words and self._section is not None:
                self._section.in_transaction = False
        elif not command:
            self._refuse(offset, "This marker is not complete.", _USE_MARKERS)
        elif self._section is not None and command == "StatementBegin":
            self._in_block = True
        elif self._section is not None and command == "StatementEnd" and self._in_block:
            self._add_message(offset)
            self._in_block = False

    def _open_section(self, command: str, offset: int) -> None:
        section = self.found.up if command == "Up" else self.found.down
        if self._section is not None and self._section.end is None:
            self._section.end = offset
        if section.start is None:
            section.start = offset
        else:
            self._refuse(offset, _SEVERAL.format(command), "Write a file for each part.")
        self._section = section

    def read_line(self, offset: int, line: str) -> None:
        """Read a line without a marker. Lines that start with ``-- `` are not sent."""
        if self._section is None:
            return
        if line.startswith("-- "):
            self._cut.append(offset)
            return
        if self._begin is None and line.strip():
            self._begin = offset
            self._cut.clear()
        if not self._in_block and ends_statement(line):
            self._add_message(offset + len(line))

    def finish(self) -> None:
        """Find what is missing at the end of the file."""
        if self._in_block:
            self._refuse(len(self._text), "'-- +migrate StatementEnd' is missing.", _USE_MARKERS)
        elif self._section is None:
            self._refuse(0, "The file has no '-- +migrate Up', so sql-migrate refuses it.", _USE_MARKERS)
        else:
            self._refuse_open_message()

    def _add_message(self, end: int) -> None:
        if self._begin is not None and self._section is not None:
            self._section.messages.append(Message(self._begin, end, is_block=self._in_block))
            self._refuse_cut_text(self._begin, end)
        self._begin = None

    def _refuse_cut_text(self, start: int, end: int) -> None:
        """Refuse a line that sql-migrate does not send, although it is in a text and no comment."""
        if not self._cut:
            return
        for token in tokens(self._text[start:end]):
            if token.kind in {TokenKind.STRING, TokenKind.QUOTED} and not token.text.startswith("$"):
                after = bisect_left(self._cut, start + token.start)
                if after < len(self._cut) and self._cut[after] < start + token.end:
                    self._refuse(self._cut[after], _CUT, "Do not start the line with '-- '.")
                    return

    def _refuse_open_message(self) -> None:
        if self._begin is not None:
            self._refuse(self._begin, _NO_SEMICOLON, _END_IT)
            self._begin = None

    def _refuse(self, offset: int, message: str, hint: str) -> None:
        if self.found.problem is None:
            self.found.problem = problem_at(self._text, offset, message, hint)


_USE_MARKERS = (
    "Write '-- +migrate Up' above the statements, '-- +migrate Down' above those of the rollback, and "
    "'-- +migrate StatementBegin' and '-- +migrate StatementEnd' around a statement with semicolons in it."
)
_SEVERAL = "The file has several '-- +migrate {}'. koonj cannot read them yet: it shows the first one."
_NO_SEMICOLON = "sql-migrate finds no end of the statement that starts here, so it refuses the file."
_END_IT = "End its last line with a semicolon, or write '-- +migrate StatementEnd' below it."
_CUT = (
    "sql-migrate does not send this line, because it starts with '-- ', but the line is in a text in quotes. "
    "koonj cannot leave it out."
)
