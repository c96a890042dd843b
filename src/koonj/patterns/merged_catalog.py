"""Add what pending files make to the names of a target, and leave out what they drop.

Whether a name is made or dropped says the catalog after the files. It does not know what else is in the
target, so a name that is only there is dropped if the files name it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from koonj.patterns.catalog_snapshot import (
    CatalogSnapshot,
    Column,
    Index,
    Relation,
    SchemaObject,
    TableObject,
)
from koonj.sql.called_names import names_in

_T = TypeVar("_T")
_Named = TypeVar("_Named", Index, TableObject, SchemaObject)


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file that is not applied on the target."""

    number: str
    """As the file name has it: ``016``."""
    text: str


def with_pending(
    target: CatalogSnapshot, after: CatalogSnapshot, pending: Sequence[PendingFile]
) -> CatalogSnapshot:
    """Return the names of `target` with those of `after`, which is the catalog after all files."""
    named = [(f"pending {one.number}", names_in(one.text)) for one in pending]

    def mark(*names: str) -> str:
        return next((words for words, found in named if found.intersection(names)), "")

    def keeps(name: str) -> bool:
        return not mark(name)

    def only_file(table: str) -> str:
        """Return the file that names a table; empty if several do, or none."""
        files = [words for words, found in named if table in found]
        return files[0] if len(files) == 1 else ""

    def with_marks(
        there: Iterable[_Named],
        made: Iterable[_Named],
        key: Callable[[_Named], Hashable],
        table: Callable[[_Named], str] | None = None,
    ) -> tuple[_Named, ...]:
        """Return what will be there; what is not there yet says which file makes it, if that is known.

        PostgreSQL gives indexes and constraints names that no file has. Then the only file that names their
        `table` makes them.
        """
        known = {key(one) for one in there}

        def marked(one: _Named) -> _Named:
            if key(one) in known:
                return one
            of_table = only_file(table(one)) if table is not None else ""
            return replace(one, pending=mark(one.name) or of_table or "pending")

        return _joined(there, map(marked, made), key, lambda one: keeps(one.name))

    relations = _joined(
        target.relations, after.relations, lambda one: (one.schema, one.name), lambda one: keeps(one.name)
    )
    known = {(one.schema, one.name): one for one in target.relations}
    made = {(one.schema, one.name): one for one in after.relations}
    there = {(one.schema, one.name) for one in relations}
    return replace(
        target,
        schemas=tuple(sorted({*target.schemas, *after.schemas})),
        relations=tuple(
            _relation(known.get(name), made.get(name), mark)
            for name in sorted((one.schema, one.name) for one in relations)
        ),
        indexes=tuple(
            one
            for one in with_marks(
                target.indexes, after.indexes, lambda one: (one.schema, one.name), lambda one: one.table[1]
            )
            if one.table in there
        ),
        table_objects=tuple(
            one
            for one in with_marks(
                target.table_objects,
                after.table_objects,
                lambda one: (one.thing, one.table, one.name),
                lambda one: one.table[1],
            )
            if one.table in there
        ),
        schema_objects=with_marks(
            target.schema_objects,
            after.schema_objects,
            lambda one: (one.thing, one.schema, one.name, one.thing == "function" and one.detail),
        ),
        roles=tuple(sorted({*target.roles, *after.roles})),
        extensions=_extensions(target.extensions, after.extensions),
        is_cut=target.is_cut or after.is_cut,
        dropped=tuple(sorted(known.keys() - there)),
    )


def _joined(
    target: Iterable[_T], after: Iterable[_T], key: Callable[[_T], Hashable], keeps: Callable[[_T], bool]
) -> tuple[_T, ...]:
    """Return what is in both or in `after`, as `after` has it, and what `keeps` keeps of the rest."""
    made = {key(one): one for one in after}
    return (*made.values(), *(one for one in target if key(one) not in made and keeps(one)))


def _relation(known: Relation | None, made: Relation | None, mark: Callable[..., str]) -> Relation:
    """Return a relation as it will be, with the size that it has."""
    if known is None or made is None:
        found = known or made
        assert found is not None
        return found if made is None else replace(made, pending=mark(made.name) or "pending")
    if not mark(known.name):
        return known
    before = {column.name: column for column in known.columns}
    columns = [_column(column, before, mark) for column in made.columns]
    names = {column.name for column in made.columns}
    columns += [one for one in known.columns if one.name not in names and not mark(one.name)]
    return replace(made, size=known.size, rows=known.rows, columns=tuple(columns))


def _column(column: Column, before: Mapping[str, Column], mark: Callable[..., str]) -> Column:
    return column if column.name in before else replace(column, pending=mark(column.name) or "pending")


def _extensions(target: Mapping[str, bool], after: Mapping[str, bool]) -> Mapping[str, bool]:
    installed = {name: True for name, is_there in after.items() if is_there}
    return {**target, **installed}
