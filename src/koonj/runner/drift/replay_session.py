"""The session in which scripts run on scratch: each as the role and with the settings of the target."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import AsyncConnection, sql

from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.role_settings import Settings, create_roles, read_settings


class ReplaySession:
    """One connection to the scratch, opened anew where its settings have to be others."""

    def __init__(self, server: ScratchServer) -> None:
        self._server = server
        self._conn: AsyncConnection | None = None
        self._settings: Settings = ()
        self._role: str | None = None
        """Who was let act last."""
        self.refused: set[str] = set()
        """Roles that cannot be acted as here: a given server has its own rules."""

    async def make_roles(self, names: Iterable[str]) -> None:
        """Those of the target, so that what is granted to them can be. Raises ScratchError, psycopg.Error."""
        conn = await self.connection()
        # What a role may on the target, nobody can see in full; on a server that is thrown away it may all.
        let = "ALTER ROLE {} SUPERUSER" if self._server.alone else "GRANT {} TO CURRENT_USER"
        for name in await create_roles(conn, names):
            await conn.execute(sql.SQL(let).format(sql.Identifier(name)))

    async def connection(self) -> AsyncConnection:
        """As it is. Raises ScratchError, psycopg.Error."""
        if self._conn is None or self._conn.closed:
            self._conn = await self._server.connect()
            self._settings, self._role = await read_settings(self._conn), None
        return self._conn

    async def connection_for(self, role: str, settings: Settings) -> AsyncConnection:
        """For a script that ran as `role`, which is to be set yet unless it is refused.

        Raises ScratchError, psycopg.Error.
        """
        conn = await self.connection()
        if settings != self._settings:
            await self._keep(conn, settings)
            await self.close()
            conn = await self.connection()
        if role != self._role:
            await self._let(conn, role)
            self._role = role
        return conn

    async def close(self) -> None:
        """Before the scratch is copied, or left."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    async def _keep(self, conn: AsyncConnection, settings: Settings) -> None:
        """For the database's sessions to come: a RESET ALL, of a script or between two, brings it back."""
        await conn.execute("RESET ROLE")
        keep = sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT")
        database = sql.Identifier(conn.info.dbname)
        for name, value in dict(settings).items() - dict(self._settings).items():
            await conn.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
            await conn.execute(keep.format(database, sql.Identifier(name)))

    async def _let(self, conn: AsyncConnection, role: str) -> None:
        """Let a role do all; on a server that others use, where it may be somebody's, what an owner may."""
        await conn.execute("RESET ROLE")
        name = sql.Identifier(role)
        if self._server.alone:
            await conn.execute(sql.SQL("ALTER ROLE {} SUPERUSER").format(name))
            return
        own = sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(conn.info.dbname), name)
        try:
            await conn.execute(sql.SQL("SET ROLE {}; RESET ROLE; {}").format(name, own))
        except psycopg.errors.InsufficientPrivilege:
            self.refused.add(role)
