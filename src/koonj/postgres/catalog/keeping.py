"""A catalog as bytes, to be kept beside the database that it was read from."""

from __future__ import annotations

import json
import zlib
from types import MappingProxyType

from koonj.postgres.catalog.values import Catalog, CatalogObject, ObjectName

_FORMAT = 1
"""Changed when the same database begins to be read otherwise: what was kept before is read anew then."""


def to_bytes(catalog: Catalog) -> bytes:
    """Of any catalog; some milliseconds for a thousand objects."""
    rows = [
        (name.kind, name.identity, one.definition, one.position, *_parts(one.parent))
        for name, one in catalog.objects.items()
    ]
    return zlib.compress(json.dumps([_FORMAT, catalog.major, rows]).encode("utf-8", "surrogatepass"), 1)


def from_bytes(kept: bytes) -> Catalog | None:
    """The same catalog; None of bytes that this koonj did not write so."""
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
