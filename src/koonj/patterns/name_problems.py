"""Say which names of a form the database does not know, or knows already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from koonj.patterns.catalog_reference import PARTS, CatalogReference, CatalogThing
from koonj.patterns.catalog_snapshot import Relation
from koonj.patterns.definitions import index_field
from koonj.patterns.foreign_key import foreign_key_problems
from koonj.patterns.form_facts import FormFacts, shown_name
from koonj.patterns.model import Field, FieldKind

_SYSTEM = ("pg_", "information_schema")
_SIMILAR = 2
"""Maximum number of similar names."""


def name_problems(facts: FormFacts) -> Mapping[str, str]:
    """Return what does not fit the database, by field: advice, as the database can lag."""
    found: dict[str, str] = {}
    for field in facts.fields:
        problem = None if field.catalog is None else _problem(facts, field, field.catalog)
        if problem is not None:
            found[field.name] = problem
    return {**_wrong_table(facts), **foreign_key_problems(facts), **found}


def _problem(facts: FormFacts, field: Field, reference: CatalogReference) -> str | None:
    if reference.thing is CatalogThing.DEFINITION or field.kind is FieldKind.TYPE:
        return None
    check: Callable[[FormFacts, CatalogReference, str | None, str], str | None]
    check = _taken if reference.new else _missing
    found = (
        check(facts, reference, schema, name)
        for schema, name in facts.names(field)
        if reference.thing is CatalogThing.EXTENSION or not (schema or name).startswith(_SYSTEM)
    )
    return next(filter(None, found), None)


def _missing(facts: FormFacts, reference: CatalogReference, schema: str | None, name: str) -> str | None:
    """Say that an object does not exist; None if it does, or if that is not known."""
    catalog, thing = facts.catalog, reference.thing
    plain = _plain_names(facts, thing)
    if catalog.is_cut or name in plain:
        return None
    if thing in _PLAIN:
        return _no(thing, name, plain)
    if thing in (CatalogThing.TYPE, CatalogThing.FUNCTION):
        objects = [one for one in catalog.schema_objects if one.thing == thing]
        return _no_object(facts, thing, schema, name, [(one.schema, one.name) for one in objects])
    if thing is CatalogThing.INDEX:
        indexes = [(one.schema, one.name) for one in catalog.indexes]
        return _no_object(facts, thing, schema, name, indexes) or _index_of_other_table(
            facts, reference, schema, name
        )
    if thing in PARTS:
        return _not_in_table(facts, reference, schema, name)
    return _no_relation(facts, reference, schema, name)


_PLAIN = frozenset({CatalogThing.SCHEMA, CatalogThing.ROLE, CatalogThing.EXTENSION})
"""What belongs to no schema and no table."""


def _plain_names(facts: FormFacts, thing: CatalogThing) -> Sequence[str]:
    if thing is CatalogThing.EXTENSION:
        return [one for one, is_installed in facts.catalog.extensions.items() if is_installed]
    if thing is CatalogThing.ROLE:
        return (*facts.catalog.roles, "public")
    return facts.catalog.schemas if thing is CatalogThing.SCHEMA else ()


def _no_relation(facts: FormFacts, reference: CatalogReference, schema: str | None, name: str) -> str | None:
    catalog, thing = facts.catalog, reference.thing
    found = catalog.relation(schema or facts.schema(reference.of), name)
    if found is None:
        if any((place, name) in catalog.dropped for place in catalog.places(schema)):
            return f"Pending files drop or rename {name}."
        fitting = [one for one in catalog.relations if _is(one, thing)]
        return _no(thing, _typed(schema, name), (one.name for one in fitting))
    return None if _is(found, thing) else f"{name} is a {found.kind}, not a {thing}."


def _is(relation: Relation, thing: CatalogThing) -> bool:
    return relation.is_table if thing is CatalogThing.TABLE else relation.kind == thing


def _no_object(
    facts: FormFacts, thing: str, schema: str | None, name: str, known: Sequence[tuple[str, str]]
) -> str | None:
    if any((place, name) in known for place in facts.catalog.places(schema)):
        return None
    return _no(thing, _typed(schema, name), (one for _, one in known))


def _index_of_other_table(
    facts: FormFacts, reference: CatalogReference, schema: str | None, name: str
) -> str | None:
    index, table = facts.catalog.index(schema, name), facts.relation(reference.of)
    if index is None or table is None or index.table == (table.schema, table.name):
        return None
    return f"{name} is an index of {shown_name(facts.catalog, *index.table)}."


def _not_in_table(facts: FormFacts, reference: CatalogReference, schema: str | None, name: str) -> str | None:
    table = facts.relation(reference.of)
    if table is None:
        return None
    if reference.thing is CatalogThing.PARTITION:
        part = facts.catalog.relation(schema, name)
        parts = list(facts.catalog.parts_of(table))
        return None if part in parts else _no(f"partition of {table.name}", name, (one.name for one in parts))
    known = _names_in(facts, table, reference.thing)
    return None if name in known else _no(reference.thing, name, known, f" in {table.name}")


def _names_in(facts: FormFacts, table: Relation, thing: CatalogThing) -> list[str]:
    if thing is CatalogThing.COLUMN:
        return [column.name for column in table.columns]
    return [one.name for one in facts.catalog.objects_of(table, thing)]


def _taken(facts: FormFacts, reference: CatalogReference, schema: str | None, name: str) -> str | None:
    """Say that the name of a new object is taken; None if it is free, or if that is not known."""
    catalog, thing = facts.catalog, reference.thing
    table = facts.relation(reference.of)
    if thing in PARTS - {CatalogThing.PARTITION}:
        is_taken = table is not None and name in _names_in(facts, table, thing)
        return f"{table.name} already has a {thing} {name}." if is_taken and table is not None else None
    if thing in _PLAIN:
        is_missing = thing is CatalogThing.EXTENSION and name not in catalog.extensions and not catalog.is_cut
        if is_missing and catalog.extensions:
            return _no(thing, name, catalog.extensions, " on the server")
        return f"There is already {_a(thing)} {name}." if name in _plain_names(facts, thing) else None
    if thing is CatalogThing.FUNCTION:
        return None  # another function can have the same name, with other arguments
    home = schema or (table.schema if table is not None else next(iter(catalog.search_path), ""))
    kind = next((kind for kind, *taken in _relation_names(facts) if taken == [home, name]), None)
    return None if kind is None else f"The name is taken: there is already {_a(kind)} {name}."


def _relation_names(facts: FormFacts) -> Iterator[tuple[str, str, str]]:
    """Yield kind, schema and name of all objects that share their names with tables, indexes and types."""
    yield from ((one.kind, one.schema, one.name) for one in facts.catalog.relations)
    yield from (("index", one.schema, one.name) for one in facts.catalog.indexes)
    types = (one for one in facts.catalog.schema_objects if one.thing == CatalogThing.TYPE)
    yield from (("type", one.schema, one.name) for one in types)


def _wrong_table(facts: FormFacts) -> Mapping[str, str]:
    """Compare the table and the choice `unique` with the existing index that the form names."""
    named = index_field(facts)
    index, table = (None, None) if named is None else (facts.index(named.name), facts.relation("table"))
    if index is None:
        return {}
    found = {}
    if table is not None and index.table != (table.schema, table.name):
        found["table"] = f"{index.name} is an index of {shown_name(facts.catalog, *index.table)}."
    if facts.values.get("unique") == ("no" if index.unique else "yes"):
        found["unique"] = f"{index.name} is {'' if index.unique else 'not '}a unique index."
    return found


def _no(thing: str, name: str, known: Iterable[str], where: str = "") -> str:
    import difflib  # noqa: PLC0415 - takes 9 ms, and only problems need it

    near = difflib.get_close_matches(name.rpartition(".")[2], sorted(set(known)), n=_SIMILAR)
    return f"No {thing} {name}{where}." + (f" Similar: {', '.join(near)}." if near else "")


def _typed(schema: str | None, name: str) -> str:
    return name if schema is None else f"{schema}.{name}"


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
