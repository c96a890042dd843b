"""Store a catalog as bytes next to the database from which it was read."""

from __future__ import annotations

import json
import zlib
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Catalog, CatalogObject, ObjectName

_FORMAT = 2
"""Increase it when the same database is read differently. Catalogs of other formats are ignored."""


def to_bytes(catalog: Catalog) -> bytes:
    """Return the catalog as bytes. Takes some milliseconds for a thousand objects."""
    rows = [
        (name.kind, name.identity, one.definition, one.position, *_parts(one.parent))
        for name, one in catalog.objects.items()
    ]
    return zlib.compress(json.dumps([_FORMAT, catalog.major, rows]).encode("utf-8", "surrogatepass"), 1)


def from_bytes(kept: bytes) -> Catalog | None:
    """Return the catalog, or None if the bytes are damaged or in another format."""
    try:
        form, major, rows = json.loads(zlib.decompress(kept))
        if form != _FORMAT:
            return None
        objects = {
            ObjectName(kind, identity): CatalogObject(definition, place, _name(parent_kind, parent_identity))
            for kind, identity, definition, place, parent_kind, parent_identity in rows
        }
    except (zlib.error, ValueError, TypeError):
        return None
    return Catalog(major, MappingProxyType(objects))


def _parts(name: ObjectName | None) -> tuple[str, str]:
    return ("", "") if name is None else (name.kind, name.identity)


def _name(kind: str, identity: str) -> ObjectName | None:
    return ObjectName(kind, identity) if kind else None
