"""Catalogs that do not say the same for reasons of their own: another major version, other roles."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from koonj.postgres.catalog.values import Catalog, CatalogObject, ObjectName


def comparable(catalog: Catalog, major: int) -> Catalog:
    """Without what a server of `major` would not tell, or would tell otherwise. Do it with both.

    18 gives a NOT NULL of a table a name (https://www.postgresql.org/docs/18/release-18.html), 17 that of a
    domain; from 15 on pg_database_owner has the schema public.
    """
    least, most = sorted((catalog.major, major))
    if least == most:
        return catalog

    def stays(name: ObjectName, value: CatalogObject) -> bool:
        if least < 18 <= most and _is_not_null(name, value):
            return False
        return not (least < 15 <= most and name == ObjectName("owner", "of schema public"))

    return _filtered(catalog, stays)


def without_owners(catalog: Catalog) -> Catalog:
    """Without owners, for a scratch that has other roles. What is granted to an owner does not name it."""
    return _filtered(catalog, lambda name, _: name.kind != "owner")


def without_grants(catalog: Catalog) -> Catalog:
    """Without what is granted, now and by default."""
    return _filtered(catalog, lambda name, _: name.kind not in ("grant", "default privileges"))


def _is_not_null(name: ObjectName, value: CatalogObject) -> bool:
    quoted = name.kind == "constraint" and value.parent is not None
    if not quoted or value.parent is None:
        return False
    constraint = name.identity[len(value.parent.identity) + 1 :]
    return value.definition.startswith(f"CONSTRAINT {constraint} NOT NULL")


def _filtered(catalog: Catalog, stays: Callable[[ObjectName, CatalogObject], bool]) -> Catalog:
    kept = {name: value for name, value in catalog.objects.items() if stays(name, value)}
    for name in [n for n, v in kept.items() if n.kind == "comment" and _is_orphan(v, catalog, kept)]:
        del kept[name]
    return Catalog(catalog.major, MappingProxyType(kept))


def _is_orphan(value: CatalogObject, catalog: Catalog, kept: dict[ObjectName, CatalogObject]) -> bool:
    return value.parent in catalog.objects and value.parent not in kept
