"""What surrounds a target's schema and decides what a script makes of it: roles, and search_path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from psycopg import AsyncConnection

from koonj.migrations.migration import Migration
from koonj.postgres.queries import query


@dataclass(frozen=True, slots=True)
class World:
    """Of one target, as far as any role that may connect can see it."""

    roles: tuple[str, ...]
    """Without pg_*."""
    acting: str
    """The role that reads."""
    search_path: str
    """What its session began with: as ALTER DATABASE, ALTER ROLE or the dsn have set it."""
    set_for: Mapping[str | None, str]
    """What is set for a role's sessions on this database; None: for all that have nothing of their own."""
    default: str
    """Where nothing is set."""

    def search_path_of(self, role: str) -> str:
        """What a script that ran as `role` had, as far as it can be told.

        Who reads as the role that applied is taken to connect in the same way.
        """
        if role == self.acting:
            return self.search_path
        return self.set_for.get(role, self.set_for.get(None, self.default))


async def read_world(conn: AsyncConnection) -> World:
    """Of a session that has set nothing yet. Raises psycopg.Error."""
    cursor = await conn.execute(query("drift/search_path"))
    row = await cursor.fetchone()
    assert row is not None
    search_path, default, acting = row
    cursor = await conn.execute(query("drift/search_paths"))
    set_for: dict[str | None, str] = dict(await cursor.fetchall())
    cursor = await conn.execute(query("drift/roles"))
    roles = tuple(row[0] for row in await cursor.fetchall())
    return World(roles, acting, search_path, MappingProxyType(set_for), default)


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
