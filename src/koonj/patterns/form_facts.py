"""What a catalog snapshot says about the values of a form: the objects that they name, and their size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from koonj.humanize import byte_words, row_words
from koonj.patterns.catalog_snapshot import CatalogSnapshot, Index, Relation
from koonj.patterns.measured_locks import Locks
from koonj.patterns.model import Field, FieldKind
from koonj.patterns.names import (
    RefusedError,
    read_list,
    read_name,
    read_qualified,
    read_qualified_list,
)
from koonj.patterns.sql_text import keys
from koonj.sql.typed_names import as_typed

_PLAIN_KEY = re.compile(r'[a-z_][a-z0-9_]*|"(?:[^"]|"")+"')
"""The key of an index that is a column and nothing more."""


@dataclass(frozen=True, slots=True)
class FormFacts:
    """The fields of a form, their values (typed, or the default), and what the database contains."""

    fields: Sequence[Field]
    values: Mapping[str, str]
    catalog: CatalogSnapshot

    def field(self, name: str) -> Field | None:
        """Return the field with this name; None if there is none."""
        return next((field for field in self.fields if field.name == name), None)

    def names(self, field: Field, text: str | None = None) -> tuple[tuple[str | None, str], ...]:
        """Return the names in a field (or in `text`), each with its schema; none if they cannot be read."""
        typed = (self.values.get(field.name, "") if text is None else text).strip()
        if not typed:
            return ()
        try:
            if field.kind is FieldKind.KEYS:
                return tuple((None, read_name(key)) for key in keys(typed) if _PLAIN_KEY.fullmatch(key))
            if field.kind in (FieldKind.QUALIFIED_NAME, FieldKind.QUALIFIED_NAMES):
                return read_qualified_list(typed)
            return tuple((None, name) for name in read_list(typed))
        except RefusedError:
            return ()

    def relation(self, name: str | None) -> Relation | None:
        """Return the table or view that the field with this name names; None if it is not known."""
        found = self._one(name)
        return None if found is None else self.catalog.relation(*found)

    def index(self, name: str | None) -> Index | None:
        """Return the index that the field with this name names; None if it is not known."""
        found = self._one(name)
        return None if found is None else self.catalog.index(*found)

    def schema(self, name: str | None) -> str | None:
        """Return the schema that the field with this name names; None if there is no such field."""
        found = self._one(name)
        return None if found is None else found[1]

    def _one(self, name: str | None) -> tuple[str | None, str] | None:
        try:
            typed = self.values.get(name or "", "").strip()
            return read_qualified(typed) if typed else None
        except RefusedError:
            return None


def shown_name(catalog: CatalogSnapshot, schema: str, name: str) -> str:
    """Return a name as a user would type it: with its schema unless that is the first of the search_path."""
    bare = as_typed(name)
    return bare if schema in catalog.search_path[:1] else f"{as_typed(schema)}.{bare}"


def size_words(relation: Relation) -> str:
    """Return ``4.1 GB, 12 M rows``, or which file makes it; empty if nothing is known."""
    if relation.pending:
        return relation.pending
    size = "" if relation.size is None else byte_words(relation.size)
    rows = "" if relation.rows is None else row_words(relation.rows)
    return ", ".join(filter(None, (size, rows)))


def lock_words(facts: FormFacts, locks: Locks) -> str:
    """Return what the files lock on the tables that the form names, with their sizes; empty if unknown."""
    found = []
    for field in facts.fields:
        relation = facts.relation(field.name) if field.name in locks else None
        if relation is not None:
            size = size_words(relation)
            name = shown_name(facts.catalog, relation.schema, relation.name)
            words = ", ".join(lock.words for lock in locks[field.name])
            found.append(f"{words} on {name}{f' ({size})' if size else ''}")
    return f"{'; '.join(found)}." if found else ""


def table_words(facts: FormFacts) -> str:
    """Return the table that the form changes with its size; empty if it is not known."""
    for field in facts.fields:
        reference = field.catalog
        if reference is not None and not reference.new:
            found = facts.relation(field.name) if reference.thing in ("table", "materialized view") else None
            if found is not None:
                name = shown_name(facts.catalog, found.schema, found.name)
                return f"{name}: {size_words(found) or 'size not known'}"
    return ""
