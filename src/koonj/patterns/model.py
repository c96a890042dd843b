"""Define a pattern and its fields, as read from a pattern file."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from koonj.patterns.catalog_reference import CatalogReference
from koonj.patterns.expanded_text import ExpandedText
from koonj.patterns.template import Template
from koonj.sql.problem import Problem, Severity


class FieldKind(StrEnum):
    """The kind of value in a field, and how it is written in SQL."""

    NAME = "name"
    """One identifier; quoted if PostgreSQL needs it."""
    QUALIFIED_NAME = "qualified_name"
    """An identifier, with or without a schema before it."""
    QUALIFIED_NAMES = "qualified_names"
    """Identifiers separated by commas, each with or without a schema."""
    NAMES = "names"
    """Identifiers separated by commas, such as the columns of a foreign key."""
    KEYS = "keys"
    """Index keys separated by commas: columns, ``lower(email)``, ``created_at DESC``."""
    DEFINITIONS = "definitions"
    """Names with SQL after them, separated by commas: ``email text NOT NULL, born date``."""
    TYPE = "type"
    """A data type."""
    EXPRESSION = "expression"
    """One SQL expression; in parentheses if it is not a simple one."""
    EXPRESSIONS = "expressions"
    """SQL expressions separated by commas."""
    CLAUSE = "clause"
    """SQL that is a part of a statement, such as ``USING btree (name)``."""
    QUERY = "query"
    """One SELECT, VALUES, TABLE or WITH."""
    LABELS = "labels"
    """Texts separated by commas, such as the values of an enum: literals in SQL."""
    TEXT = "text"
    """Text: a literal in SQL, unchanged in a comment."""
    CHOICE = "choice"
    """One of the values that the pattern lists; written unchanged in SQL."""


LISTS = frozenset(
    {
        FieldKind.QUALIFIED_NAMES,
        FieldKind.NAMES,
        FieldKind.KEYS,
        FieldKind.DEFINITIONS,
        FieldKind.EXPRESSIONS,
        FieldKind.LABELS,
    }
)
"""The kinds whose section is written once for each item."""

NO = "no"
"""The choice that hides a section, as an empty value does."""


@dataclass(frozen=True, slots=True)
class Field:
    """An input of a pattern."""

    name: str
    """The name in placeholders and in ``koonj new --pattern P name=value``."""
    label: str
    kind: FieldKind
    default: str = ""
    """A template over the fields before it, used if the value is empty."""
    example: str = ""
    help: str = ""
    required: bool = True
    """An empty value is an error, unless there is a default."""
    choices: tuple[str, ...] = ()
    """For a choice: its values, in the order of the file."""
    catalog: CatalogReference | None = None
    """What the value names in the database; None if it is nothing in the catalog."""
    asked: bool = True
    """Whether the form asks for it. If not, it has a default, and only `koonj new` can give another value."""


@dataclass(frozen=True, slots=True)
class PatternFile:
    """A migration that a pattern generates."""

    slug: Template
    body: Template
    """With the parts that it uses."""
    origin: ExpandedText = field(compare=False, repr=False)
    """Where the text of the body comes from."""
    line: int
    """The line of the body's first line in the pattern file, 1-based."""
    slug_column: int
    """The column of the slug in the line before, 1-based."""

    @property
    def slug_line(self) -> int:
        """The line of ``-- migration: …``."""
        return self.line - 1

    @property
    def slug_template(self) -> str:
        """The slug as written in the pattern file."""
        return self.slug.text

    def problem(self, message: str, offset: int) -> Problem:
        """Return a problem at an offset of the body. For text of a part, at the place where it is used."""
        shown, at = self.origin.place(message, offset)
        line, column = self.origin.source.line_and_column(at)
        return Problem("pattern", Severity.ERROR, shown, "", self.line + line - 1, column)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A template for one or more migrations."""

    key: str
    """The name of the pattern file without ``.sql``."""
    title: str
    description: str
    """One paragraph; can be empty."""
    fields: tuple[Field, ...]
    files: tuple[PatternFile, ...]
    group: str
    """The group in lists, such as ``Columns``."""
    place: int | None
    """Place in the group, from 1; None after those that have one, by key."""
    words: tuple[str, ...]
    """What people type to find the pattern, besides its key and title."""
    later: str | None
    """Key of the pattern for the step that must wait, for example for a deployment; it has fields of the same
    names."""
    path: Path
    """The pattern file. For a built-in pattern it is in koonj's library folder."""

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """What the pattern is found by, from what says most to what says least."""
        return (self.title, self.key), self.words, (self.group,)

    def field(self, name: str) -> Field | None:
        """Return the field with this name; None if there is none."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class PatternProblem:
    """A problem of one pattern file. The other patterns still work."""

    path: Path
    problem: Problem

    def __str__(self) -> str:
        """Return ``file:line:column: message hint``."""
        place = ":".join(
            str(part) for part in (self.path, self.problem.line, self.problem.column) if part is not None
        )
        return f"{place}: {self.problem.message} {self.problem.hint}".rstrip()


class FieldErrors(ValueError):  # noqa: N818 - it contains one message for each field
    """Raised when values do not fit their fields."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        """Field name -> the reason and what to do."""
        super().__init__("\n".join(f"{name}: {message}" for name, message in errors.items()))
