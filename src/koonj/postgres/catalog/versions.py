"""Remove differences that come only from the server version or the roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Catalog, CatalogObject, ObjectName

_VIEWS = ("view", "materialized view")
_QUALIFIER = re.compile(r'("(?:[^"]|"")+"|\b[^\W\d][\w$]*)\.(?=[\w"])')
_GRANTS = ("grant", "default privileges")
Kept = Callable[[ObjectName, CatalogObject], CatalogObject | None]
Rule = Callable[[Catalog, ObjectName, CatalogObject], str | None]


def comparable(catalog: Catalog, major: int) -> Catalog:
    """Remove everything that a server of version `major` omits or writes differently.

    Call it for both catalogs. The differences: 18 gives the NOT NULL of a table a name, and 17 that of a
    domain; 18 shows NOT NULL on a child table only if it belongs to the child itself; 17 has the privilege
    MAINTAIN; 16 qualifies columns in a view only if it reads more than one table (the qualifiers are removed
    from both); since 15, pg_database_owner owns the schema public, and PUBLIC may not create something there
    until somebody grants it. Other texts can differ too, if a newer version prints more.
    """
    least, most = sorted((catalog.major, major))
    if least == most:
        return catalog
    rules = [rule for since, rule in _RULES if least < since <= most]

    def kept(name: ObjectName, value: CatalogObject) -> CatalogObject | None:
        for rule in rules:
            definition = rule(catalog, name, value)
            if definition is None:
                return None
            value = CatalogObject(definition, value.position, value.parent)
        return value

    return _changed(catalog, kept)


def as_anyone_sees(catalog: Catalog) -> Catalog:
    """Remove what only some roles can read: subscriptions, options of user mappings."""

    def kept(name: ObjectName, value: CatalogObject) -> CatalogObject | None:
        if name.kind == "subscription":
            return None
        if name.kind == "user mapping":
            return CatalogObject(f"CREATE USER MAPPING {name.identity}", value.position, value.parent)
        return value

    return _changed(catalog, kept)


def _without_public_owner(_: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    return None if name == ObjectName("owner", "of schema public") else value.definition


def _without_create_in_public(_: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    is_old_default = (
        name == ObjectName("grant", "on schema public to PUBLIC") and value.definition == "GRANT ALL"
    )
    return None if is_old_default else value.definition


def _unqualified(catalog: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    """Return a view's definition without the qualifiers of columns. Schemas are kept."""
    if name.kind not in _VIEWS:
        return value.definition

    def without(match: re.Match[str]) -> str:
        return match[0] if ObjectName("schema", match[1]) in catalog.objects else ""

    return _QUALIFIER.sub(without, value.definition)


def _without_maintain(_: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    if name.kind not in _GRANTS:
        return value.definition
    return value.definition.replace(", MAINTAIN", "").replace("MAINTAIN, ", "")


def _without_named_not_null(_: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    if name.kind != "constraint" or value.parent is None:
        return value.definition
    constraint = name.identity[len(value.parent.identity) + 1 :]
    return None if value.definition.startswith(f"CONSTRAINT {constraint} NOT NULL") else value.definition


def _without_not_null_of_a_child(catalog: Catalog, name: ObjectName, value: CatalogObject) -> str | None:
    table = None if value.parent is None else catalog.objects.get(value.parent)
    if name.kind == "column" and table is not None and "\nINHERITS (" in table.definition:
        return value.definition.replace(" NOT NULL", "")
    return value.definition


_RULES: tuple[tuple[int, Rule], ...] = (
    (15, _without_public_owner),
    (15, _without_create_in_public),
    (16, _unqualified),
    (17, _without_maintain),
    (17, _without_named_not_null),
    (18, _without_named_not_null),
    (18, _without_not_null_of_a_child),
)
"""Pairs of the version that introduced a feature, and a function that removes it from a definition.

The function returns None if the whole object is to be omitted.
"""


def without_public_owner(catalog: Catalog) -> Catalog:
    """Omit the owner of the schema public, which depends on the server before 15."""
    owner = ObjectName("owner", "of schema public")
    return _changed(catalog, lambda name, value: None if name == owner else value)


def without_owners(catalog: Catalog) -> Catalog:
    """Omit owners, for a scratch server with other roles.

    Grants to an owner do not contain the name of the owner, so they stay.
    """
    return _changed(catalog, lambda name, value: None if name.kind == "owner" else value)


def without_grants(catalog: Catalog) -> Catalog:
    """Omit grants and default privileges."""
    return _changed(catalog, lambda name, value: None if name.kind in _GRANTS else value)


def _changed(catalog: Catalog, kept: Kept) -> Catalog:
    """Return the catalog with each object replaced by the result of `kept`.

    Objects for which `kept` returns None are omitted, together with their parts and comments.
    """
    objects: dict[ObjectName, CatalogObject] = {}
    for name, value in catalog.objects.items():
        new = kept(name, value)
        if new is not None:
            objects[name] = new
    gone = catalog.objects.keys() - objects.keys()
    for name in [name for name, value in objects.items() if value.parent in gone]:
        del objects[name]
    return Catalog(catalog.major, MappingProxyType(objects))
