"""Catalogs that do not say the same for reasons of their own: another major version, other roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

from koonj.postgres.catalog.values import Catalog, CatalogObject, ObjectName

_VIEWS = ("view", "materialized view")
_QUALIFIER = re.compile(r'("(?:[^"]|"")+"|\b[^\W\d][\w$]*)\.(?=[\w"])')
Kept = Callable[[ObjectName, CatalogObject], CatalogObject | None]


def comparable(catalog: Catalog, major: int) -> Catalog:
    """Without what a server of `major` would not tell, or would tell otherwise. Do it with both.

    18 gives the NOT NULL of a table a name, 17 that of a domain; 16 qualifies columns in a view only where
    it reads more than one table (the qualifiers go, of both); from 15 on pg_database_owner owns public.
    Other texts can differ, too, by what each version has learnt to print.
    """
    least, most = sorted((catalog.major, major))
    if least == most:
        return catalog
    schemas = frozenset(name.identity for name in catalog.objects if name.kind == "schema")

    def kept(name: ObjectName, value: CatalogObject) -> CatalogObject | None:
        if least < 18 <= most and _is_not_null(name, value):
            return None
        if least < 15 <= most and name == ObjectName("owner", "of schema public"):
            return None
        if least < 16 <= most and name.kind in _VIEWS:
            return CatalogObject(_unqualified(value.definition, schemas), value.place, value.parent)
        return value

    return _changed(catalog, kept)


def without_owners(catalog: Catalog) -> Catalog:
    """Without owners, for a scratch that has other roles. What is granted to an owner does not name it."""
    return _changed(catalog, lambda name, value: None if name.kind == "owner" else value)


def without_grants(catalog: Catalog) -> Catalog:
    """Without what is granted, now and by default."""
    kinds = ("grant", "default privileges")
    return _changed(catalog, lambda name, value: None if name.kind in kinds else value)


def _is_not_null(name: ObjectName, value: CatalogObject) -> bool:
    if name.kind != "constraint" or value.parent is None:
        return False
    constraint = name.identity[len(value.parent.identity) + 1 :]
    return value.definition.startswith(f"CONSTRAINT {constraint} NOT NULL")


def _unqualified(definition: str, schemas: frozenset[str]) -> str:
    """Without what is before a point, unless it is a schema."""
    return _QUALIFIER.sub(lambda match: match[0] if match[1] in schemas else "", definition)


def _changed(catalog: Catalog, kept: Kept) -> Catalog:
    """What `kept` makes of each object, without those that it leaves out, and their comments."""
    objects: dict[ObjectName, CatalogObject] = {}
    for name, value in catalog.objects.items():
        new = kept(name, value)
        if new is not None:
            objects[name] = new
    orphans = [name for name, value in objects.items() if _is_orphan(name, value, catalog, objects)]
    for name in orphans:
        del objects[name]
    return Catalog(catalog.major, MappingProxyType(objects))


def _is_orphan(
    name: ObjectName, value: CatalogObject, catalog: Catalog, objects: dict[ObjectName, CatalogObject]
) -> bool:
    return name.kind == "comment" and value.parent in catalog.objects and value.parent not in objects
