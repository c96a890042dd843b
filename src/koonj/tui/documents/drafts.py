"""Make drafts of new migrations from a pattern, or a blank form, and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from koonj.migrations.names import file_name
from koonj.migrations.new import Draft, SlugError, blank, slugify
from koonj.patterns.measured_locks import Locks, measured_locks
from koonj.patterns.pattern import Field, FieldErrors, FieldKind, Pattern, defaults, render

OTHERS = "Others"
"""Heading of the patterns without a group, and of the blank form."""


class DraftSource(Protocol):
    """Source of drafts: a pattern or the blank form."""

    @property
    def title(self) -> str:
        """Title in the list, a few words."""

    @property
    def description(self) -> str:
        """Description in a paragraph; can be empty."""

    @property
    def group(self) -> str:
        """Heading in the list."""

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """Texts by which it is found, from what says most to what says least: title and key, words, group."""

    @property
    def key(self) -> str:
        """Key of the pattern; empty for the blank form."""

    @property
    def later(self) -> str | None:
        """Key of the pattern for the step that must wait; None if there is none."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields to fill in."""

    @property
    def locks(self) -> Locks:
        """What its files lock, as measured; empty if it was not."""

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the values that empty fields stand for."""

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """Return the drafts for these values.

        Raises: FieldErrors.
        """


@dataclass(frozen=True, slots=True)
class PatternSource:
    """A built-in pattern or a pattern of the project."""

    pattern: Pattern

    @property
    def title(self) -> str:
        """Title of the pattern."""
        return self.pattern.title

    @property
    def description(self) -> str:
        """Description of the pattern."""
        return self.pattern.description

    @property
    def group(self) -> str:
        """Group of the pattern."""
        return self.pattern.group or OTHERS

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """Title and key, words and group of the pattern."""
        return self.pattern.texts

    @property
    def key(self) -> str:
        """Key of the pattern."""
        return self.pattern.key

    @property
    def later(self) -> str | None:
        """Key of the pattern for the step that must wait."""
        return self.pattern.later

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields of the pattern."""
        return self.pattern.fields

    @property
    def locks(self) -> Locks:
        """The measured locks of the pattern."""
        return measured_locks(self.pattern)

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the values that empty fields stand for."""
        return defaults(self.pattern, values)

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """Return the drafts of the pattern.

        Raises: FieldErrors.
        """
        return render(self.pattern, values)


@dataclass(frozen=True, slots=True)
class BlankSource:
    """The form of a migration without statements."""

    title: str = "blank migration"
    description: str = "Description, BEGIN and COMMIT, and a rollback. You write the statements."
    group: str = OTHERS
    texts: tuple[tuple[str, ...], ...] = (("blank migration",), ("empty", "new", "own SQL"))
    key: str = ""
    later: str | None = None
    fields: tuple[Field, ...] = (
        Field(
            "name",
            "name",
            FieldKind.TEXT,
            example="add status to documents",
            help="What the migration does, in words.",
        ),
    )

    @property
    def locks(self) -> Locks:
        """Nothing: there are no statements yet."""
        return {}

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return no values: the only field is required."""
        return {}

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """Return one draft, with the name in `values`.

        Raises: FieldErrors.
        """
        typed = values.get("name", "").strip()
        if not typed:
            raise FieldErrors({"name": "Needs a value. For example: add status to documents"})
        try:
            return (blank(slugify(typed)),)
        except SlugError as error:
            raise FieldErrors({"name": str(error)}) from error


@dataclass(frozen=True, slots=True)
class DraftResult:
    """Drafts that the fields make now, with the errors of the fields."""

    drafts: tuple[Draft, ...]
    errors: Mapping[str, str]
    """Message for each field with a wrong value; empty if the drafts are complete."""
    defaults: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        """Whether the drafts can be written to files."""
        return not self.errors


def make_drafts(source: DraftSource, values: Mapping[str, str], known: Mapping[str, str]) -> DraftResult:
    """Return the drafts that `values` make; examples replace wrong and missing values.

    `known`: the values that empty fields stand for.
    """
    try:
        return DraftResult(source.render(values), {}, known)
    except FieldErrors as error:
        return DraftResult(_with_examples(source, values, error.errors), error.errors, known)


def _with_examples(
    source: DraftSource, values: Mapping[str, str], errors: Mapping[str, str]
) -> tuple[Draft, ...]:
    examples = {field.name: field.example for field in source.fields if field.name in errors}
    try:
        return source.render({**values, **examples})
    except FieldErrors:
        return ()


def file_names(drafts: tuple[Draft, ...], number: int, width: int) -> list[str]:
    """Return the file names that the drafts would have now.

    `width` is the number of digits.
    """
    return [file_name(number + i, width, draft.slug) for i, draft in enumerate(drafts)]
