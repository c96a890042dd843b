"""Leave out of two catalogs what cannot be compared between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Catalog, ObjectName
from koonj.postgres.catalog.versions import comparable, without_owners, without_public_owner

_PUBLIC_OWNER_CHANGED = 15
"""First major version in which pg_database_owner owns the schema public.

    In older versions, the user who ran initdb owns it.
    """


def comparable_pair(expected: Catalog, actual: Catalog) -> tuple[Catalog, Catalog]:
    """Return both catalogs without the properties that cannot be compared."""
    return _comparable(expected, actual), _comparable(actual, expected)


def without_owners_and_defaults(catalog: Catalog) -> Catalog:
    """Return a catalog without owners and default privileges, for a scratch server that cannot set them."""
    objects = without_owners(catalog).objects.items()
    changed = {name: value for name, value in objects if name.kind != "default privileges"}
    return Catalog(catalog.major, MappingProxyType(changed))


def _comparable(catalog: Catalog, other: Catalog) -> Catalog:
    """Return `catalog` without properties that cannot be compared with `other`.

    Before PostgreSQL 15, the owner of the schema public is a superuser whose name depends on the server.
    """
    found = comparable(catalog, other.major)
    return without_public_owner(found) if catalog.major < _PUBLIC_OWNER_CHANGED else found


def not_as_owner(refused: Sequence[str]) -> str:
    """Return the note for a comparison without owners. `refused`: the roles that koonj could not act as."""
    return (
        f"The scratch server does not let koonj act as {', '.join(refused)}, so owners and default "
        "privileges are not compared."
    )


def without_history(actual: Catalog, tables: frozenset[str], expected: Catalog) -> Catalog:
    """Return the catalog of a target without the tables in which another tool keeps its history.

    A schema that has nothing else was made by the tool, unless a migration makes it (`expected`).
    """
    left = _without_tables(actual, tables)
    schemas = {ObjectName("schema", table.partition(".")[0]) for table in tables}
    used = {name.identity.partition(".")[0] for name in left.objects if name not in schemas}
    empty = {name for name in schemas - set(expected.objects) if name.identity not in used}
    kept = {name: one for name, one in left.objects.items() if not empty & set(_line(left, name))}
    return Catalog(left.major, MappingProxyType(kept))


def _without_tables(catalog: Catalog, tables: frozenset[str]) -> Catalog:
    """Return a catalog without these tables, their parts, and the sequences of their columns."""
    if not tables:
        return catalog
    left = {name for name in catalog.objects if name.kind in {"table", "sequence"} and _is_of(name, tables)}
    kept = {name: one for name, one in catalog.objects.items() if not left & set(_line(catalog, name))}
    return Catalog(catalog.major, MappingProxyType(kept))


def _is_of(name: ObjectName, tables: frozenset[str]) -> bool:
    return name.identity in tables or (
        name.kind == "sequence" and any(name.identity.startswith(f"{table}_") for table in tables)
    )


def _line(catalog: Catalog, name: ObjectName) -> Iterator[ObjectName]:
    """Yield an object, and those of which it is a part."""
    at: ObjectName | None = name
    while at is not None:
        yield at
        one = catalog.objects.get(at)
        at = None if one is None else one.parent
