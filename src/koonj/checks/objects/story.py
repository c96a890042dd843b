"""What the files of a folder do with a few names, in order, read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.objects.doings import Doing, doings, hidden_text
from koonj.checks.objects.hiding import Hiding, hiding
from koonj.checks.objects.kinds import Kind
from koonj.migrations.migration import Migration

_DEFAULT = frozenset({"", "public"})
"""Schemas that mean the same while nothing changes the search_path."""


class ReadFile:
    """A file whose statements are read."""

    def __init__(self, place: int, migration: Migration) -> None:
        self.place = place
        self.migration = migration.fresh()
        self.view = FileView.of(self.migration)

    @cached_property
    def hiding(self) -> Hiding:
        """What its statements do not show."""
        return hiding(self.migration, self.view)


@dataclass(frozen=True, slots=True)
class Event:
    """What one statement does with one object."""

    place: int
    """Index of its file."""
    doing: Doing
    statement: StatementView
    vague: bool
    """Whether its name, which is without schema, can be in any schema."""

    def may_mean(self, other: Event) -> bool:
        """Return whether both can be about the same object. Their names are the same."""
        mine, theirs = self.doing.schema, other.doing.schema
        return mine == theirs or "" in {mine, theirs}

    def surely_means(self, other: Event) -> bool:
        """Return whether both are surely about the same object."""
        if self.vague or other.vague:
            return False
        mine, theirs = self.doing.schema, other.doing.schema
        return mine == theirs or {mine, theirs} <= _DEFAULT


class Story:
    """The events of all names that were looked for."""

    def __init__(self, files: Sequence[ReadFile], names: frozenset[str]) -> None:
        """`files`: in order, all that contain one of the names, and all that could hide something."""
        self.files: Mapping[int, ReadFile] = {one.place: one for one in files}
        self._names = names
        self._hidden = [one.place for one in files if Hiding.ALL in one.hiding]

    @cached_property
    def events(self) -> Mapping[str, Sequence[Event]]:
        """For each name as the catalog has it: its events, in order."""
        found: dict[str, list[Event]] = {}
        is_vague_later = False
        for file in self.files.values():
            is_vague = is_vague_later or Hiding.SCHEMAS in file.hiding
            is_vague_later = is_vague_later or Hiding.SCHEMAS_LATER in file.hiding
            for one in file.view.statements:
                for doing in (*doings(one), *self._hidden_in(one)):
                    if doing.name.lower() in self._names:
                        event = Event(file.place, doing, one, is_vague and not doing.schema)
                        found.setdefault(doing.name, []).append(event)
        return found

    def _hidden_in(self, one: StatementView) -> Iterator[Doing]:
        text = hidden_text(one)
        for name in sorted(self._names) if text else ():
            if name in text:
                yield Doing(Kind.SEEN, f'"{name}"')

    def is_told(self, first: int, last: int) -> bool:
        """Return whether the files from the first to the last place show all that they make and lose."""
        return not any(first <= place <= last for place in self._hidden)

    def seen(self, name: str) -> bool:
        """Return whether a function or a DO block contains the name."""
        return any(event.doing.kind is Kind.SEEN for event in self.events.get(name.lower(), ()))
