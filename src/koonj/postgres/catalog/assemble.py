"""Build catalog objects from the rows of the catalog queries.

Uses no connection, so it can run in any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from koonj.postgres.catalog.catalog import Catalog, CatalogObject, ObjectName
from koonj.postgres.catalog.grants import grants
from koonj.postgres.catalog.queries import DEPENDENCIES, NOTES, OBJECTS, PARTS

Rows = Iterable[tuple[Any, ...]]
_COLUMN_PRIVILEGES = "arwx"
_OWNER_OF_PUBLIC = "pg_database_owner"
"""Owner of the schema public since PostgreSQL 15, for which the query returns no owner."""


def assemble(major: int, rows: Mapping[str, Rows]) -> Catalog:
    """Return the catalog that the rows describe. `rows` has one key per query name."""
    building = _Building()
    for name in OBJECTS:
        building.add_objects(rows.get(name, ()))
    for name in PARTS:
        building.add_parts(rows.get(name, ()))
    building.set_parents()
    building.add_column_grants(rows.get("column_grants", ()))
    building.add_grants("grant", rows.get("outside_grants", ()))
    building.add_grants("default privileges", rows.get("default_privileges", ()))
    for name in NOTES:
        building.add_notes(rows.get(name, ()))
    for name in DEPENDENCIES:
        building.add_dependencies(rows.get(name, ()))
    return Catalog(major, MappingProxyType(building.objects))


class _Building:
    """Objects that were added so far, and the name that belongs to each class and oid."""

    def __init__(self) -> None:
        self.objects: dict[ObjectName, CatalogObject] = {}
        self._names: dict[tuple[int, int], ObjectName] = {}
        self._owners: dict[ObjectName, str] = {}
        self._waiting: list[tuple[ObjectName, str, tuple[int, int]]] = []
        self._contained: dict[ObjectName, tuple[int, int]] = {}

    def add_objects(self, rows: Rows) -> None:
        for class_, oid, kind, identity, definition, parent_class, parent_oid, owner, acl, default in rows:
            name = ObjectName(kind, identity)
            self._names[class_, oid] = name
            if parent_oid is not None:
                if definition is None:  # its parent shows it, as a constraint shows its index
                    self._contained[name] = (parent_class, parent_oid)
                else:
                    self._waiting.append((name, definition, (parent_class, parent_oid)))
            elif definition is not None:
                self.objects[name] = CatalogObject(definition)
            if owner is not None:
                self._owners[name] = owner
                self.objects[ObjectName("owner", f"of {kind} {identity}")] = CatalogObject(owner, 0, name)
            if acl is not None:
                self._grant(name, f"on {kind} {identity}", acl, default, owner or _OWNER_OF_PUBLIC)

    def add_parts(self, rows: Rows) -> None:
        """Add parts of objects. Omit parts of omitted objects (of an extension, say)."""
        names, objects = self._names, self.objects
        for class_, oid, parent_class, parent_oid, kind, name, definition, place in rows:
            parent = names.get((parent_class, parent_oid))
            if parent is None:
                continue
            part = ObjectName(kind, f"{parent.identity}.{name}")
            objects[part] = CatalogObject(definition, place, parent)
            if oid is not None:
                names[class_, oid] = part

    def set_parents(self) -> None:
        """Add objects whose parents came after them. Omit those whose parent is omitted."""
        for name, definition, parent in self._waiting:
            if parent in self._names:
                self.objects[name] = CatalogObject(definition, 0, self._names[parent])

    def add_column_grants(self, rows: Rows) -> None:
        for class_, oid, column, acl in rows:
            parent = self._names.get((class_, oid))
            if parent is not None:
                on = f"on column {parent.identity}.{column}"
                self._grant(parent, on, acl, (), self._owners.get(parent, ""), _COLUMN_PRIVILEGES)

    def add_grants(self, kind: str, rows: Rows) -> None:
        """Add default privileges, and grants on objects that are not in the catalog."""
        for identity, owner, acl, default in rows:
            for grant in grants(acl, default, owner):
                name = ObjectName(kind, f"{identity} to {grant.grantee}")
                self.objects[name] = CatalogObject(grant.words, grant.place)

    def add_notes(self, rows: Rows) -> None:
        for class_, oid, column, text, *provider in rows:
            about = self._names.get((class_, oid))
            if about is None:
                continue
            on = f"{about.kind} {about.identity}" if column is None else f"column {about.identity}.{column}"
            parent = about if column is None else ObjectName("column", f"{about.identity}.{column}")
            kind, start = ("security label", f"for {provider[0]} on") if provider else ("comment", "on")
            if parent not in self.objects:
                parent = self._shown(about)  # a column of a view or a type is not an object of its own
            self.objects[ObjectName(kind, f"{start} {on}")] = CatalogObject(text, 0, parent)

    def add_dependencies(self, rows: Rows) -> None:
        """Add what ALTER … DEPENDS ON EXTENSION declared."""
        for class_, oid, extension in rows:
            about = self._names.get((class_, oid))
            if about is None:
                continue
            name = ObjectName("dependency", f"of {about.kind} {about.identity} on extension {extension}")
            words = f"ALTER {about.kind.upper()} {about.identity} DEPENDS ON EXTENSION {extension}"
            self.objects[name] = CatalogObject(words, 0, self._shown(about))

    def _shown(self, name: ObjectName) -> ObjectName:
        """Return the object that shows `name`: itself, or its parent if it is not in the catalog."""
        if name in self.objects or name not in self._contained:
            return name
        return self._names.get(self._contained[name], name)

    def _grant(
        self,
        parent: ObjectName,
        on: str,
        acl: Sequence[str],
        default: Sequence[str],
        owner: str,
        everything: str = "",
    ) -> None:
        for grant in grants(acl, default, owner, everything):
            name = ObjectName("grant", f"{on} to {grant.grantee}")
            self.objects[name] = CatalogObject(grant.words, grant.place, parent)
