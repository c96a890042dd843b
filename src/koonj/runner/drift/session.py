"""The session in which scripts run on scratch: each as the role and with the settings of the target."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import AsyncConnection, sql

from koonj.postgres.scratch.roles import create_roles
from koonj.postgres.scratch.server import ScratchServer
from koonj.runner.drift.world import Settings, read_settings


class Session:
    """One connection to the scratch, opened anew where its settings have to be others."""

    def __init__(self, server: ScratchServer) -> None:
        self._server = server
        self._conn: AsyncConnection | None = None
        self._settings: Settings = ()
        self._role: str | None = None

    async def make_roles(self, names: Iterable[str]) -> None:
        """Those of the target, so that what is granted to them can be. Raises ScratchError, psycopg.Error."""
        conn = await self.connection()
        for name in await create_roles(conn, names):
            if self._server.alone:
                await self._let_all(conn, name)

    async def connection(self) -> AsyncConnection:
        """As it is. Raises ScratchError, psycopg.Error."""
        if self._conn is None or self._conn.closed:
            self._conn = await self._server.connect()
            self._settings, self._role = await read_settings(self._conn), None
        return self._conn

    async def connection_for(self, role: str, settings: Settings) -> AsyncConnection:
        """For a script that ran as `role`, which is not set yet. Raises ScratchError, psycopg.Error."""
        conn = await self.connection()
        if settings != self._settings:
            await self._keep(conn, settings)
            await self.close()
            conn = await self.connection()
        if role != self._role:
            await conn.execute("RESET ROLE")
            await (self._let_all(conn, role) if self._server.alone else self._let_own(conn, role))
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

    async def _let_all(self, conn: AsyncConnection, role: str) -> None:
        """On a server that is thrown away: what a role may on the target, nobody can see in full."""
        await conn.execute(sql.SQL("ALTER ROLE {} SUPERUSER").format(sql.Identifier(role)))

    async def _let_own(self, conn: AsyncConnection, role: str) -> None:
        """On a server that others use, where a role may be somebody's: what a database's owner may."""
        names = sql.Identifier(conn.info.dbname), sql.Identifier(role)
        await conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*names))
