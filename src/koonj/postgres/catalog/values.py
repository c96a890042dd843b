"""A catalog as values: what pg_dump would print of it, object by object. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectName:
    """What tells one object of a catalog from all others."""

    kind: str
    """``table``, ``column``, ``index``, ``constraint``, ``comment``, ``grant``, …"""
    identity: str
    """Qualified and quoted as SQL wants it: ``public.documents.status``, ``public.f(integer)``."""


@dataclass(frozen=True, slots=True)
class CatalogObject:
    """One object, as far as pg_dump would print it."""

    definition: str
    """Its DDL, or the part of its table's DDL that it is; equal where pg_dump prints the same."""
    position: int = 0
    """1-based; 0 where there is no order. Of a column: its position among its table's living columns; of a
    grant or a storage parameter: among its object's. Compared apart from the rest."""
    parent: ObjectName | None = None
    """What it is dropped with: its table, its type, the object that it is a comment on."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All objects of one database at one moment."""

    major: int
    """Of the server that it was read from."""
    objects: Mapping[ObjectName, CatalogObject]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that two catalogs do not agree on."""

    kind: str
    identity: str
    expected: str | None
    """Its definition in the first catalog; None where it is not there."""
    actual: str | None
    """Its definition in the second; None where it is not there."""
    order_only: bool = False
    """Nothing but its place among its parent's other columns differs; the definitions are equal.

    Also of a grant or a storage parameter, whose order pg_dump prints, and which means nothing.
    """
    parent: ObjectName | None = None
    """What it is a part of, or was."""
    positions: tuple[int, int] | None = None
    """Where ``order_only``: its place before and after, 1-based."""

    @property
    def what(self) -> str:
        """In words, seen from the first catalog: ``missing``, ``left over``, ``changed``, ``moved``."""
        if self.order_only:
            return "moved"
        if self.actual is None:
            return "missing"
        return "left over" if self.expected is None else "changed"
