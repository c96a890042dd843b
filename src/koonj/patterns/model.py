"""A pattern as values: what a pattern file says."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from koonj.patterns.template import Template
from koonj.sql.problem import Problem


class FieldKind(StrEnum):
    """What may be written into a field, and how it comes out in SQL."""

    NAME = "name"
    """One identifier; quoted where PostgreSQL needs it."""
    QUALIFIED_NAME = "qualified_name"
    """An identifier, with or without a schema before it."""
    NAMES = "names"
    """Identifiers between commas, such as a foreign key's columns."""
    KEYS = "keys"
    """What an index may hold, between commas: columns, ``lower(email)``, ``created_at DESC``."""
    TYPE = "type"
    """A data type."""
    EXPRESSION = "expression"
    """One SQL expression; in parentheses where it is not a simple one."""
    TEXT = "text"
    """Words: a literal in SQL, as they are in a comment."""
    CHOICE = "choice"
    """One of the values that the pattern lists; goes into SQL as it is listed."""


NO = "no"
"""The choice that hides a section, as an empty value does."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in."""

    name: str
    """What placeholders and ``koonj new --pattern P name=value`` call it."""
    label: str
    kind: FieldKind
    default: str = ""
    """A template over the fields before it; what an empty value means."""
    example: str = ""
    help: str = ""
    required: bool = True
    """An empty value is refused where there is no default either."""
    choices: tuple[str, ...] = ()
    """Of a choice, in the order of the file."""


@dataclass(frozen=True, slots=True)
class PatternFile:
    """One migration that a pattern makes."""

    slug: Template
    body: Template
    line: int
    """Of the body's first line in the pattern file, 1-based."""
    slug_column: int
    """Where the slug stands in the line before, 1-based."""

    @property
    def slug_line(self) -> int:
        """The line ``-- migration: …``."""
        return self.line - 1

    @property
    def slug_template(self) -> str:
        """The slug as the pattern file has it."""
        return self.slug.text


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of the palette."""

    key: str
    """The pattern file's name without ``.sql``."""
    title: str
    description: str
    """One paragraph; may be empty."""
    fields: tuple[Field, ...]
    files: tuple[PatternFile, ...]
    path: Path
    """The pattern file. Of a built-in one it lies in koonj's own library folder."""

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class PatternProblem:
    """What is wrong with one pattern file; the other patterns are not touched by it."""

    path: Path
    problem: Problem

    def __str__(self) -> str:
        """``file:line:column: message hint``."""
        place = ":".join(
            str(part) for part in (self.path, self.problem.line, self.problem.column) if part is not None
        )
        return f"{place}: {self.problem.message} {self.problem.hint}".rstrip()


class FieldErrors(ValueError):  # noqa: N818 - the plural is what it is: one message a field
    """Values that do not fit."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        """Field name -> why, and what to do."""
        super().__init__("\n".join(f"{name}: {message}" for name, message in errors.items()))
