"""The messages that goose sends of a file.

Source: goose 520411a, internal/sqlparser/parser.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from koonj.migrations.layouts.line_messages import Message, ends_statement, lines_of, problem_at
from koonj.sql.problem import Problem


@dataclass(slots=True)
class GooseText:
    """What goose would send of a file, up to the first line that it refuses."""

    problem: Problem | None = None
    """Why goose refuses the file, or why koonj cannot know what it sends."""
    in_transaction: bool = True
    """Of both sections."""
    up: list[Message] = field(default_factory=list)
    down: list[Message] = field(default_factory=list)


def read_goose_text(text: str) -> GooseText:
    """Read a file line by line, as goose does."""
    reader = _Reader(text)
    for offset, line in lines_of(text):
        if line.strip().startswith("--") and "+goose" in line:
            reader.read_marker(offset, line)
        else:
            reader.read_line(offset, line)
        if reader.found.problem is not None:
            return reader.found
    reader.finish()
    return reader.found


class _Reader:
    """State between two lines."""

    def __init__(self, text: str) -> None:
        self.found = GooseText()
        self._text = text
        self._section: list[Message] | None = None
        self._in_block = False
        self._replaces = False
        """Whether variables of the environment are replaced."""
        self._begin: int | None = None
        """Offset of the first line of a message that is not complete."""

    def read_marker(self, offset: int, line: str) -> None:
        """Read a line with a marker, which goose takes in upper and lower case."""
        marker = line.replace("--", "").replace("+goose", "", 1).strip().lower()
        if line[0] in " \t" or marker not in _MARKERS:
            self._refuse(offset, "goose does not know this marker.")
        elif marker == "no transaction":
            self.found.in_transaction = False
        elif marker.startswith("envsub"):
            self._replaces = marker == "envsub on"
        elif marker.startswith("statement"):
            self._read_block(marker, offset)
        else:
            self._read_section(marker, offset)

    def _read_block(self, marker: str, offset: int) -> None:
        """Read StatementBegin or StatementEnd."""
        if marker == "statementbegin" and self._section is not None and not self._in_block:
            self._in_block = True
        elif marker == "statementend" and self._in_block and self._begin is not None:
            assert self._section is not None, "a block starts in a section"
            self._section.append(Message(self._begin, offset, is_block=True))
            self._in_block, self._begin = False, None
        else:
            self._refuse(offset, _MISPLACED)

    def _read_section(self, marker: str, offset: int) -> None:
        """Read Up or Down."""
        if marker == "up" and self._section is None:
            self._section = self.found.up
        elif marker == "down" and self._section is self.found.up and not self._in_block:
            self._refuse_open_message(offset)
            self._section, self._begin = self.found.down, None
        else:
            self._refuse(offset, _MISPLACED)

    def read_line(self, offset: int, line: str) -> None:
        """Read a line without a marker. Before a statement, goose leaves out comments and empty lines."""
        stripped = line.strip()
        if self._begin is None and (stripped.startswith("--") or not line):
            return
        if self._section is None:
            if stripped:
                self._refuse(offset, "This line is above '-- +goose Up'.")
            return
        if self._replaces and "$" in line:
            self.found.problem = problem_at(self._text, offset, _VARIABLE, _NO_VARIABLE)
            return
        begin = offset if self._begin is None else self._begin
        if not self._in_block and ends_statement(line):
            self._section.append(Message(begin, offset + len(line), is_block=False))
            self._begin = None
        else:
            self._begin = begin

    def finish(self) -> None:
        """Find what is missing at the end of the file."""
        if self._section is None:
            self._refuse(0, "The file has no '-- +goose Up', so goose refuses it.")
        elif self._in_block:
            self._refuse(len(self._text), "'-- +goose StatementEnd' is missing.")
        else:
            self._refuse_open_message(len(self._text))

    def _refuse_open_message(self, end: int) -> None:
        """Refuse a message that is not complete before offset `end`; goose allows one of blank lines."""
        start = end if self._begin is None else self._begin
        if self._text[start:end].strip():
            self.found.problem = problem_at(self._text, start, _NO_SEMICOLON, _END_IT)

    def _refuse(self, offset: int, message: str) -> None:
        self.found.problem = problem_at(self._text, offset, message, _USE_MARKERS)


_MARKERS = frozenset(
    ("up", "down", "statementbegin", "statementend", "no transaction", "envsub on", "envsub off")
)
_USE_MARKERS = (
    "Write '-- +goose Up' above the statements, '-- +goose Down' above those of the rollback, and "
    "'-- +goose StatementBegin' and '-- +goose StatementEnd' around a statement with semicolons in it."
)
_MISPLACED = "goose refuses this marker here: it comes twice, or in the wrong order."
_NO_SEMICOLON = "goose finds no end of the statement that starts here, so it refuses the file."
_END_IT = "End its last line with a semicolon, or write '-- +goose StatementEnd' below it."
_VARIABLE = "goose replaces variables of the environment in this line, because of '-- +goose ENVSUB ON'."
_NO_VARIABLE = "koonj does not know their values. Write the values into the file, or run it with goose."
