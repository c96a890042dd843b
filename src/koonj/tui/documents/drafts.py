"""What the palette writes from: a pattern or nothing, with what was typed into the fields so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from koonj.migrations.new import Draft, SlugError, blank, slugify
from koonj.patterns.pattern import Field, FieldErrors, FieldKind, Pattern, defaults, render


class DraftSource(Protocol):
    """Something that makes drafts of values."""

    @property
    def title(self) -> str:
        """A few words for the list."""

    @property
    def description(self) -> str:
        """What it makes, in a paragraph; may be empty."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What to fill in."""

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """What empty fields mean."""

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """The drafts. Raises FieldErrors."""


@dataclass(frozen=True, slots=True)
class PatternSource:
    """A pattern of koonj's library or of the project."""

    pattern: Pattern

    @property
    def title(self) -> str:
        """The pattern's."""
        return self.pattern.title

    @property
    def description(self) -> str:
        """The pattern's."""
        return self.pattern.description

    @property
    def fields(self) -> tuple[Field, ...]:
        """The pattern's."""
        return self.pattern.fields

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The pattern's."""
        return defaults(self.pattern, values)

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """The pattern's files."""
        return render(self.pattern, values)


@dataclass(frozen=True, slots=True)
class BlankSource:
    """A migration with nothing but its form."""

    title: str = "blank migration"
    description: str = "Description, BEGIN and COMMIT, rollback: the statements are yours to write."
    fields: tuple[Field, ...] = (
        Field(
            "name", "name", FieldKind.TEXT, example="add status to documents", help="What it does, in words."
        ),
    )

    def defaults(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """None."""
        return {}

    def render(self, values: Mapping[str, str]) -> tuple[Draft, ...]:
        """One file."""
        typed = values.get("name", "").strip()
        if not typed:
            raise FieldErrors({"name": "Needs a value. For example: add status to documents"})
        try:
            return (blank(slugify(typed)),)
        except SlugError as error:
            raise FieldErrors({"name": str(error)}) from error


@dataclass(frozen=True, slots=True)
class Drafting:
    """What the fields make at this moment."""

    drafts: tuple[Draft, ...]
    errors: Mapping[str, str]
    """Field -> why its value does not do; empty when the drafts are finished."""
    defaults: Mapping[str, str]

    @property
    def finished(self) -> bool:
        """Can it be written?"""
        return not self.errors


def drafting(source: DraftSource, values: Mapping[str, str]) -> Drafting:
    """What `values` make; where some do not do, examples stand for them."""
    known = source.defaults(values)
    try:
        return Drafting(source.render(values), {}, known)
    except FieldErrors as wrong:
        return Drafting(_with_examples(source, values, wrong.errors), wrong.errors, known)


def _with_examples(
    source: DraftSource, values: Mapping[str, str], errors: Mapping[str, str]
) -> tuple[Draft, ...]:
    examples = {field.name: field.example for field in source.fields if field.name in errors}
    try:
        return source.render({**values, **examples})
    except FieldErrors:
        return ()


def as_text(drafts: tuple[Draft, ...], number: int, width: int) -> str:
    """The drafts as they would stand in their files, one after the other."""
    named = zip(names(drafts, number, width), drafts, strict=True)
    return "\n\n".join(f"-- {name}\n{draft.text.rstrip()}\n" for name, draft in named)


def names(drafts: tuple[Draft, ...], number: int, width: int) -> list[str]:
    """The file names that the drafts would get now."""
    return [f"{number + i:0{width}d}_{draft.slug}.sql" for i, draft in enumerate(drafts)]
