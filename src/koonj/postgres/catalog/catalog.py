"""Value classes for a catalog: what pg_dump would print, object by object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectName:
    """Key that identifies one object of a catalog."""

    kind: str
    """``table``, ``column``, ``index``, ``constraint``, ``comment``, ``grant``, …"""
    identity: str
    """Qualified and quoted for SQL: ``public.documents.status``, ``public.f(integer)``."""


@dataclass(frozen=True, slots=True)
class CatalogObject:
    """One object, with the properties that pg_dump would print."""

    definition: str
    """DDL of the object, or its part of its table's DDL; equal if pg_dump prints the same."""
    position: int = 0
    """1-based position; 0 if the order of such objects has no meaning.

    For a column: its position among the columns of its table that are not dropped. For a grant or a storage
    parameter: its position among those of its object. It is compared separately from the definition.
    """
    parent: ObjectName | None = None
    """Object with which it is dropped: its table, its type, or the object of a comment."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All objects of one database at one moment."""

    major: int
    """Major version of the server from which it was read."""
    objects: Mapping[ObjectName, CatalogObject]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that differs between two catalogs."""

    kind: str
    identity: str
    expected: str | None
    """Definition in the first catalog; None if the object does not exist there."""
    actual: str | None
    """Definition in the second catalog; None if the object does not exist there."""
    order_only: bool = False
    """Whether only the position among the other parts of its parent differs; the definitions are equal.

    Also true for grants and storage parameters: pg_dump prints their order, but it has no effect.
    """
    parent: ObjectName | None = None
    """Object of which it is or was a part."""
    positions: tuple[int, int] | None = None
    """Positions in the first and the second catalog (1-based), if ``order_only``."""

    @property
    def what(self) -> str:
        """``missing`` or ``not removed`` in the second catalog, ``changed`` or ``moved``."""
        if self.order_only:
            return "moved"
        if self.actual is None:
            return "missing"
        return "not removed" if self.expected is None else "changed"
