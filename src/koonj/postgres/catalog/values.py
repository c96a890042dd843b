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
    place: int = 0
    """Of a column: its position among its table's living columns, 1-based. Compared apart from the rest."""


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
    before: str | None
    """Its definition in the first catalog; None where it is not there."""
    after: str | None
    """Its definition in the second; None where it is not there."""
    order_only: bool = False
    """Nothing but the order of columns differs; the definitions are equal."""

    @property
    def what(self) -> str:
        """In words, seen from the first catalog: ``missing``, ``left over``, ``changed``, ``moved``."""
        if self.order_only:
            return "moved"
        if self.after is None:
            return "missing"
        return "left over" if self.before is None else "changed"
