"""Complete the value of a field with names that the catalog contains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from koonj.patterns.catalog_reference import PARTS, CatalogReference, CatalogThing
from koonj.patterns.form_facts import FormFacts, shown_name, size_words
from koonj.patterns.matching import best_names, rank
from koonj.patterns.model import LISTS, Field, FieldKind
from koonj.sql.display import visible
from koonj.sql.typed_names import as_typed, as_typed_key

_NAME_LISTS = LISTS & {FieldKind.NAMES, FieldKind.QUALIFIED_NAMES, FieldKind.KEYS}
_ITEM = re.compile(r'(?:[^",()]|"(?:[^"]|"")*"?|\([^()]*\)?)*\Z')
"""The last item of a list."""

_TYPES = {
    "text": "any length",
    "integer": "4 bytes, up to 2.1 billion",
    "bigint": "8 bytes",
    "boolean": "true or false",
    "numeric": "exact",
    "double precision": "8 bytes, inexact",
    "timestamp with time zone": "a moment",
    "timestamp without time zone": "a date and a time of the day",
    "date": "a day",
    "interval": "a span of time",
    "uuid": "16 bytes",
    "jsonb": "JSON that can be indexed",
    "bytea": "bytes",
    "varchar(255)": "limited length",
    "inet": "an IP address",
    "smallint": "2 bytes, up to 32,767",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """A value that completes what was typed."""

    value: str
    """The whole value of the field."""
    name: str
    """The part that completes."""
    detail: str
    """What is known of it: a size, a type, a definition."""


def completions(facts: FormFacts, field: Field, typed: str) -> tuple[Completion, ...]:
    """Return the values that complete `typed`, the best first; none if it is complete."""
    before, part = _split(field, typed)
    listed = {name for _, name in facts.names(field, before.rstrip(" ,"))}
    known = [
        (name, detail)
        for name, detail in _candidates(facts, field)
        if name not in listed and visible(name) == name
    ]
    best = best_names(known, part, lambda pair: pair[0])
    if best and part and rank(part, best[0][0]) == rank(part, part):
        return ()
    return tuple(Completion(before + name, name, detail) for name, detail in best)


def begins_with(field: Field, typed: str, found: Iterable[Completion]) -> bool:
    """Return whether one of the completions begins with what was typed, which then is half of a name."""
    part = _split(field, typed)[1].lstrip('"').casefold()
    return any(one.name.lstrip('"').casefold().startswith(part) for one in found)


def _split(field: Field, typed: str) -> tuple[str, str]:
    """Return what stays, and the part that is completed: in a list the last item."""
    if field.kind not in _NAME_LISTS:
        return "", typed.strip()
    found = _ITEM.search(typed)
    at = found.start() if found else len(typed)
    before = typed[:at].rstrip()
    return (f"{before} " if before else ""), typed[at:].strip()


def _candidates(facts: FormFacts, field: Field) -> Iterable[tuple[str, str]]:
    """Return each name as it is typed, and what is known of it."""
    reference = field.catalog
    if field.kind is FieldKind.TYPE:
        return [*_TYPES.items(), *_schema_objects(facts, CatalogThing.TYPE)]
    if reference is None:
        return ()
    if reference.thing is CatalogThing.EXTENSION:
        known = facts.catalog.extensions.items()
        return [(as_typed(name), "") for name, installed in known if installed is not reference.new]
    if reference.new:
        return ()
    if reference.thing in PARTS:
        return _of_table(facts, reference, is_key=field.kind is FieldKind.KEYS)
    return _existing(facts, reference)


def _existing(facts: FormFacts, reference: CatalogReference) -> Iterable[tuple[str, str]]:
    thing = reference.thing
    if thing in (CatalogThing.SCHEMA, CatalogThing.ROLE):
        names = facts.catalog.schemas if thing is CatalogThing.SCHEMA else facts.catalog.roles
        return [(as_typed(name), "") for name in names]
    if thing in (CatalogThing.TYPE, CatalogThing.FUNCTION):
        return _schema_objects(facts, thing)
    if thing is CatalogThing.INDEX:
        return _indexes(facts, reference)
    return _relations(facts, reference)


def _relations(facts: FormFacts, reference: CatalogReference) -> Iterator[tuple[str, str]]:
    schema = facts.schema(reference.of)
    for one in facts.catalog.relations:
        fits = one.is_table if reference.thing is CatalogThing.TABLE else one.kind == reference.thing
        if fits and schema is None:
            yield shown_name(facts.catalog, one.schema, one.name), size_words(one)
        elif fits and schema == one.schema:
            yield as_typed(one.name), size_words(one)


def _indexes(facts: FormFacts, reference: CatalogReference) -> Iterator[tuple[str, str]]:
    table = facts.relation(reference.of)
    for one in facts.catalog.indexes:
        if table is None or one.table == (table.schema, table.name):
            unique = "unique, " if one.unique else ""
            yield (
                shown_name(facts.catalog, one.schema, one.name),
                _known(f"{unique}{one.table[1]}", one.pending),
            )


def _schema_objects(facts: FormFacts, thing: CatalogThing) -> Iterator[tuple[str, str]]:
    for one in facts.catalog.schema_objects:
        if one.thing == thing:
            detail = ", ".join(one.labels) or one.detail
            yield shown_name(facts.catalog, one.schema, one.name), _known(detail, one.pending)


def _of_table(facts: FormFacts, reference: CatalogReference, *, is_key: bool) -> Iterator[tuple[str, str]]:
    table = facts.relation(reference.of)
    if table is None:
        return
    if reference.thing is CatalogThing.COLUMN:
        for column in table.columns:
            typed = as_typed_key(column.name) if is_key else as_typed(column.name)
            known = column.type + (" NOT NULL" if column.not_null else "")
            yield typed, _known(known, column.pending)
    elif reference.thing is CatalogThing.PARTITION:
        for part in facts.catalog.parts_of(table):
            yield shown_name(facts.catalog, part.schema, part.name), size_words(part)
    else:
        for one in facts.catalog.objects_of(table, reference.thing):
            yield as_typed(one.name), _known(one.definition or "", one.pending)


def _known(*details: str) -> str:
    return ", ".join(filter(None, details))
