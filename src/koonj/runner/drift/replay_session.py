"""Run each script with the role and the settings that it had on the target."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import AsyncConnection, sql

from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.role_settings import Settings, create_roles, read_settings


class ReplaySession:
    """A connection to the scratch database for scripts of a target.

    It is reopened when a script needs other settings.
    """

    def __init__(self, server: ScratchServer) -> None:
        self._server = server
        self._conn: AsyncConnection | None = None
        self._settings: Settings = ()
        self._role: str | None = None
        """The role that last got its rights."""
        self.refused: set[str] = set()
        """Roles that koonj cannot act as, which happens on a configured scratch server."""

    async def create_target_roles(self, names: Iterable[str]) -> None:
        """Create the roles of the target, so that scripts can grant rights to them.

        Raises: ScratchError, psycopg.Error.
        """
        conn = await self.connection()
        # Not all rights of a role are visible on the target. On a private server it gets all rights.
        grant = "ALTER ROLE {} SUPERUSER" if self._server.alone else "GRANT {} TO CURRENT_USER"
        for name in await create_roles(conn, names):
            await conn.execute(sql.SQL(grant).format(sql.Identifier(name)))

    async def connection(self) -> AsyncConnection:
        """Return the open connection, or open one.

        Raises: ScratchError, psycopg.Error.
        """
        if self._conn is None or self._conn.closed:
            self._conn = await self._server.connect()
            self._settings, self._role = await read_settings(self._conn), None
        return self._conn

    async def connection_for(self, role: str, settings: Settings) -> AsyncConnection:
        """Return a connection for a script that ran as `role` with `settings`.

        The caller still has to set the role, unless it is in `refused`.
        Raises: ScratchError, psycopg.Error.
        """
        conn = await self.connection()
        if settings != self._settings:
            await self._save_settings(conn, settings)
            await self.close()
            conn = await self.connection()
        if role != self._role:
            await self._allow_role(conn, role)
            self._role = role
        return conn

    async def close(self) -> None:
        """Close the connection, before the scratch database is copied or deleted."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    async def _save_settings(self, conn: AsyncConnection, settings: Settings) -> None:
        """Save settings as defaults of the database: RESET ALL then restores them."""
        await conn.execute("RESET ROLE")
        save = sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT")
        database = sql.Identifier(conn.info.dbname)
        for name, value in dict(settings).items() - dict(self._settings).items():
            await conn.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
            await conn.execute(save.format(database, sql.Identifier(name)))

    async def _allow_role(self, conn: AsyncConnection, role: str) -> None:
        """Give a role the rights that its scripts need.

        On a private server it becomes a superuser. On a server that others use, the role might be somebody
        else's, so it only becomes the owner of the database.
        """
        await conn.execute("RESET ROLE")
        name = sql.Identifier(role)
        if self._server.alone:
            await conn.execute(sql.SQL("ALTER ROLE {} SUPERUSER").format(name))
            return
        change_owner = sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(conn.info.dbname), name)
        try:
            await conn.execute(sql.SQL("SET ROLE {}; RESET ROLE; {}").format(name, change_owner))
        except psycopg.errors.InsufficientPrivilege:
            self.refused.add(role)
