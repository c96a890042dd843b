"""What surrounds a target's schema and decides what a script makes of it: roles and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from psycopg import AsyncConnection

from koonj.migrations.migration import Migration
from koonj.postgres.queries import query

Settings = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""

NAMES = (
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "search_path",
    "standard_conforming_strings",
    "transform_null_equals",
    "xmloption",
)
"""What the catalog keeps of a statement depends on them: where objects land, and what a constant means.
``FOR VALUES FROM ('2026-01-01')`` on a timestamptz is a moment in the session's time zone."""


@dataclass(frozen=True, slots=True)
class TargetRoles:
    """Of one target, as far as any role that may connect can see it."""

    roles: tuple[str, ...]
    """Without pg_*."""
    acting: str
    """The role that reads."""
    session: Mapping[str, str]
    """What its session began with: as postgresql.conf, ALTER DATABASE, ALTER ROLE or the dsn have set it."""
    set_for: Mapping[tuple[str | None, str], str]
    """By role and name: what is set for a role's sessions on this database; None: for those of all roles."""
    default: Mapping[str, str]
    """Where nothing is set for a role or a database."""

    def settings_of(self, role: str) -> Settings:
        """What a script that ran as `role` began with, as far as it can be told.

        Who reads as the role that applied is taken to connect in the same way.
        """
        return tuple((name, self._setting(role, name)) for name in NAMES)

    def _setting(self, role: str, name: str) -> str:
        if role == self.acting:
            return self.session[name]
        of_all = self.set_for.get((None, name), self.default[name])
        return self.set_for.get((role, name), of_all)


async def read_world(conn: AsyncConnection) -> TargetRoles:
    """Of a session that has set nothing yet. Raises psycopg.Error."""
    cursor = await conn.execute(query("drift/settings"), (list(NAMES),))
    rows = await cursor.fetchall()
    session = {name: setting for name, setting, _ in rows}
    default = {name: setting for name, _, setting in rows}
    cursor = await conn.execute(query("drift/settings_set"))
    set_for = {(role, name): value for role, name, value in await cursor.fetchall()}
    cursor = await conn.execute(query("drift/roles"))
    acting, roles = "", []
    for role, acts in await cursor.fetchall():
        acting = role if acts else acting
        roles.append(role)
    freeze = MappingProxyType
    return TargetRoles(tuple(roles), acting, freeze(session), freeze(set_for), freeze(default))


async def read_settings(conn: AsyncConnection) -> Settings:
    """Those of `NAMES`, as the session has them. Raises psycopg.Error."""
    cursor = await conn.execute(query("drift/settings"), (list(NAMES),))
    found = {name: setting for name, setting, _ in await cursor.fetchall()}
    return tuple((name, found[name]) for name in NAMES)


_NAME = r'("(?:[^"]|"")+"|\w[\w$]*)'
_ROLE = r"(?:role|user|group)\s+"
_MAKES = re.compile(rf"\b(?:create\s+{_ROLE}|alter\s+{_ROLE}{_NAME}\s+rename\s+to\s+){_NAME}", re.IGNORECASE)


def made_by(migrations: Iterable[Migration]) -> frozenset[str]:
    """Names of roles that scripts make themselves, also in a DO block."""
    return frozenset(
        _bare(made)
        for migration in migrations
        for statement in migration.sections.body.statements
        if statement.copy_data is None
        for _, made in _MAKES.findall(statement.text)
    )


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
