"""Fill in what the database says about an object that a form names: its definition, its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from koonj.patterns.catalog_reference import CatalogThing
from koonj.patterns.catalog_snapshot import Index, SchemaObject
from koonj.patterns.form_facts import FormFacts, shown_name
from koonj.patterns.model import Field, FieldKind
from koonj.sql.display import visible


def filled_in(facts: FormFacts) -> Mapping[str, str]:
    """Return the values that follow from the named objects, by field.

    For each field that gets its value from another one; empty if that names nothing that is known.
    """
    found = dict(_definitions(facts))
    return {name: text if visible(text) == text else "" for name, text in found.items()}


def index_field(facts: FormFacts) -> Field | None:
    """Return the field that names an existing index; None if there is none."""
    for field in facts.fields:
        reference = field.catalog
        if reference is not None and reference.thing is CatalogThing.INDEX and not reference.new:
            return field
    return None


def _definitions(facts: FormFacts) -> Iterator[tuple[str, str]]:
    for field in facts.fields:
        if field.catalog is not None and field.catalog.thing is CatalogThing.DEFINITION:
            named = facts.field(field.catalog.of or "")
            yield field.name, "" if named is None else _definition(facts, named, field) or ""
    named = index_field(facts)
    if named is not None:
        yield from _of_index(facts, named, facts.index(named.name))


def _of_index(facts: FormFacts, named: Field, index: Index | None) -> Iterator[tuple[str, str]]:
    """Yield the table of the index, and whether it is unique, if the pattern asks for that later."""
    after = list(facts.fields)[list(facts.fields).index(named) + 1 :]
    for field in after:
        reference = field.catalog
        if field.name == "table" and reference is not None and reference.thing is CatalogThing.TABLE:
            yield field.name, "" if index is None else shown_name(facts.catalog, *index.table)
        elif field.name == "unique" and field.choices and index is not None:
            yield field.name, "yes" if index.unique else "no"


def _definition(facts: FormFacts, named: Field, field: Field) -> str | None:
    thing = None if named.catalog is None else named.catalog.thing
    if thing is CatalogThing.INDEX:
        index = facts.index(named.name)
        return None if index is None else index.definition
    if thing is not None and named.catalog is not None and named.catalog.of is not None:
        table, names = facts.relation(named.catalog.of), facts.names(named)
        objects = facts.catalog.objects_of(table, thing) if table is not None and names else ()
        return next((one.definition for one in objects if one.name == names[0][1]), None)
    if field.kind is FieldKind.LABELS:
        return _labels(facts, named)
    relation = facts.relation(named.name)
    if field.kind is FieldKind.TEXT:
        return relation.comment if relation is not None else _comment_of_type(facts, named)
    return None if relation is None else relation.definition


def _labels(facts: FormFacts, named: Field) -> str | None:
    labels = next((one.labels for one in _types(facts, named)), ())
    return ", ".join(map(_label, labels))


def _label(text: str) -> str:
    is_plain = text == text.strip() and "," not in text and "'" not in text
    return text if is_plain else "'" + text.replace("'", "''") + "'"


def _comment_of_type(facts: FormFacts, named: Field) -> str | None:
    return next((one.comment for one in _types(facts, named)), None)


def _types(facts: FormFacts, named: Field) -> Iterator[SchemaObject]:
    for schema, name in facts.names(named):
        for place in facts.catalog.places(schema):
            for one in facts.catalog.schema_objects:
                if (one.thing, one.schema, one.name) == (CatalogThing.TYPE, place, name):
                    yield one
